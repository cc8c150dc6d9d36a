package contract

import (
	"iter"
	"sync"
	"sync/atomic"
)

// A Counter counts what happens to operations or responses, which are its keys. The zero value has
// counted nothing. Its methods may be called by several goroutines at once.
type Counter[K comparable] struct{ counts sync.Map }

// Add counts a key once more. It returns the new number, so that the first is 1.
func (c *Counter[K]) Add(key K) uint64 {
	n, ok := c.counts.Load(key)
	if !ok {
		n, _ = c.counts.LoadOrStore(key, new(atomic.Uint64))
	}
	return n.(*atomic.Uint64).Add(1)
}

// All iterates over the keys that were counted and their numbers, in no order.
func (c *Counter[K]) All() iter.Seq2[K, uint64] {
	return func(yield func(K, uint64) bool) {
		c.counts.Range(func(key, n any) bool { return yield(key.(K), n.(*atomic.Uint64).Load()) })
	}
}
