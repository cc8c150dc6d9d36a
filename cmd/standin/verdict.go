package main

import (
	"fmt"
	"io"
	"strings"

	"standin/emulator/journal"
	"standin/internal/report"
	"standin/internal/retry"
)

// tell prints the verdict. If it is FAILED, tell also prints the requests.
func tell(w io.Writer, o *outcome) {
	fmt.Fprintf(w, "scenario %s: %s\n", o.name, map[bool]string{true: "passed", false: "FAILED"}[o.passed()])
	for _, j := range o.judgements {
		fmt.Fprintf(w, "  %s  %s (%s)\n", map[bool]string{true: "met    ", false: "NOT MET"}[j.Met], j.Expectation, journal.Printable(j.Found))
	}
	for _, note := range o.unjudged() {
		fmt.Fprintf(w, "  retries  %s\n", journal.Printable(note))
	}
	if o.passed() {
		return
	}
	for line := range strings.Lines(listing(o.requests)) {
		fmt.Fprint(w, "  ", line)
	}
}

// unjudged returns a line for each rule of retries that failed, if no expectation is about retries.
func (o *outcome) unjudged() []string {
	if o.graded {
		return nil
	}
	return retry.Notes(o.retries)
}

// maxListed is the maximum number of requests in a verdict.
const maxListed = 200

// listing returns exchanges as standin requests prints them. If there are more than maxListed, it
// returns the last ones.
func listing(entries []journal.Entry) string {
	if len(entries) == 0 {
		return "no requests\n"
	}
	var b strings.Builder
	if left := len(entries) - maxListed; left > 0 {
		fmt.Fprintf(&b, "… %d earlier requests; --requests FILE writes all\n", left)
		entries = entries[left:]
	}
	printEntries(&b, entries)
	return b.String()
}

// A verdict is what the JSON form of a report has of a scenario.
type verdict struct {
	Scenario   string              `json:"scenario"`
	Passed     bool                `json:"passed"`
	Judgements []journal.Judgement `json:"judgements"`
	Retries    *journal.Retries    `json:"retries"`
}

// judged returns the report of a scenario: a check for each judgement. If one is not met, the
// report lists the requests.
func (o *outcome) judged() *report.Report {
	r := &report.Report{Title: o.name, Took: o.took, Value: verdict{o.name, o.passed(), o.judgements, o.retries}}
	for _, j := range o.judgements {
		c := report.Check{Name: j.Expectation, Verdict: report.Passed, Found: []string{j.Found}}
		if !j.Met {
			c.Verdict = report.Failed
		}
		r.Checks = append(r.Checks, c)
	}
	if !o.passed() {
		r.Notes = strings.Split(strings.TrimSuffix(listing(o.requests), "\n"), "\n")
	}
	return r
}

// whole returns the report of a scenario with the rules of retries.
func (o *outcome) whole() *report.Report {
	r := o.judged()
	for _, c := range retry.Checks(o.retries) {
		c.Name = "retries: " + c.Name
		r.Checks = append(r.Checks, c)
	}
	return r
}

// written returns the reports of all scenarios in a form.
func written(form report.Form, outcomes []outcome, of func(*outcome) *report.Report) ([]byte, error) {
	all := make([]*report.Report, len(outcomes))
	for i := range outcomes {
		all[i] = of(&outcomes[i])
	}
	return report.Bytes(form, all...)
}
