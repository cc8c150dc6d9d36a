package retry

import (
	"fmt"

	"standin/emulator/journal"
	"standin/internal/report"
)

// Report returns a report with a check for each rule.
func Report(title string, r *journal.Retries) *report.Report {
	return &report.Report{Title: title, Checks: Checks(r), Value: r}
}

// Checks returns a check for each rule. What a rule found is a line for each chain.
func Checks(r *journal.Retries) []report.Check {
	all := make([]report.Check, len(r.Rules))
	for i := range r.Rules {
		x := &r.Rules[i]
		all[i] = report.Check{Name: string(x.ID), Verdict: report.Verdict(x.Verdict), About: x.Norm, Found: x.Lines()}
	}
	return all
}

// Notes returns a line for each rule that failed.
func Notes(r *journal.Retries) []string {
	var all []string
	for _, x := range r.Failed() {
		lines := x.Lines()
		note := fmt.Sprintf("%s: %s", x.ID, lines[0])
		if n := len(x.Chains) + x.More - 1; n > 0 {
			note += fmt.Sprintf(", and %d more", n)
		}
		all = append(all, note)
	}
	return all
}
