package journal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"standin/emulator/contract"
)

// A Filter selects entries: those that all members that are given fit.
type Filter struct {
	Operation string // a glob; "none" for requests outside every operation
	Status    string // 503, or 5xx; "none" where no answer was sent
	Method    string
	Path      string // a glob, on the path with or without prefixes
	Fault     string // the name of a rule that fired; "*": of any
	Ended     Ended
	Since     uint64 // entries behind this sequence
}

// none selects what has no operation, or no status.
const none = "none"

// Check tells what in the filter no entry can be.
func (f *Filter) Check() error {
	var s statusWords
	if f.Status != "" {
		if err := s.UnmarshalText([]byte(f.Status)); err != nil {
			return fmt.Errorf("status: %w", err)
		}
	}
	if ends := []Ended{Open, Answered, Aborted, Cut}; f.Ended != "" && !slices.Contains(ends, f.Ended) {
		return fmt.Errorf("ended: expected open, answered, aborted or cut, got %q", f.Ended)
	}
	return nil
}

func (f *Filter) fits(r *record, sequence uint64) bool {
	switch {
	case r.removed, sequence <= f.Since,
		f.Method != "" && !strings.EqualFold(f.Method, r.Method),
		f.Ended != "" && f.Ended != r.ended:
		return false
	case f.Operation == none && r.Operation != "",
		f.Operation != "" && f.Operation != none && (r.Operation == "" || !contract.NewGlob(f.Operation).Match(r.Operation)):
		return false
	case f.Path != "" && !contract.NewGlob(f.Path).Match(r.Path) && !contract.NewGlob(f.Path).Match(r.Route):
		return false
	}
	return f.status(r) && f.fault(r.closing.Faults)
}

func (f *Filter) status(r *record) bool {
	status, s := r.closing.Status, strings.ToLower(f.Status)
	switch {
	case s == "":
		return true
	case s == none:
		return status == 0 && r.ended != Open
	case strings.HasSuffix(s, "xx"):
		return s[:len(s)-2] == strconv.Itoa(status/100)
	default:
		return s == strconv.Itoa(status)
	}
}

func (f *Filter) fault(all []Fault) bool {
	if f.Fault == "" {
		return true
	}
	return slices.ContainsFunc(all, func(x Fault) bool { return x.Fired && (f.Fault == "*" || f.Fault == x.Rule) })
}

// A Page is what a query found.
type Page struct {
	Entries []Entry `json:"requests"`
	Last    uint64  `json:"last"`    // sequence of the newest entry of all
	Evicted uint64  `json:"evicted"` // entries that fell out of the record
	// Incomplete tells that entries fell out that the query could have found.
	Incomplete bool `json:"incomplete"`
}

// Find lists the entries of a sandbox that fit, oldest first.
func (j *Journal) Find(f Filter) Page {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.page(f)
}

func (j *Journal) page(f Filter) Page {
	p := Page{Entries: []Entry{}, Last: j.last, Evicted: j.evicted, Incomplete: j.evicted > f.Since}
	for i := range j.n {
		sequence := j.last - uint64(j.n-1-i)
		if r := j.at(i); f.fits(r, sequence) {
			p.Entries = append(p.Entries, r.entry(sequence, j.Sandbox))
		}
	}
	return p
}

// Wait is Find that waits until there are so many entries, the time is over, or
// the context ends.
func (j *Journal) Wait(ctx context.Context, f Filter, atLeast int, patience time.Duration) Page {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		j.mu.Lock()
		found := 0
		for i := range j.n {
			if f.fits(j.at(i), j.last-uint64(j.n-1-i)) {
				found++
			}
		}
		if found >= atLeast || ctx.Err() != nil {
			p := j.page(f)
			j.mu.Unlock()
			return p
		}
		changed := j.waiter()
		j.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// waiter is closed at the next change. The lock is held.
func (j *Journal) waiter() <-chan struct{} {
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed
}

// A Note tells of a change that is no exchange: a reset, rules armed, the clock.
type Note struct {
	Kind string    `json:"kind"`
	What string    `json:"what,omitempty"`
	At   time.Time `json:"at"`
}

// An Event is an exchange that has ended, or a note.
type Event struct {
	Number uint64
	Entry  *Entry
	Note   *Note
}

// mostRecent bounds the events that are kept for those who follow.
const mostRecent = 1024

// Tell adds a note to the events.
func (j *Journal) Tell(kind, what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.event++
	j.remember(Event{Number: j.event, Note: &Note{Kind: kind, What: what, At: time.Now()}})
	j.wake()
}

// remember keeps an event for those who follow: the record may be cleared before
// they have seen it.
func (j *Journal) remember(e Event) {
	if len(j.recent) >= mostRecent {
		j.recent = slices.Clone(j.recent[mostRecent/2:])
	}
	j.recent = append(j.recent, e)
}

// Follow has exchanges that end remembered until stop is called.
func (j *Journal) Follow() (stop func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.followers++
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.followers--
		if j.followers == 0 {
			j.recent = slices.DeleteFunc(j.recent, func(e Event) bool { return e.Entry != nil })
		}
	}
}

// Events waits for events behind a number and lists them. It ends with the
// context, with none.
func (j *Journal) Events(ctx context.Context, since uint64) []Event {
	for {
		j.mu.Lock()
		var all []Event
		for _, e := range j.recent {
			if e.Number > since {
				all = append(all, e)
			}
		}
		for i := range j.n {
			r := j.at(i)
			known := func(e Event) bool { return e.Number == r.event }
			if r.event > since && !r.removed && !slices.ContainsFunc(all, known) {
				e := r.entry(j.last-uint64(j.n-1-i), j.Sandbox)
				all = append(all, Event{Number: r.event, Entry: &e})
			}
		}
		changed := j.waiter()
		j.mu.Unlock()
		if len(all) > 0 {
			slices.SortFunc(all, func(a, b Event) int { return cmp.Compare(a.Number, b.Number) })
			return all
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// LastEvent is the number of the newest event.
func (j *Journal) LastEvent() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.event
}

// Last is the sequence of the newest entry.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Get finds an entry by its sequence.
func (j *Journal) Get(sequence uint64) (Entry, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(Ticket{j.generation, sequence})
	if r == nil || r.removed {
		return Entry{}, false
	}
	return r.entry(sequence, j.Sandbox), true
}

// Remove forgets one entry: queries and judgements pass it over. It tells whether
// there was one.
func (j *Journal) Remove(sequence uint64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(Ticket{j.generation, sequence})
	if r == nil || r.removed {
		return false
	}
	r.removed = true
	j.wake()
	return true
}
