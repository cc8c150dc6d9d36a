package exchange

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"standin/internal/contract"
	"standin/internal/recorder"
	"standin/internal/route"
	"standin/internal/service"
)

const (
	checkedFirst = 100 // answers of an operation and status that are all checked
	checkedThen  = 100 // one in so many after that
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

// contract is what the answer is held to.
func (x *exchange) contract() *contract.Operation {
	by, op := x.answering()
	if op != nil {
		return op.Operation
	}
	return by.Contract.Elsewhere
}

// hold holds the answer to the contract. An answer of an operation may also be
// one that the service gives everywhere.
func (x *exchange) hold(reply *service.Reply) {
	if reply.Stream != nil { // there is no body yet
		x.path.unchecked.Add(1)
		return
	}
	op := x.contract()
	switch x.path.Check {
	case CheckOff:
		return
	case CheckSampled, "":
		if n := x.path.held.count(op, reply.Status); n > checkedFirst && n%checkedThen != 0 {
			return
		}
		if len(reply.Body) > checkedBytes {
			x.path.unchecked.Add(1)
			return
		}
	}
	header := http.Header{"Content-Type": {reply.ContentType}}
	for _, f := range reply.Header {
		header.Set(f.Name, f.Value)
	}
	err := op.Check(x.call.Method, reply.Status, header, reply.Body)
	by, _ := x.answering()
	elsewhere := by.Contract.Elsewhere
	if err == nil || elsewhere.Check(x.call.Method, reply.Status, header, reply.Body) == nil || x.quirky(by, reply, header) {
		return
	}
	if len(elsewhere.Responses) == 0 && op.Response(reply.Status) == nil { // the contract is silent
		return
	}
	x.path.violations.Add(1)
	x.closing.Violation = err.Error()
	at := recorder.ShownPath(x.request.URL.Path, x.request.Header)
	err = fmt.Errorf("%s: %s %s: the answer breaks the contract: %w", x.operationID(), x.call.Method, at, err)
	x.path.Log.Warn(err.Error())
	if report := x.path.Report; report != nil {
		report(err)
	}
}

// quirky reports whether it is the answer of a quirk that is on: as the quirk's contract
// has it, or as an error in another form in which the service writes errors.
func (x *exchange) quirky(by *route.Bound, reply *service.Reply, header http.Header) bool {
	return slices.ContainsFunc(by.Contract.Quirks, func(q *contract.Quirk) bool {
		if !x.call.Quirk(q.Name) || q.Answers.Response(reply.Status) == nil {
			return false
		}
		return by.Contract.Elsewhere.Writes(reply.Status, reply.ContentType) ||
			q.Answers.Check(x.call.Method, reply.Status, header, reply.Body) == nil
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
