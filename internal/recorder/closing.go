package recorder

import (
	"slices"

	"standin/emulator/journal"
	"standin/internal/match"
	"standin/internal/world"
)

// A Closing is what is known when the answer is sent.
type Closing struct {
	journal.Facts
	Who       match.Caller // zero if the caller is unknown
	Status    int          // 0 if no status line was sent
	Faults    []journal.Fault
	Near      []string
	Violation string
	Changes   []world.Change // what the request changed in the world
	Note      string         // what was done in place of what a fault asked for
	Failed    bool           // a retry of the request counts as another attempt
	Unseen    bool           // the connection was cut before any byte of the answer
}

// size returns the approximate size of the closing's texts, in bytes.
func (c *Closing) size() int {
	const each = 64
	n := len(c.Violation) + len(c.Note) + len(c.RefusedBy) + len(c.Who.Token) + each*len(c.Quirks)
	for i := range c.Changes {
		n += len(c.Changes[i].Key) + c.Changes[i].Kept() + each
	}
	for _, text := range c.Near {
		n += len(text) + each
	}
	for i := range c.Faults {
		n += len(c.Faults[i].Rule) + len(c.Faults[i].Why) + 2*each
		for _, text := range c.Faults[i].Did {
			n += len(text) + each
		}
	}
	return n
}

// unclosed is the closing of an open entry.
var unclosed = &Closing{}

// plain reports whether a closing has nothing that only a few exchanges have.
func (c *Closing) plain() bool {
	return len(c.Faults)+len(c.Changes)+len(c.Near) == 0 && c.Note == "" && c.Violation == ""
}

// same reports whether two plain closings say the same.
func (c *Closing) same(o *Closing) bool {
	return c.Status == o.Status && c.Who == o.Who && c.Failed == o.Failed && c.Unseen == o.Unseen &&
		c.Caller == o.Caller && c.CallerBy == o.CallerBy && c.SandboxBy == o.SandboxBy && c.Service == o.Service && c.RefusedBy == o.RefusedBy &&
		slices.Equal(c.Quirks, o.Quirks)
}

// closings holds the last different plain closings of a journal. Most exchanges of a client end alike,
// so that many records share one.
type closings struct {
	recent [4]*Closing // nil where there were fewer
	oldest int
}

// keep returns a closing that says the same and does not change.
func (s *closings) keep(c *Closing) *Closing {
	plain := c.plain()
	for _, o := range s.recent {
		if plain && o != nil && o.same(c) {
			return o
		}
	}
	kept := new(Closing)
	*kept = *c
	if plain {
		s.recent[s.oldest] = kept
		s.oldest = (s.oldest + 1) % len(s.recent)
	}
	return kept
}
