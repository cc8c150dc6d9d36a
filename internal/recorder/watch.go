package recorder

import (
	"context"
	"slices"
	"sync"
	"time"

	"standin/emulator/journal"
)

// Wait returns what Find returns. It first waits until at least atLeast entries match, patience is
// over, or the context ends.
func (j *Journal) Wait(ctx context.Context, f journal.Filter, atLeast int, patience time.Duration) journal.Page {
	j.Await(ctx, f, atLeast, patience)
	return j.Find(f)
}

// Await waits as Wait does and returns nothing. A request that comes meanwhile only notes its
// sequence. One goroutine for all waiters compares the noted entries.
func (j *Journal) Await(ctx context.Context, f journal.Filter, atLeast int, patience time.Duration) {
	if atLeast <= 0 || patience <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if atLeast > j.MaxEntries() { // the journal never holds that many entries
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

// count passes all records to a watch, and returns how many of them match.
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

// A watch waits for entries. The entries it has found are candidates. When there are enough, the
// waiter counts again, since entries change, are evicted and are cleared.
type watch struct {
	query   *query
	atLeast int

	mu     sync.Mutex
	found  map[uint64]bool // by sequence
	enough chan struct{}   // closed when the waiter must count again
	closed bool
}

// restart forgets the candidates. It returns a channel that is closed when there are enough
// candidates again.
func (w *watch) restart() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found, w.enough, w.closed = map[uint64]bool{}, make(chan struct{}), false
	return w.enough
}

// note records whether each entry matches. If again is true, the waiter counts again in any case.
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

// watches holds the watches of a journal, and the changes that its goroutine has not compared yet.
// The journal's lock guards it.
type watches struct {
	list    []*watch // replaced, never changed
	changes []uint64 // sequences
	missed  bool     // there were more than maxChanges changes
	signal  chan struct{}
}

// maxChanges is the maximum number of sequences that are noted. Beyond it, all waiters count again.
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
	default: // the goroutine is going to look anyway
	}
}

// join adds a watch. The first watch starts the goroutine that compares.
func (x *watches) join(j *Journal, w *watch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x.list = append(slices.Clip(x.list), w)
	if len(x.list) == 1 {
		x.changes, x.missed, x.signal = nil, false, make(chan struct{}, 1)
		go j.compare(x.signal)
	}
}

// leave removes a watch. The last watch to leave ends the goroutine.
func (x *watches) leave(j *Journal, w *watch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x.list = slices.DeleteFunc(slices.Clone(x.list), func(o *watch) bool { return o == w })
	if len(x.list) == 0 {
		close(x.signal)
		x.signal = nil
	}
}

// compare passes each change to all watches, until the last watch has left.
func (j *Journal) compare(signal <-chan struct{}) {
	for range signal {
		list, changed, missed := j.changes()
		for _, w := range list {
			w.note(changed, missed)
		}
	}
}

// changes returns the changes since the last call.
func (j *Journal) changes() (list []*watch, changed []found, missed bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x := &j.watches
	for _, sequence := range x.changes {
		if r := j.find(Ticket{generation: j.generation, Sequence: sequence}); r != nil {
			changed = append(changed, found{r.copy(false), sequence})
		}
	}
	missed = x.missed
	x.changes, x.missed = x.changes[:0], false
	return x.list, changed, missed
}
