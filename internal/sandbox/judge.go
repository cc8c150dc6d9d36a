package sandbox

import (
	"strings"

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
		all = append(all, judgeRetries(g, journals...))
	}
	return all
}

// judgeRetries judges retries by a grading.
func judgeRetries(g *journal.Grading, journals ...*recorder.Journal) journal.Judgement {
	r := retry.Grade(g, journals...)
	if r.Good() {
		return journal.Judgement{Expectation: g.String(), Met: true, Found: r.Summary()}
	}
	return journal.Judgement{Expectation: g.String(), Found: strings.Join(retry.Notes(r), "; ")}
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
