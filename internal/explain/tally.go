package explain

import (
	"cmp"
	"slices"
	"sync"

	"standin/internal/contract"
)

const (
	searchedFirst = 1000 // number of requests of an operation that are all searched
	searchedThen  = 100  // after those, one in this many is searched
	maxCounts     = 1000 // max number of parts that are counted
)

// A Tally counts what the requests of a run have that nothing read. The zero value has counted
// nothing. Its methods may be called by several goroutines at once.
type Tally struct {
	requests contract.Counter[*contract.Operation]

	mu     sync.Mutex
	counts map[key]*count
	more   uint64
}

// A key identifies a part of the requests of an operation.
type key struct {
	op          *contract.Operation
	place, name string
}

type count struct {
	part
	times uint64
}

// Count counts a request. It searches the first 1,000 requests of an operation, and then one in
// 100.
func (t *Tally) Count(op *contract.Operation, m Message) {
	if n := t.requests.Add(op); n > searchedFirst && n%searchedThen != 0 {
		return
	}
	found, _ := find(op, &m, false)
	if len(found) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[key]*count{}
	}
	for i := range found {
		p := &found[i]
		k := key{op, p.place, p.name}
		switch c := t.counts[k]; {
		case c != nil:
			c.times++
		case len(t.counts) < maxCounts:
			t.counts[k] = &count{*p, 1}
		default:
			t.more++
		}
	}
}

// A Report lists what the requests of a run have that nothing read.
type Report struct {
	Requests uint64    `json:"requests"`       // the number of requests that matched an operation, in all sandboxes, since the emulator started
	Searched uint64    `json:"searched"`       // how many of them were searched: the first 1,000 of each operation, then one in 100
	Unread   []Counted `json:"unread"`         // what nothing read, by operation, place and name
	More     uint64    `json:"more,omitempty"` // how often a part was found that is not in unread, which has at most 1,000 elements
}

// A Counted is a part of the requests of an operation that nothing read.
type Counted struct {
	Operation string `json:"operation"` // the operationId
	Unread
	Requests uint64 `json:"requests"` // the number of searched requests that have it
}

// Report returns what was counted. In the names of members, * is any element of a list.
func (t *Tally) Report() *Report {
	r := &Report{Unread: []Counted{}}
	for _, n := range t.requests.All() {
		r.Requests += n
		r.Searched += searched(n)
	}
	for _, c := range t.copied(&r.More) {
		r.Unread = append(r.Unread, Counted{c.op.ID, c.unread(), c.times})
	}
	slices.SortFunc(r.Unread, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Name, b.Name))
	})
	return r
}

// copied returns a copy of the counts, so that they are compared and sorted without the lock.
func (t *Tally) copied(more *uint64) []count {
	t.mu.Lock()
	defer t.mu.Unlock()
	*more = t.more
	all := make([]count, 0, len(t.counts))
	for _, c := range t.counts {
		all = append(all, *c)
	}
	return all
}

// searched returns how many of n requests are searched.
func searched(n uint64) uint64 {
	if n <= searchedFirst {
		return n
	}
	return searchedFirst + n/searchedThen - searchedFirst/searchedThen
}
