package main

import (
	"context"
	"flag"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/command"
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

// runsAtOnce is how many runs of one exploration are made at once. Most of them wait.
const runsAtOnce = 16

// These bound how many clients run at once in all explorations. Where pauses are judged, they are few,
// so that the machine does not lengthen the pauses.
const (
	manyAtATime = 2 * atATime
	fewAtATime  = atATime / 2
)

// exploration explores a mode, and returns the report.
func exploration(t *testing.T, slots chan struct{}, bin, mode string) *explore.Report {
	t.Helper()
	s, err := explore.NewSession(explore.Options{All: *unpruned})
	if err != nil {
		t.Error(err)
	}
	x := &explore.Exploration{Session: s, Jobs: runsAtOnce, Limit: limitOf(mode), Client: func(ctx context.Context, n int, trial *explore.Trial, limit time.Duration) (command.Ending, error) {
		slots <- struct{}{}
		defer func() { <-slots }()
		c := &command.Command{Args: []string{bin, mode}, Limit: limit, Patience: time.Second}
		return c.Run(ctx, trial.Environment(n))
	}}
	if err := x.Run(t.Context()); err != nil {
		t.Errorf("%s: %v", mode, err)
	}
	return s.Report([]string{mode}, nil)
}

// explorations explores modes at the same time, and returns the reports by their names.
func explorations(t *testing.T, atATime int, bin string, modes []string) map[string]*explore.Report {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	reports, slots := map[string]*explore.Report{}, make(chan struct{}, atATime)
	for _, name := range modes {
		all.Go(func() {
			r := exploration(t, slots, bin, name)
			mu.Lock()
			defer mu.Unlock()
			reports[name] = r
		})
	}
	all.Wait()
	return reports
}

// limitOf is the time limit of a run. It is short for the modes that do not end.
func limitOf(mode string) time.Duration {
	if mode == "never-times-out" || mode == "tries-for-ever" {
		return 8 * time.Second
	}
	return 0
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
	want := maps.Clone(explored)
	for _, m := range right {
		want[m.name] = ""
	}
	bin := build(t)
	alone.Lock()
	defer alone.Unlock()
	storms, others := []string{}, []string{}
	for name, bad := range want {
		if bad == string(journal.RetryStorm) {
			storms = append(storms, name)
		} else {
			others = append(others, name)
		}
	}
	reports := explorations(t, fewAtATime, bin, storms)
	maps.Copy(reports, explorations(t, manyAtATime, bin, others))
	for name, bad := range want {
		r := reports[name]
		if got := verdicts(r); got != bad {
			var lines []string
			for i := range r.Findings {
				lines = append(lines, r.Findings[i].String())
			}
			t.Errorf("%s: %q, want %q\n%s", name, got, bad, strings.Join(lines, "\n"))
		}
		t.Logf("%-26s %3d requests, %3d runs, %v, %v", name, r.Baseline.Requests, len(r.Runs), r.Verdicts, r.Skipped)
	}
}
