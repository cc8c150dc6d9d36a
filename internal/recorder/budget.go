package recorder

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"standin/emulator/journal"
)

// A Budget bounds the total size of many journals, in bytes. A journal counts from Join until
// Leave. When the total exceeds the limit, the largest journals drop their oldest entries.
type Budget struct {
	limit   int64
	used    atomic.Int64
	evicted atomic.Uint64

	mu      sync.Mutex // is taken before the lock of a journal
	members map[*Journal]struct{}
}

// NewBudget returns a budget of that many bytes. 0 means DefaultAllBytes.
func NewBudget(bytes int) *Budget {
	if bytes == 0 {
		bytes = journal.DefaultAllBytes
	}
	return &Budget{limit: int64(bytes), members: map[*Journal]struct{}{}}
}

// Used returns how many bytes the journals hold.
func (b *Budget) Used() int { return int(b.used.Load()) }

// Evicted returns how many entries the journals have evicted so far, including those of journals
// that have left.
func (b *Budget) Evicted() uint64 { return b.evicted.Load() }

// Limit returns how many bytes the journals may hold.
func (b *Budget) Limit() int { return int(b.limit) }

// Join adds a journal to the budget. The journal must be empty.
func (b *Budget) Join(j *Journal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.members[j] = struct{}{}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.budget = b
}

// Leave clears a journal and removes it from the budget.
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

// spare is the part of the limit, 1/spare, that is freed when the limit is exceeded. Without it,
// every request would look at all journals.
const spare = 16

// keep makes the largest journals drop entries until the limit is kept again. All journals above a
// certain size are reduced to that size. If another goroutine is doing this already, keep does
// nothing.
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

// largest lists the journals that can drop entries, the largest first. It also returns how many
// bytes all journals held at that time. Bytes that are added meanwhile count the next time:
// otherwise a small journal would pay for them.
func (b *Budget) largest() (all []member, held int64) {
	all = make([]member, 0, len(b.members))
	for j := range b.members {
		m := member{j, j.held.Load()}
		held += m.held
		if j.entries.Load() > 1 { // the newest entry is never dropped
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b member) int { return cmp.Compare(b.held, a.held) })
	return all, held
}

// A member is a journal and the bytes it held when largest looked at it.
type member struct {
	journal *Journal
	held    int64
}

// level returns the size to which the largest journals must be reduced to free need bytes.
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

// forget drops the oldest entries until it has freed the given bytes, and releases their memory. It
// never drops the newest entry. It returns how many bytes it has freed.
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
