// Package coverage counts which documented answers a client has met.
//
// A cell is an operation and an answer that its contract documents: a status or, where the
// contract names several bodies for a status of 400 or greater, one of these bodies. The request
// path counts each answer in the moment at which it is sent. A cell is provoked if the service
// itself answered, and injected if a fault rule wrote the answer.
//
// A body is an example's if its text is that of the example, where any text may stand in the place
// of words that come from the request (x-names and parameters of the path). If several examples
// fit, the one with the longest text of its own is taken. Examples that differ only in words of
// the request are one cell, which has the name of the first. An injected answer that the rule did
// not change is counted by the name of the example that the rule has put in.
//
// An answer that is not in the contract, and a body that is none of the examples, are counted
// beside the cells. So are connections that broke. Answers that Standin gives in place of a service
// (too many connections, a mistake in X-Standin-Fault) are not counted.
package coverage

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"standin/internal/contract"
)

// An Operation is an operation whose answers are counted. Its statuses are found when it is first used.
type Operation struct {
	contract *contract.Operation
	hash     uint32
	statuses atomic.Pointer[[]status]
}

// operations holds the Operation of each operation of a contract. Contracts are read once.
var operations sync.Map

// last is the number of operations that were made.
var last atomic.Uint32

// spread makes hashes of consecutive numbers differ in all bits.
const spread = 0x9e3779b1

// Of returns the Operation of an operation of a contract. It returns the same for each call.
func Of(op *contract.Operation) *Operation {
	if known, ok := operations.Load(op); ok {
		return known.(*Operation)
	}
	made, _ := operations.LoadOrStore(op, &Operation{contract: op, hash: last.Add(1) * spread})
	return made.(*Operation)
}

// nowhere counts the requests that match no operation.
var nowhere = &Operation{contract: &contract.Operation{}}

// A status is what the contract of an operation says of one status.
type status struct {
	code  int
	empty bool          // the contract has no body
	cells func() *cells // finds them when an error is first answered
}

// Cells are what is counted of a status.
type cells struct {
	names    []string  // of examples; none: the status is one cell
	examples []example // of the bodies of an error; those with the longest text come first
}

// An example is a documented body.
type example struct {
	cell  int      // index of the status' cells
	parts []string // the text between the words that come from a request
}

// known returns the documented answers of the operation. Two callers may find them at once.
func (o *Operation) known() []status {
	if known := o.statuses.Load(); known != nil {
		return *known
	}
	var all []status
	for _, r := range o.contract.Responses() {
		all = append(all, status{r.Status, len(r.MediaTypes) == 0, sync.OnceValue(func() *cells { return cellsOf(o.contract, r) })})
	}
	o.statuses.Store(&all)
	return all
}

// The limits of what a key holds. Contracts stay far below them.
const (
	maxStatus = 1<<16 - 1
	maxCells  = 1<<8 - 2
)

// cellsOf returns the cells of a response. The examples of a success show records and not
// different answers, so that a success is one cell.
func cellsOf(op *contract.Operation, r *contract.Response) *cells {
	s := &cells{}
	if r.Status < firstError {
		return s
	}
	for _, name := range r.Examples() {
		parts, _ := r.Template(name, op.Parameters())
		cell := len(s.names)
		if i := slices.IndexFunc(s.examples, func(e example) bool { return slices.Equal(e.parts, parts) }); i >= 0 {
			cell = s.examples[i].cell
		} else if cell < maxCells {
			s.names = append(s.names, name)
		} else {
			continue
		}
		s.examples = append(s.examples, example{cell, parts})
	}
	if len(s.names) == 1 {
		s.names = nil
	}
	slices.SortStableFunc(s.examples, func(a, b example) int { return cmp.Compare(b.length(), a.length()) })
	return s
}

const firstError = 400

// length returns the length of the example's own text.
func (e *example) length() (n int) {
	for _, p := range e.parts {
		n += len(p)
	}
	return n
}

// fits reports whether a body is the example with any words of a request.
func (e *example) fits(body []byte) bool {
	first, end := e.parts[0], e.parts[len(e.parts)-1]
	if len(e.parts) == 1 {
		return string(body) == first
	}
	if len(body) < len(first)+len(end) || string(body[:len(first)]) != first || string(body[len(body)-len(end):]) != end {
		return false
	}
	body = body[len(first) : len(body)-len(end)]
	for _, p := range e.parts[1 : len(e.parts)-1] {
		i := index(body, p)
		if i < 0 {
			return false
		}
		body = body[i+len(p):]
	}
	return true
}

// index returns where a text is in a body, or -1. It allocates nothing.
func index(body []byte, text string) int {
	if text == "" {
		return 0
	}
	for from := 0; ; {
		i := bytes.IndexByte(body[from:], text[0])
		switch from += i; {
		case i < 0 || len(body)-from < len(text):
			return -1
		case string(body[from:from+len(text)]) == text:
			return from
		}
		from++
	}
}

// cell returns the index of the cell whose example the body is, or -1.
func (s *cells) cell(body []byte) int {
	for i := range s.examples {
		if s.examples[i].fits(body) {
			return s.examples[i].cell
		}
	}
	return -1
}

// answers returns the names of the cells of the status: 404, or 404/unknown and 404/no-uuid.
func (s *status) answers() []string {
	code := strconv.Itoa(s.code)
	names := s.cells().names
	if len(names) == 0 {
		return []string{code}
	}
	var all []string
	for _, name := range names {
		all = append(all, code+"/"+name)
	}
	return all
}

// Answers returns the names of all cells of an operation, in the order of its contract.
func Answers(op *contract.Operation) []string {
	var all []string
	for _, s := range Of(op).known() {
		all = append(all, s.answers()...)
	}
	return all
}
