package sandbox

import (
	"strings"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/recorder"
	"standin/internal/retry"
)

// A jury judges expectations by the journals and the worlds of sandboxes.
type jury struct {
	boxes   []*Sandbox
	records []*chain.Record // by sandbox; nil until they are needed
}

// judge judges expectations by sandboxes. It first judges those that count requests, then the
// others in their order.
func judge(expect []journal.Expectation, boxes ...*Sandbox) []journal.Judgement {
	j := &jury{boxes: boxes}
	var counted, others []journal.Expectation
	for i := range expect {
		e := expect[i]
		switch {
		case e.Retries != nil, len(e.State) > 0, e.Unchanged:
			others = append(others, e)
			continue
		case len(e.Sequence) == 0 && (e.Waits != nil || e.CreatedOnce):
			others = append(others, e)
			if e.Requests == nil && e.Attempts == nil {
				continue
			}
		}
		counted = append(counted, e)
	}
	all := recorder.Judge(counted, j.journals()...)
	for i := range others {
		all = append(all, j.judge(&others[i])...)
	}
	return all
}

func (j *jury) journals() []*recorder.Journal {
	all := make([]*recorder.Journal, len(j.boxes))
	for i, s := range j.boxes {
		all[i] = &s.journal
	}
	return all
}

// judge judges an expectation that does not count requests.
func (j *jury) judge(e *journal.Expectation) (all []journal.Judgement) {
	switch {
	case e.Retries != nil:
		return []journal.Judgement{j.retries(e.Retries)}
	case len(e.State) > 0:
		return j.state(e.State)
	case e.Unchanged:
		return []journal.Judgement{j.unchanged()}
	}
	if e.Waits != nil {
		all = append(all, j.waits(e))
	}
	if e.CreatedOnce {
		all = append(all, j.createdOnce(e))
	}
	return all
}

// retries judges retries by a grading.
func (j *jury) retries(g *journal.Grading) journal.Judgement {
	r := j.grade(g)
	if r.Good() {
		return journal.Judgement{Expectation: g.String(), Met: true, Found: r.Summary()}
	}
	return journal.Judgement{Expectation: g.String(), Found: strings.Join(retry.Notes(r), "; ")}
}

// grade returns the report on retries in all sandboxes.
func (j *jury) grade(g *journal.Grading) *journal.Retries {
	records := make([]*chain.Record, len(j.boxes))
	for i := range j.boxes {
		records[i] = j.record(i)
	}
	return retry.Grade(g, records...)
}

// Retries judges how the clients of the sandbox retried.
func (s *Sandbox) Retries(g *journal.Grading) *journal.Retries {
	return (&jury{boxes: []*Sandbox{s}}).grade(g)
}

// AllRetries does what Retries does, for all sandboxes together, including the removed ones that
// are kept.
func (r *Registry) AllRetries(g *journal.Grading) *journal.Retries {
	all, _ := r.together()
	return (&jury{boxes: sandboxes(all)}).grade(g)
}

// sandboxes returns the sandboxes to judge.
func sandboxes(all []ended) []*Sandbox {
	boxes := make([]*Sandbox, len(all))
	for i := range all {
		boxes[i] = all[i].Sandbox
	}
	return boxes
}
