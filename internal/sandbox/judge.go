package sandbox

import (
	"fmt"

	"standin/emulator/journal"
	"standin/internal/recorder"
	"standin/internal/retry"
)

// judge judges expectations by journals. It first judges those that count requests, then those
// about retries.
func judge(expect []journal.Expectation, journals ...*recorder.Journal) []journal.Judgement {
	var counted []journal.Expectation
	var graded []*journal.Grading
	for i := range expect {
		if g := expect[i].Retries; g != nil {
			graded = append(graded, g)
		} else {
			counted = append(counted, expect[i])
		}
	}
	all := recorder.Judge(counted, journals...)
	for _, g := range graded {
		all = append(all, judgeRetries(g, journals...)...)
	}
	return all
}

// judgeRetries returns a judgement for each rule that failed, or one judgement that is met.
func judgeRetries(g *journal.Grading, journals ...*recorder.Journal) []journal.Judgement {
	report := retry.Grade(g, journals...)
	failed := report.Failed()
	if len(failed) == 0 {
		return []journal.Judgement{{Expectation: g.String(), Met: true, Found: report.Summary()}}
	}
	var all []journal.Judgement
	for _, r := range failed {
		found := fmt.Sprintf("%s: %s", r.Chains[0].Operation, r.Chains[0].Why)
		if n := len(r.Chains) + r.More - 1; n > 0 {
			found += fmt.Sprintf(", and %d more", n)
		}
		all = append(all, journal.Judgement{Expectation: fmt.Sprintf("%s: %s", g, r.ID), Found: found})
	}
	return all
}

// Retries judges how the clients of the sandbox retried.
func (s *Sandbox) Retries(g *journal.Grading) *journal.Retries { return retry.Grade(g, &s.journal) }

// AllRetries does what Retries does, for all sandboxes together, including the removed ones that
// are kept.
func (r *Registry) AllRetries(g *journal.Grading) *journal.Retries {
	all, _ := r.together()
	journals := make([]*recorder.Journal, len(all))
	for i, s := range all {
		journals[i] = &s.journal
	}
	return retry.Grade(g, journals...)
}
