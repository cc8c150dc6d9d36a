package recorder

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"standin/emulator/journal"
)

// An Event is an exchange that has ended, or a note. Events of a journal are numbered without gaps,
// from 1.
type Event struct {
	Number      uint64
	kind        string
	size        int
	record      *record // of an exchange; nil of a note
	sequence    uint64
	text, brief *rendering
}

// A rendering holds a value that is encoded when it is first asked for.
type rendering struct {
	once sync.Once
	what func() any
	text []byte
}

// These are the kinds of events that are not notes.
const (
	exchange = "exchange" // an exchange has ended
	amended  = "amended"  // an exchange ended otherwise, or later, than its event said
)

// Kind returns "exchange", "amended", or the kind of the note.
func (e *Event) Kind() string { return e.kind }

// JSON returns the Entry or the Note as JSON. It is encoded once for all followers.
func (e *Event) JSON() []byte { return e.text.json() }

// Brief returns what JSON returns, but an Entry is without headers and bodies.
func (e *Event) Brief() []byte { return e.brief.json() }

func (r *rendering) json() []byte {
	r.once.Do(func() {
		text, err := json.Marshal(r.what())
		if err != nil { // both types can always be encoded
			panic(err)
		}
		r.what, r.text = nil, text
	})
	return r.text
}

func ofRecord(number, sequence uint64, r record, sandbox string) Event {
	whole, brief := func() any { return r.entry(sequence, sandbox) }, func() any { return r.brief(sequence, sandbox) }
	return Event{number, exchange, len(r.buf) + r.told, &r, sequence, &rendering{what: whole}, &rendering{what: brief}}
}

func ofNote(number uint64, kind, what string) Event {
	n := journal.Note{Kind: kind, What: what, At: time.Now()}
	text := &rendering{what: func() any { return n }}
	return Event{number, kind, len(what), nil, 0, text, text}
}

// Select returns a function that reports whether an event is selected. Of exchanges, it selects
// those that match the filter. It selects every note.
func Select(f journal.Filter) func(e *Event) bool {
	q := compile(&f)
	return func(e *Event) bool { return e.record == nil || q.fits(e.record, e.sequence) }
}

// These bounds limit the events that are kept for followers. A follower that is too slow gets an
// event that says how many it has missed.
const (
	maxRecent      = 1024
	maxRecentBytes = 4 << 20
)

// events holds the events of a journal. The journal's lock guards it.
type events struct {
	last      uint64 // number of the newest event
	recent    []Event
	bytes     int           // of recent
	whole     uint64        // recent holds every event after this number
	followers int           // while there are followers, exchanges are kept
	changed   chan struct{} // closed at the next event; nil if nobody waits
}

// closed creates an event of a record that is closed, and returns its number.
func (x *events) closed(r *record, sequence uint64, sandbox string) uint64 {
	x.last++
	if x.followers > 0 {
		c := r.copy(true)
		c.event = x.last
		x.keep(ofRecord(x.last, sequence, c, sandbox))
		return x.last
	}
	x.whole = x.last
	x.wake()
	return x.last
}

// amended creates an event of a record that changed after its event, for those who follow now.
func (x *events) amended(r *record, sequence uint64, sandbox string) {
	if x.followers == 0 || r.event == 0 {
		return
	}
	x.last++
	e := ofRecord(x.last, sequence, r.copy(true), sandbox)
	e.kind = amended
	x.keep(e)
}

func (x *events) keep(e Event) {
	x.recent, x.bytes = append(x.recent, e), x.bytes+e.size
	if len(x.recent) > maxRecent || x.bytes > maxRecentBytes {
		x.trim()
	}
	x.wake()
}

func (x *events) wake() {
	if x.changed != nil {
		close(x.changed)
		x.changed = nil
	}
}

// trim drops the older half of the events, but never the newest event.
func (x *events) trim() {
	drop := 0
	for last := len(x.recent) - 1; drop < last && (last-drop > maxRecent/2 || x.bytes > maxRecentBytes/2); drop++ {
		x.bytes -= x.recent[drop].size
		x.whole = max(x.whole, x.recent[drop].Number)
	}
	x.recent = slices.Delete(x.recent, 0, drop)
}

// Tell adds a note to the events.
func (j *Journal) Tell(kind, what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := &j.events
	x.last++
	x.keep(ofNote(x.last, kind, what))
}

// LastEvent returns the number of the newest event; 0 if there is none.
func (j *Journal) LastEvent() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events.last
}

// Follow keeps exchanges as events when they end, until stop is called.
func (j *Journal) Follow() (stop func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := &j.events
	x.followers++
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		if x.followers--; x.followers == 0 {
			x.whole = x.last
			x.recent = slices.DeleteFunc(x.recent, func(e Event) bool { return e.record != nil })
			x.bytes = 0
			for _, e := range x.recent {
				x.bytes += e.size
			}
		}
	}
}

// Events waits for events after a number and returns them. If some of them are no longer held, the
// first event returned is a note of kind "missed" that says how many. Events returns nil when the
// context ends.
func (j *Journal) Events(ctx context.Context, since uint64) []Event {
	for {
		all, whole, changed := j.recent(&since)
		if whole > since {
			all = j.older(all, since, whole)
		}
		if len(all) > 0 {
			return all
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// gathering is how long a follower waits while events gather. Without it, a thousand followers
// would slow down the requests that they follow.
const gathering = 20 * time.Millisecond

// Gather waits for a short time before a follower asks for more events. It returns early when the
// context ends.
func Gather(ctx context.Context) {
	t := time.NewTimer(gathering)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// recent returns the kept events after a number. Every event after whole is among them. The channel
// changed is closed at the next event. A number that is greater than that of the newest event is
// set to it.
func (j *Journal) recent(since *uint64) (all []Event, whole uint64, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := &j.events
	*since = min(*since, x.last)
	i, _ := slices.BinarySearchFunc(x.recent, *since+1, func(e Event, n uint64) int { return cmp.Compare(e.Number, n) })
	if x.changed == nil {
		x.changed = make(chan struct{})
	}
	return slices.Clone(x.recent[i:]), x.whole, x.changed
}

// older adds the exchanges that the record still holds, from after since up to whole.
func (j *Journal) older(all []Event, since, whole uint64) []Event {
	records, _ := j.facts()
	for i := range records {
		r := &records[i]
		if r.event <= since || r.event > whole {
			continue
		}
		if full, ok := j.get(r.sequence); ok && full.event == r.event {
			all = append(all, ofRecord(r.event, r.sequence, full, j.Sandbox))
		}
	}
	slices.SortFunc(all, func(a, b Event) int { return cmp.Compare(a.Number, b.Number) })
	if len(all) == 0 {
		return all
	}
	if n := int(all[len(all)-1].Number-since) - len(all); n > 0 {
		all = slices.Insert(all, 0, ofNote(since+1, "missed", fmt.Sprintf("%d events are no longer held", n)))
	}
	return all
}
