package exchange

import (
	"net/http"
	"slices"
	"sync/atomic"

	"standin/internal/contract"
	"standin/internal/route"
	"standin/internal/service"
)

const (
	checkedFirst = 100 // answers of an operation and status that are all checked
	checkedThen  = 100 // after that, one of this many is checked
	// checkedBytes bounds a body that is checked where not all are: it is parsed as a
	// whole, which takes up to twenty times its size of memory.
	checkedBytes = 256 << 10
)

// A CheckMode says how many answers are held to the contract.
type CheckMode string

// The check modes. The empty one is CheckSampled.
const (
	CheckAlways  CheckMode = "always"
	CheckSampled CheckMode = "sampled" // the first hundred of each operation and status, then one in a hundred; bodies of up to 256 KiB
	CheckOff     CheckMode = "off"
)

// A holder holds answers to their contracts, and counts what it finds.
type holder struct {
	mode       CheckMode
	answers    counts
	violations atomic.Uint64
	unchecked  atomic.Uint64
}

// hold holds an answer to the contract. An answer of an operation may also be one that the
// service gives everywhere. The error says how it breaks the contract.
func (h *holder) hold(c *service.Call, t *target, reply *service.Reply) error {
	if reply.Stream != nil { // there is no body yet
		h.unchecked.Add(1)
		return nil
	}
	op := t.contract()
	switch h.mode {
	case CheckOff:
		return nil
	case CheckSampled, "":
		if n := h.answers.count(op, reply.Status); n > checkedFirst && n%checkedThen != 0 {
			return nil
		}
		if len(reply.Body) > checkedBytes {
			h.unchecked.Add(1)
			return nil
		}
	}
	header := http.Header{"Content-Type": {reply.ContentType}}
	for _, f := range reply.Header {
		header.Set(f.Name, f.Value)
	}
	err := op.Check(c.Method, reply.Status, header, reply.Body)
	elsewhere := t.service.Contract.Elsewhere
	switch {
	case err == nil || elsewhere.Check(c.Method, reply.Status, header, reply.Body) == nil || quirky(c, t.service, reply, header):
		return nil
	case len(elsewhere.Responses) == 0 && op.Response(reply.Status) == nil: // the contract is silent
		return nil
	}
	h.violations.Add(1)
	return err
}

// quirky reports whether it is the answer of a quirk that is on: as the quirk's contract
// has it, or as an error in another form in which the service writes errors.
func quirky(c *service.Call, by *route.Bound, reply *service.Reply, header http.Header) bool {
	return slices.ContainsFunc(by.Contract.Quirks, func(q *contract.Quirk) bool {
		if !c.Quirk(q.Name) || q.Answers.Response(reply.Status) == nil {
			return false
		}
		return by.Contract.Elsewhere.Writes(reply.Status, reply.ContentType) ||
			q.Answers.Check(c.Method, reply.Status, header, reply.Body) == nil
	})
}

// counts say how many answers of an operation and status there were.
type counts map[*contract.Operation]map[int]*atomic.Uint64

// know makes the statuses of an operation known.
func (c counts) know(op *contract.Operation) {
	c[op] = map[int]*atomic.Uint64{}
	for _, r := range op.Responses {
		c[op][r.Status] = new(atomic.Uint64)
	}
}

// count counts an answer; statuses that the contract does not know are always new.
func (c counts) count(op *contract.Operation, status int) uint64 {
	if n := c[op][status]; n != nil {
		return n.Add(1)
	}
	return 1
}
