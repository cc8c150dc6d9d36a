package emulator

import (
	"fmt"
	"net/http"
	"slices"

	"standin/internal/contract"
	"standin/internal/recorder"
	"standin/internal/service"
)

// contractOf is what the answer is held to.
func (x *exchange) contractOf() *operation {
	if x.matched != nil {
		return x.matched
	}
	return x.service.elsewhere
}

const (
	checkedFirst = 100 // answers of an operation and status that are all checked
	checkedThen  = 100 // one in so many after that
	// checkedBytes bounds a body that is checked where not all are: it is parsed as a
	// whole, which takes up to twenty times its size of memory.
	checkedBytes = 256 << 10
)

// check holds the answer to the contract. An answer of an operation may also be
// one that the service gives everywhere.
func (x *exchange) check(reply *service.Reply) {
	if reply.Stream != nil { // there is no body yet
		x.emulator.unchecked.Add(1)
		return
	}
	op := x.contractOf()
	switch x.emulator.config.check {
	case CheckOff:
		return
	case CheckSampled:
		if n := op.count(reply.Status); n > checkedFirst && n%checkedThen != 0 {
			return
		}
		if len(reply.Body) > checkedBytes {
			x.emulator.unchecked.Add(1)
			return
		}
	}
	header := http.Header{"Content-Type": {reply.ContentType}}
	for _, f := range reply.Header {
		header.Set(f.Name, f.Value)
	}
	err := op.Check(x.call.Method, reply.Status, header, reply.Body)
	elsewhere := x.service.elsewhere
	if err == nil || elsewhere.Check(x.call.Method, reply.Status, header, reply.Body) == nil || x.quirky(reply, header) {
		return
	}
	if len(elsewhere.Responses) == 0 && op.Response(reply.Status) == nil { // the contract is silent
		return
	}
	x.emulator.violations.Add(1)
	x.closing.Violation = err.Error()
	at := recorder.ShownPath(x.request.URL.Path, x.request.Header)
	err = fmt.Errorf("%s: %s %s: the answer breaks the contract: %w", x.operationID(), x.call.Method, at, err)
	x.emulator.config.logger.Warn().Msg(err.Error())
	if report := x.emulator.config.onViolation; report != nil {
		report(err)
	}
}

// quirky reports whether it is the answer of a quirk that is on: as the quirk's contract
// has it, or as an error in another form in which the service writes errors.
func (x *exchange) quirky(reply *service.Reply, header http.Header) bool {
	return slices.ContainsFunc(x.service.contract.Quirks, func(q *contract.Quirk) bool {
		if !x.call.Quirk(q.Name) || q.Answers.Response(reply.Status) == nil {
			return false
		}
		return x.service.elsewhere.Writes(reply.Status, reply.ContentType) ||
			q.Answers.Check(x.call.Method, reply.Status, header, reply.Body) == nil
	})
}

// count counts an answer; statuses that the contract does not know are always new.
func (o *operation) count(status int) uint64 {
	if n := o.checks[status]; n != nil {
		return n.Add(1)
	}
	return 1
}
