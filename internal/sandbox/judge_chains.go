package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/recorder"
	"standin/internal/world"
)

// record returns the chains of a sandbox: the requests of its clients, each with its repetitions.
func (j *jury) record(box int) *chain.Record {
	if j.records == nil {
		j.records = make([]*chain.Record, len(j.boxes))
	}
	if j.records[box] == nil {
		j.records[box] = chain.Of(&j.boxes[box].journal)
	}
	return j.records[box]
}

// fitting calls f with each chain of which an attempt matches the pattern.
func (j *jury) fitting(p *journal.Pattern, f func(c *chain.Chain, box *Sandbox, fits map[uint64]bool)) {
	for i, box := range j.boxes {
		fits := box.journal.Fitting(p)
		if len(fits) == 0 {
			continue
		}
		for _, c := range j.record(i).Chains {
			if slices.ContainsFunc(c.Attempts, func(s *chain.Step) bool { return fits[s.Sequence] }) {
				f(c, box, fits)
			}
		}
	}
}

// in says in which sandbox something was found; nothing for the default one.
func in(box *Sandbox) string {
	if box.name == Default {
		return ""
	}
	return " in sandbox " + box.name
}

// maxFound is the maximum number of places that a judgement lists.
const maxFound = 3

// list joins what was found wrong. It counts what it does not list.
func list(found []string) string {
	text := strings.Join(found[:min(len(found), maxFound)], "; ")
	if n := len(found) - maxFound; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	return text
}

// waits judges how long clients waited before they sent a request again.
func (j *jury) waits(e *journal.Expectation) journal.Judgement {
	g := journal.Judgement{Expectation: fmt.Sprintf("%s: %s before it is sent again", &e.Pattern, e.Waits)}
	var wrong []string
	var all []time.Duration
	sent := 0
	j.fitting(&e.Pattern, func(c *chain.Chain, box *Sandbox, fits map[uint64]bool) {
		sent++
		for i, a := range c.Attempts[:len(c.Attempts)-1] {
			b := c.Attempts[i+1]
			if !fits[a.Sequence] || b.Library {
				continue
			}
			pause := c.Pause(i)
			if all = append(all, pause); !e.Waits.Has(pause) {
				wrong = append(wrong, fmt.Sprintf("%d came %s after the end of %d%s", b.Sequence, journal.Milliseconds(pause), a.Sequence, in(box)))
			}
		}
	})
	switch {
	case len(wrong) > 0:
		g.Found = list(wrong)
	case len(all) > 0:
		g.Met, g.Found = true, fmt.Sprintf("%d waits, %s to %s", len(all), journal.Milliseconds(slices.Min(all)), journal.Milliseconds(slices.Max(all)))
	case sent > 0:
		g.Met, g.Found = e.Attempts != nil && e.Attempts.Has(1), "no such request was sent again"
	default:
		g.Met, g.Found = mayBeNone(e), "no such request"
	}
	return g
}

// mayBeNone reports whether the expectation allows that no request matches its pattern.
func mayBeNone(e *journal.Expectation) bool { return e.Requests != nil && e.Requests.Has(0) }

// createdOnce judges whether a request that was sent again created a second record.
func (j *jury) createdOnce(e *journal.Expectation) journal.Judgement {
	g := journal.Judgement{Expectation: fmt.Sprintf("%s: each request creates its records once", &e.Pattern)}
	var wrong []string
	sent := 0
	j.fitting(&e.Pattern, func(c *chain.Chain, box *Sandbox, _ map[uint64]bool) {
		sent++
		if twice := j.twice(c, box); twice != "" {
			wrong = append(wrong, twice+in(box))
		}
	})
	switch {
	case len(wrong) > 0:
		g.Found = list(wrong)
	case sent > 0:
		g.Met, g.Found = true, fmt.Sprintf("%d requests, none of which created a second record", sent)
	default:
		g.Met, g.Found = mayBeNone(e), "no such request"
	}
	return g
}

// A creation is a record that an attempt created.
type creation struct {
	world.Change
	by *chain.Step
}

// record returns the name of a record without what looks like a secret in it.
func record(ch *world.Change) string { return recorder.Redacted(ch.Record()) }

// twice says which records of one kind the attempts of a chain created; empty if there are no two.
// A record that was deleted before the next one was created does not count.
func (j *jury) twice(c *chain.Chain, box *Sandbox) string {
	made := map[string]creation{} // by kind
	for _, s := range c.Attempts {
		for _, ch := range s.Changes {
			if ch.What != world.Created {
				continue
			}
			first, ok := made[ch.Kind]
			if !ok || first.by == s {
				made[ch.Kind] = creation{ch, s}
				continue
			}
			if !j.deleted(box, &first.Change, first.by.Sequence, s.Sequence) {
				return fmt.Sprintf("%d created %s, and %d, which came %s after it, created %s",
					first.by.Sequence, record(&first.Change), s.Sequence, journal.Milliseconds(max(0, s.Began.Sub(first.by.Ended))), record(&ch))
			}
			made[ch.Kind] = creation{ch, s}
		}
	}
	return ""
}

// deleted reports whether a request between two others deleted a record.
func (j *jury) deleted(box *Sandbox, record *world.Change, after, before uint64) bool {
	by := j.writers(box, func(ch *world.Change) bool {
		return ch.Kind == record.Kind && ch.Key == record.Key && ch.What == world.Deleted
	})
	return slices.ContainsFunc(by, func(n uint64) bool { return n > after && n < before })
}

// writers returns the sequences of the requests that made changes which a function picks.
func (j *jury) writers(box *Sandbox, pick func(ch *world.Change) bool) (all []uint64) {
	for _, c := range j.record(slices.Index(j.boxes, box)).Chains {
		for _, s := range c.Attempts {
			for i := range s.Changes {
				if pick(&s.Changes[i]) {
					all = append(all, s.Sequence)
					break
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
