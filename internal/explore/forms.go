package explore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/report"
)

// Form returns the report in the form that package report writes as text, Markdown and JUnit XML:
// a check for each request at which failures were tried.
func (x *Report) Form() *report.Report {
	r := &report.Report{Title: "explore " + strings.Join(x.Command, " "), Value: x}
	for i := range x.Baseline.Points {
		r.Checks = append(r.Checks, x.check(&x.Baseline.Points[i]))
	}
	for i := range x.Runs {
		r.Took += time.Duration(x.Runs[i].Took)
	}
	r.Notes = x.notes()
	return r
}

// check returns the check of a point.
func (x *Report) check(p *Point) report.Check {
	c := report.Check{Name: fmt.Sprintf("%s (%s %d)", p.Request, p.Operation, p.Nth), Verdict: report.NotTested}
	counts := map[journal.Outcome]int{}
	runs := 0
	for i := range x.Runs {
		r := &x.Runs[i]
		if r.Operation != p.Operation || r.Nth != p.Nth || r.Request != p.Request {
			continue
		}
		runs++
		counts[r.Verdict]++
		f := x.finding(r.Finding)
		if f != nil && f.first.Number == r.Number {
			c.Found = append(c.Found, f.lines()...)
		} else if f != nil {
			c.Found = append(c.Found, fmt.Sprintf("%s: %s, as in %s", f.failure(), f.Verdict, f.File))
		}
		switch {
		case f != nil && f.Accepted == "":
			c.Verdict = report.Failed
		case f != nil && c.Verdict != report.Failed:
			c.Verdict = report.Warning
		case c.Verdict == report.NotTested:
			c.Verdict = report.Passed
		}
	}
	var words []string
	for _, o := range journal.AllOutcomes() {
		if n := counts[o]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, o))
		}
	}
	if runs > 0 {
		c.Found = append(c.Found, fmt.Sprintf("%d failures: %s", runs, strings.Join(words, ", ")))
	}
	for _, l := range x.Left {
		if l.Operation == p.Operation && l.Nth == p.Nth {
			c.Found = append(c.Found, fmt.Sprintf("%d left out: %s", l.Cases, l.Reason))
		}
	}
	return c
}

// finding returns the finding of a file, or nil.
func (x *Report) finding(name string) *Finding {
	i := slices.IndexFunc(x.Findings, func(f Finding) bool { return f.File == name })
	if i < 0 {
		return nil
	}
	return &x.Findings[i]
}

// lines describe a finding.
func (f *Finding) lines() []string {
	head := fmt.Sprintf("%s: %s", f.failure(), f.Verdict)
	if f.File != "" {
		head += " (" + f.File + ")"
	}
	if f.Accepted != "" {
		head += ", accepted on " + f.Accepted
	}
	all := []string{head}
	for _, d := range f.Differences {
		all = append(all, "  "+d)
	}
	if f.Verdict == journal.RetryStorm {
		for _, why := range f.first.Why {
			all = append(all, "  "+why)
		}
	} else {
		all = append(all, "  "+f.first.End)
	}
	return all
}

// notes are the lines after the checks.
func (x *Report) notes() (all []string) {
	all = append(all, fmt.Sprintf("%d requests in the run without failures, %d runs with failures", x.Baseline.Requests, len(x.Runs)))
	all = append(all, x.Baseline.Notes...)
	for _, m := range x.Baseline.Masked {
		all = append(all, "not compared, because the client draws it anew in each run: "+m)
	}
	var left []string
	for _, why := range []string{sameSite, sameReaction, noImpact, unreachable, budget} {
		if n := *x.Skipped.of(why); n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, why))
		}
	}
	if len(left) > 0 {
		all = append(all, "left out: "+strings.Join(left, ", "))
	}
	for _, a := range x.Gone {
		all = append(all, fmt.Sprintf("accepted on %s, and no longer found: %s %s", a.Date, a.Fingerprint, a.About))
	}
	if !x.Complete {
		all = append(all, "the exploration was interrupted")
	}
	return all
}
