package journal

import (
	"sync"
	"sync/atomic"
)

// A Budget bounds the bytes of many journals together. A journal that has joined
// counts for it until it leaves. Where they exceed the limit, the journal that holds
// most forgets its oldest entries.
type Budget struct {
	limit int64
	used  atomic.Int64

	mu      sync.Mutex // is taken before that of a journal
	members map[*Journal]struct{}
}

// NewBudget makes a budget of so many bytes; 0 is DefaultAllBytes.
func NewBudget(bytes int) *Budget {
	if bytes == 0 {
		bytes = DefaultAllBytes
	}
	return &Budget{limit: int64(bytes), members: map[*Journal]struct{}{}}
}

// Used is how many bytes the journals hold.
func (b *Budget) Used() int { return int(b.used.Load()) }

// Limit is how many bytes the journals may hold.
func (b *Budget) Limit() int { return int(b.limit) }

// Join counts a journal, which must be new.
func (b *Budget) Join(j *Journal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members[j] = struct{}{}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.budget = b
}

// Leave forgets what a journal holds, and counts it no longer.
func (b *Budget) Leave(j *Journal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.members, j)
	j.Clear()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.budget = nil
}

func (b *Budget) add(bytes int) {
	if b != nil {
		b.used.Add(int64(bytes))
	}
}

// spare is the part of the limit that is freed when it is reached, so that the
// journal that holds most is not looked for at every request.
const spare = 16

// keep has the largest journals forget entries until the limit is kept again. Nothing
// is done while another goroutine does it.
func (b *Budget) keep() {
	if b == nil || b.used.Load() <= b.limit || !b.mu.TryLock() {
		return
	}
	defer b.mu.Unlock()
	for goal := b.limit - b.limit/spare; b.used.Load() > goal; {
		var largest *Journal
		for j := range b.members {
			if largest == nil || j.held.Load() > largest.held.Load() {
				largest = j
			}
		}
		if largest == nil {
			return
		}
		half := largest.held.Load()/2 + 1
		if !largest.forget(min(half, b.used.Load()-goal)) {
			return
		}
	}
}

// forget drops the oldest entries, so many bytes of them and at least one, but never
// the newest. It reports whether there were any to drop.
func (j *Journal) forget(bytes int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	goal := j.bytes - int(bytes)
	if j.n < 2 {
		return false
	}
	for first := true; j.n > 1 && (first || j.bytes > goal); first = false {
		j.drop()
	}
	return true
}
