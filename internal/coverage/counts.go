package coverage

import (
	"slices"
	"sync/atomic"

	"standin/internal/contract"
)

// A Met is what a client has met at an operation. The zero value of a field is its default.
type Met struct {
	Operation *contract.Operation // nil: the request matches no operation
	Status    int                 // of an answer that was sent completely; 0: there was none
	Body      []byte              // of that answer
	Injected  bool                // a fault rule wrote the answer, or a part of it
	Changed   bool                // a rule gave the answer another body than the contract's
	Example   string              // the example that the rule has put in
	Wire      Wire                // what happened to the connection
}

// A Wire is something that happens to a connection or to the speed of an answer.
type Wire uint16

// The values of Wire. After those before SlowClose the client has no complete answer.
const (
	_              Wire = iota
	LostReply           // the request was carried out, and the connection was cut before the answer
	Reset               // the connection was reset before an answer
	Empty               // the connection was closed without an answer
	Hang                // no answer was sent, and the connection stayed open
	HalfAnswer          // the connection was cut within the answer
	Garbage             // bytes that are not HTTP
	MalformedChunk      // the body is in chunks, one of which has no length
	ContentLength       // the Content-Length is not that of the body
	Left                // the client left before the answer, or sent half of its request
	SlowClose           // the connection was closed late, after a complete answer
	Slow                // a complete answer was sent slowly
)

// wires are the names of the values of Wire.
var wires = []string{"", "lost-reply", "reset", "empty", "hang", "half-answer", "garbage", "malformed-chunk", "content-length", "left", "slow-close", "slow"}

func (w Wire) String() string { return wires[w] }

// A key says what is counted: the operation, the kind, and of that kind the status and the cell,
// or the value of Wire.
type key struct {
	operation *Operation
	kind      kind
	cell      uint8 // of the status, counting from 1; 0: the status is one cell; other: none of them
	status    uint16
}

type kind uint8

const (
	provoked kind = iota + 1
	injected
	onWire
	unmatched
)

// other is the cell of a body that the contract does not have.
const other = maxCells + 1

// key returns where the answer is counted.
func (m *Met) key(op *Operation) key {
	k := key{operation: op, kind: provoked, status: uint16(min(max(m.Status, 0), maxStatus))}
	if m.Injected {
		k.kind = injected
	}
	known := op.known()
	i := slices.IndexFunc(known, func(s status) bool { return s.code == m.Status })
	if i < 0 {
		k.cell = other
		return k
	}
	s := known[i].cells()
	switch {
	case !m.Changed && len(s.names) == 0:
		return k
	case !m.Changed && m.Example != "":
		if i := op.named(m.Status, s, m.Example); i >= 0 {
			k.cell = uint8(i + 1)
			return k
		}
	case m.Changed && known[i].empty && len(m.Body) == 0:
		return k
	}
	switch i := s.cell(m.Body); {
	case i < 0:
		k.cell = other
	case len(s.names) > 0:
		k.cell = uint8(i + 1)
	}
	return k
}

// named returns the index of the cell of an example, or -1.
func (o *Operation) named(status int, s *cells, name string) int {
	if i := slices.Index(s.names, name); i >= 0 {
		return i
	}
	r := o.contract.Response(status) // the cell has the name of an example that is the same
	parts, ok := r.Template(name, o.contract.Parameters())
	if !ok {
		return -1
	}
	for i := range s.examples {
		if slices.Equal(s.examples[i].parts, parts) {
			return s.examples[i].cell
		}
	}
	return -1
}

// Counts are the counts of a sandbox, of an emulator or of the process. They only grow. All methods
// may be called by several goroutines at once; none of them locks, and counting something again
// allocates nothing.
type Counts struct {
	buckets []atomic.Pointer[count]
	quirks  atomic.Pointer[quirk]
}

// A count is the count of a key, in the list of its bucket.
type count struct {
	key  key
	next *count
	n    atomic.Uint64
}

// A quirk is the name of a quirk that was on, in a list.
type quirk struct {
	name string
	next *quirk
}

// These are the numbers of buckets for few and for many operations.
const (
	Small = 8
	Large = 128
)

// New returns counts with a number of buckets, which is a power of 2.
func New(buckets int) *Counts { return &Counts{buckets: make([]atomic.Pointer[count], buckets)} }

// process has the counts of all emulators of the process.
var process = New(Large)

// Process returns the counts of all emulators that the process has run.
func Process() *Counts { return process }

// Count counts what a client has met, in all of the counts.
func Count(m *Met, all ...*Counts) {
	if m.Operation == nil {
		add(all, key{operation: nowhere, kind: unmatched})
		return
	}
	op := Of(m.Operation)
	if m.Wire != 0 {
		add(all, key{operation: op, kind: onWire, status: uint16(m.Wire)})
	}
	if m.Status != 0 {
		add(all, m.key(op))
	}
}

func add(all []*Counts, k key) {
	for _, c := range all {
		c.add(k)
	}
}

func (c *Counts) add(k key) {
	const kinds, statuses = 0x85ebca6b, 0xc2b2ae35
	hash := k.operation.hash ^ uint32(k.status)*statuses ^ (uint32(k.kind)<<8|uint32(k.cell))*kinds
	bucket := &c.buckets[(hash^hash>>16)&uint32(len(c.buckets)-1)]
	for first := bucket.Load(); ; first = bucket.Load() {
		for n := first; n != nil; n = n.next {
			if n.key == k {
				n.n.Add(1)
				return
			}
		}
		made := &count{key: k, next: first}
		made.n.Store(1)
		if bucket.CompareAndSwap(first, made) {
			return
		}
	}
}

// Quirk notes that a quirk was on while a request was answered.
func (c *Counts) Quirk(name string) {
	for first := c.quirks.Load(); ; first = c.quirks.Load() {
		for q := first; q != nil; q = q.next {
			if q.name == name {
				return
			}
		}
		if c.quirks.CompareAndSwap(first, &quirk{name, first}) {
			return
		}
	}
}

// each calls back for all counts.
func (c *Counts) each(back func(k key, n uint64)) {
	for i := range c.buckets {
		for n := c.buckets[i].Load(); n != nil; n = n.next {
			back(n.key, n.n.Load())
		}
	}
}
