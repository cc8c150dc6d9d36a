// Package exchange is the request path: it turns a request to any service into a response. It is
// the only package that writes responses.
//
// A request goes through these steps in order:
//
//	address  which sandbox the request names, and the address by which it came
//	match    find the service and the operation
//	guard    limits of connections and access to the control API   [may refuse]
//	enter    enter the sandbox                                     [may refuse]
//	body     read the body up to its limit                         [may be incomplete]
//	record   open the journal's entry
//	decide   find the rules that fire                              [may refuse]
//	fault    actions of phase before                               [may cut or respond]
//	answer   identify the caller, run the checks, run the handler in a transaction
//	hold     check the response against the contract
//	fault    actions of phase after and changes of the response    [may cut]
//	send     close the journal's entry; send at once, slowly, or broken
//
// Each step has a file of its name. The exceptions: guard is in enter.go, and the actions of
// faults are in fault.go, inject.go, change.go, pace.go and break.go. The order of the steps is
// in path.go; the values that they set are in exchange.go. How an exchange ends on the wire is a
// value of type end.
package exchange

import (
	"net/http"
	"sync"

	"standin/internal/service"
)

// exchanges pools exchanges and the buffers of their responses.
var exchanges = sync.Pool{New: func() any {
	return &exchange{call: service.Call{Scratch: make([]byte, 0, scratch)}}
}}

// scratch is the initial size in bytes of a response buffer. A longer response allocates its own
// memory.
const scratch = 8 << 10

// ServeHTTP serves one request to any service.
//
// Some features need a connection that package transport accepted. Without one, a status such as
// 753 has the reason phrase of net/http, and the journal has no connection ids. Where a
// connection cannot be taken over (HTTP/2, httptest.ResponseRecorder), a fault that breaks it
// panics with http.ErrAbortHandler.
func (p *Path) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	x.path, x.sandbox, x.call.Settings = p, p.Sandboxes.Default(), &p.Settings
	x.in = arrive(r, p.Routes.Own, p.Own.Aliases)
	x.sender = sender{w, r, x.in.conn, p.Patience}
	defer x.release()
	defer x.log()
	defer x.measure()
	x.serve().finish()
}

// serve runs the steps in order.
func (x *exchange) serve() end {
	x.gateway = gateway{&x.in, &x.target, x.path.Routes}
	x.call.Gateway = &x.gateway
	x.target = match(x.path.Routes, &x.in, &x.call)
	x.refused = x.guard()
	if x.refused == nil {
		x.refused = x.enter()
	}
	x.begin()
	var incomplete error
	if x.refused == nil {
		incomplete = readBody(x.in.request, &x.call, x.target.service)
	}
	if x.entry.journal != nil {
		x.path.sent.Add(1)
		x.entry.open(&x.in, &x.target, &x.call)
	}
	switch {
	case incomplete != nil:
		return x.brokeOff(incomplete)
	case x.refused == nil:
		x.refused = x.decide()
	}
	if x.decision.Acts() {
		return x.faulted()
	}
	x.answer()
	x.hold(x.answering())
	return x.send()
}

// release leaves the sandbox and returns the exchange to the pool. A sandbox that this exchange
// created is removed again if the request was refused.
func (x *exchange) release() {
	if x.own != nil {
		x.own.End()
	}
	if x.entered {
		failed := x.refused != nil || x.target.service == x.path.Routes.Fallback && x.outcome.reply.Status >= http.StatusBadRequest
		if x.made && failed {
			x.path.Sandboxes.Undo(x.sandbox)
		}
		x.sandbox.Leave()
	}
	*x = exchange{call: service.Call{Scratch: x.call.Scratch}}
	exchanges.Put(x)
}
