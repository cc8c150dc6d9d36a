package explore

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	r.Notes = wrapped(x.notes(), columns-2)
	return r
}

// columns is the maximum length of a line of text, and indent is what comes before what a check has
// found.
const columns, indent = 100, 14

// wrapped breaks lines between words, so that each has at most a number of characters. A longer
// word stays whole.
func wrapped(lines []string, most int) (all []string) {
	for _, line := range lines {
		words := strings.TrimLeft(line, " ")
		margin := strings.Repeat(" ", len(line)-len(words))
		text := margin
		for i, word := range strings.Split(words, " ") {
			switch {
			case i == 0:
				text += word
			case utf8.RuneCountInString(text)+1+utf8.RuneCountInString(word) > most:
				all = append(all, text)
				text = margin + "  " + word
			default:
				text += " " + word
			}
		}
		all = append(all, text)
	}
	return all
}

// check returns the check of a point.
func (x *Report) check(p *Point) report.Check {
	c := report.Check{Name: fmt.Sprintf("%s (%s %d)", p.Request, p.Operation, p.Nth), Verdict: report.NotTested}
	counts := map[journal.Outcome]int{}
	runs, found := 0, alikes{}
	for i := range x.Runs {
		r := &x.Runs[i]
		if !r.begins(p) {
			continue
		}
		runs++
		counts[r.Verdict]++
		f := x.finding(r.Finding)
		if f != nil {
			found.add(f, r)
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
	c.Found = found.lines()
	var words []string
	for _, o := range journal.AllOutcomes() {
		if n := counts[o]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, o))
		}
	}
	if runs > 0 {
		c.Found = append(c.Found, fmt.Sprintf("%s: %s", plural(runs, "failure"), strings.Join(words, ", ")))
	}
	for _, l := range x.Left {
		if l.Operation == p.Operation && l.Nth == p.Nth {
			c.Found = append(c.Found, fmt.Sprintf("%d left out: %s", l.Cases, l.Reason))
			if l.Reason == unreachable && c.Verdict != report.Failed {
				c.Verdict = report.Warning
			}
		}
	}
	c.Found = wrapped(c.Found, columns-indent)
	return c
}

// begins reports whether the first failure of a run is at a point.
func (r *Run) begins(p *Point) bool {
	if r.After != nil {
		return r.After.Operation == p.Operation && r.After.Nth == p.Nth
	}
	return r.Operation == p.Operation && r.Nth == p.Nth
}

// both is the failure of a finding with the one before it, in short.
func (f *Finding) both() string {
	a := f.first.After
	if a == nil {
		return f.failure()
	}
	return fmt.Sprintf("%s then %s at %s", short(a.Failure, a.Operation), f.failure(), f.first.Request)
}

// finding returns the finding of a file, or nil.
func (x *Report) finding(name string) *Finding {
	i := slices.IndexFunc(x.Findings, func(f Finding) bool { return f.File == name })
	if i < 0 {
		return nil
	}
	return &x.Findings[i]
}

// An alike is findings at one request that show the same: one mistake of the client with several
// failures.
type alike struct {
	failures, files  []string
	verdict, details string
	accepted         string
}

type alikes []alike

// add adds a run of a finding. How the command ended is said for the first run only.
func (l *alikes) add(f *Finding, r *Run) {
	a := alike{[]string{f.both()}, []string{f.File}, string(f.Verdict), strings.Join(r.Differences, "\n"), f.Accepted}
	if f.first.Number == r.Number {
		a.details = strings.Join(f.details(), "\n")
	} else if a.details == "" {
		a.details = "as above"
	}
	i := slices.IndexFunc(*l, func(o alike) bool {
		return o.verdict == a.verdict && o.details == a.details && o.accepted == a.accepted
	})
	if i < 0 {
		*l = append(*l, a)
		return
	}
	o := &(*l)[i]
	o.failures, o.files = append(o.failures, a.failures...), append(o.files, a.files...)
}

// lines describe the findings.
func (l alikes) lines() (lines []string) {
	for _, a := range l {
		head := fmt.Sprintf("%s: %s (%s)", strings.Join(a.failures, ", "), a.verdict, strings.Join(a.files, ", "))
		if a.accepted != "" {
			head += ", accepted on " + a.accepted
		}
		lines = append(append(lines, head), strings.Split("  "+strings.ReplaceAll(a.details, "\n", "\n  "), "\n")...)
	}
	return lines
}

// details say what the first run of a finding showed.
func (f *Finding) details() (all []string) {
	all = append(all, f.Differences...)
	if f.Verdict == journal.RetryStorm {
		return append(all, f.first.Why...)
	}
	return append(all, f.first.End)
}

// notes are the lines after the checks.
func (x *Report) notes() (all []string) {
	all = append(all, fmt.Sprintf("%s in the run without failures, %s with failures", plural(x.Baseline.Requests, "request"), plural(len(x.Runs), "run")))
	if len(x.Runs) == 0 {
		all = append(all, "no failure was tried, so that nothing is known of the client")
	}
	all = append(all, x.Baseline.Notes...)
	for _, m := range x.Baseline.Masked {
		all = append(all, "not compared, because the client chooses a new value in each run: "+m)
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
