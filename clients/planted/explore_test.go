package main

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"standin/emulator/fault"
	"standin/internal/explore"
)

// explored has the bad verdicts that the exploration of a mode comes to. The mistakes of the other
// modes with a mistake lie more than one failure away, or show in nothing that they leave.
var explored = map[string]string{
	"swallows-errors":          "silent-failure",
	"goes-home-on-401":         "silent-failure",
	"takes-failure-for-empty":  "silent-failure",
	"overwrites-with-defaults": "silent-failure",
	"repeats-lost-post":        "silent-failure",
	"repeats-lost-container":   "silent-failure",
	"repeats-half-answer":      "silent-failure",
	"repeats-slow-post":        "silent-failure",
	"sends-new-name":           "silent-failure",
	"leaves-two-and-fails":     "inconsistent",
	"undoes-too-little":        "inconsistent",
	"never-times-out":          "hang",
	"tries-for-ever":           "retry-storm",
	"starts-over":              "retry-storm",
	"ignores-retry-after":      "retry-storm",
	"waits-a-tenth":            "retry-storm",
	"hammers-though-told":      "retry-storm",
	"milliseconds":             "retry-storm",
	"never-stops-as-told":      "retry-storm",
	"never-stops-posting":      "retry-storm",
	"crashes":                  "crash",
}

var unpruned = flag.Bool("unpruned", false, "leave out no case of the explorations")

// exploration explores a mode in memory, on virtual time, and returns the report.
func exploration(t *testing.T, m mode) *explore.Report {
	t.Helper()
	s, err := explore.NewSession(explore.Options{All: *unpruned})
	if err != nil {
		t.Fatal(err)
	}
	run := func(rules ...fault.Rule) (o *explore.Observation) {
		synctest.Test(t, func(t *testing.T) {
			trial, err := s.Trial(rules...)
			if err != nil {
				t.Fatal(err)
			}
			trial.URL = "http://standin"
			o = trial.Observe(once(t, m, trial.Transport.MemoryClient(), trial.Environment(0), trial.Transport.Close))
		})
		return o
	}
	if err := s.SetBaseline(run(), run()); err != nil {
		t.Fatal(err)
	}
	for cases := s.Next(); len(cases) > 0; cases = s.Next() {
		for _, c := range cases {
			s.Add(c, run(c.Rules()...))
		}
	}
	return s.Report([]string{m.name}, nil)
}

// verdicts lists the bad verdicts of a report.
func verdicts(r *explore.Report) string {
	all := map[string]bool{}
	for _, f := range r.Findings {
		all[string(f.Verdict)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), " ")
}

// Ensure each mistake that lies one failure away gets the verdict that is named for it and no other
// bad one, and that a right client gets no bad verdict.
func TestExplored(t *testing.T) {
	t.Parallel()
	for _, m := range modes() {
		bad := explored[m.name]
		if bad == "" && !slices.ContainsFunc(right, func(r mode) bool { return r.name == m.name }) {
			continue // its mistake is beyond
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := exploration(t, m)
			if got := verdicts(r); got != bad {
				var lines []string
				for i := range r.Findings {
					lines = append(lines, r.Findings[i].String())
				}
				t.Errorf("%q, want %q\n%s", got, bad, strings.Join(lines, "\n"))
			}
			t.Logf("%d requests, %d runs, %v, %v", r.Baseline.Requests, len(r.Runs), r.Verdicts, r.Skipped)
		})
	}
}
