package recorder

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"standin/emulator/journal"
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

// NewBudget returns a budget of that many bytes; 0 is DefaultAllBytes.
func NewBudget(bytes int) *Budget {
	if bytes == 0 {
		bytes = journal.DefaultAllBytes
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
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clear()
	j.budget = nil
}

func (b *Budget) add(bytes int) {
	if b != nil {
		b.used.Add(int64(bytes))
	}
}

// spare is the part of the limit that is freed when it is reached, so that the
// journals are not looked at with every request.
const spare = 16

// keep has the largest journals forget entries until the limit is kept again: all that
// hold more than a certain size come down to it. Nothing is done while another goroutine
// does it.
func (b *Budget) keep() {
	if b == nil || b.used.Load() <= b.limit || !b.mu.TryLock() {
		return
	}
	defer b.mu.Unlock()
	goal := b.limit - b.limit/spare
	for freed := int64(1); freed > 0 && b.used.Load() > goal; {
		all, held := b.largest()
		level := level(all, held-goal)
		freed = 0
		for _, m := range all {
			if m.held <= level {
				break
			}
			freed += m.journal.forget(m.held - level)
		}
	}
}

// largest lists the journals that can forget entries, the largest first, and returns how
// many bytes all journals held at that time. Those that grow meanwhile count the next time:
// otherwise a small journal would pay for them.
func (b *Budget) largest() (all []member, held int64) {
	all = make([]member, 0, len(b.members))
	for j := range b.members {
		m := member{j, j.held.Load()}
		held += m.held
		if j.entries.Load() > 1 { // the newest stays
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(b.held, a.held) })
	return all, held
}

// A member is a journal and what it held when it was looked at.
type member struct {
	journal *Journal
	held    int64
}

// level is the size to which the largest must come down so that they free what is needed.
func level(largestFirst []member, need int64) int64 {
	sum := int64(0)
	for i, m := range largestFirst {
		sum += m.held
		n := int64(i + 1)
		level := (sum - need) / n
		if i+1 == len(largestFirst) || level >= largestFirst[i+1].held {
			return max(0, level)
		}
	}
	return 0
}

// forget drops the oldest entries until it has freed the bytes, but never the newest entry,
// and gives their memory back. It returns how many bytes it has freed.
func (j *Journal) forget(bytes int64) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := j.bytes
	for j.n > 1 && int64(before-j.bytes) < bytes {
		oldest := j.at(0)
		j.drop()
		oldest.buf = nil
	}
	if len(j.ring) > 4*(j.n+1) {
		j.resize(2 * (j.n + 1))
	}
	return int64(before - j.bytes)
}
