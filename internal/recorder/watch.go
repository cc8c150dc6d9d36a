package recorder

import (
	"context"
	"slices"
	"sync"
	"time"

	"standin/emulator/journal"
)

// Wait is Find that waits until at least atLeast entries fit, the patience is over, or the
// context ends.
func (j *Journal) Wait(ctx context.Context, f journal.Filter, atLeast int, patience time.Duration) journal.Page {
	j.Await(ctx, f, atLeast, patience)
	return j.Find(f)
}

// Await waits as Wait does, and renders nothing. Requests that come meanwhile pay for
// it with a note of their sequence: a goroutine that all waiters share compares them.
func (j *Journal) Await(ctx context.Context, f journal.Filter, atLeast int, patience time.Duration) {
	if atLeast <= 0 || patience <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if atLeast > j.MaxEntries() { // the journal never holds that many
		<-ctx.Done()
		return
	}
	q := compile(&f)
	w := &watch{query: q, atLeast: atLeast}
	w.restart()
	j.watches.join(j, w)
	defer j.watches.leave(j, w)
	for {
		enough := w.restart()
		if j.count(q, w) >= atLeast {
			return
		}
		select {
		case <-enough:
		case <-ctx.Done():
			return
		}
	}
}

// count looks through all records for those that a watch waits for, and returns how
// many there are.
func (j *Journal) count(q *query, w *watch) int {
	var p place
	n := 0
	for more := true; more; {
		var all []found
		more = j.step(&p, q, false, &all)
		n += len(all)
		w.note(all, false)
	}
	return n
}

// A watch waits for entries. Those that it has found are candidates: when there are
// enough, the waiter counts again, since entries change, are evicted and cleared.
type watch struct {
	query   *query
	atLeast int

	mu     sync.Mutex
	found  map[uint64]bool // by sequence
	enough chan struct{}   // closed when the waiter is to count again
	closed bool
}

// restart forgets what was found, and returns what is closed when there is enough.
func (w *watch) restart() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found, w.enough, w.closed = map[uint64]bool{}, make(chan struct{}), false
	return w.enough
}

// note notes records, whether each fits or not. With again the waiter counts again in any
// case.
func (w *watch) note(all []found, again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	for i := range all {
		if r := &all[i]; w.query.fits(&r.record, r.sequence) {
			w.found[r.sequence] = true
		} else {
			delete(w.found, r.sequence)
		}
	}
	if again || len(w.found) >= w.atLeast {
		w.closed = true
		close(w.enough)
	}
}

// watches are those of a journal, and what has changed since the goroutine that
// compares has looked. The journal's lock guards them.
type watches struct {
	list    []*watch // is replaced, never changed
	changes []uint64 // sequences
	missed  bool     // there were more changes than are noted
	signal  chan struct{}
}

// maxChanges bounds the sequences that are noted. Beyond them all waiters count again.
const maxChanges = 4096

func (x *watches) changed(sequence uint64) {
	if len(x.list) == 0 {
		return
	}
	if len(x.changes) < maxChanges {
		x.changes = append(x.changes, sequence)
	} else {
		x.missed = true
	}
	x.wake()
}

func (x *watches) wake() {
	select {
	case x.signal <- struct{}{}:
	default: // it is going to look anyway
	}
}

// join adds a watch. The first one starts the goroutine that compares.
func (x *watches) join(j *Journal, w *watch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x.list = append(slices.Clip(x.list), w)
	if len(x.list) == 1 {
		x.changes, x.missed, x.signal = nil, false, make(chan struct{}, 1)
		go j.compare(x.signal)
	}
}

// leave removes a watch. The last one ends the goroutine.
func (x *watches) leave(j *Journal, w *watch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x.list = slices.DeleteFunc(slices.Clone(x.list), func(o *watch) bool { return o == w })
	if len(x.list) == 0 {
		close(x.signal)
		x.signal = nil
	}
}

// compare holds what changes to all watches until the last one has left.
func (j *Journal) compare(signal <-chan struct{}) {
	for range signal {
		list, changed, missed := j.changes()
		for _, w := range list {
			w.note(changed, missed)
		}
	}
}

// changes takes what has changed since the last call.
func (j *Journal) changes() (list []*watch, changed []found, missed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := &j.watches
	for _, sequence := range x.changes {
		if r := j.find(Ticket{j.generation, sequence}); r != nil {
			changed = append(changed, found{r.copy(false), sequence})
		}
	}
	missed = x.missed
	x.changes, x.missed = x.changes[:0], false
	return x.list, changed, missed
}
