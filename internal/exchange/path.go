// Package exchange is the request path: what happens between a request and its answer,
// whatever service it is for. It is the only package that writes answers.
//
// A request goes through stations, each a file; guard stands in enter.go, and beside fault.go stand
// inject.go (answers in place of the service), change.go (other bodies and headers), pace.go and
// break.go:
//
//	address  which sandbox it names, under which address it came
//	match    the service and the operation
//	guard    may it come in at all, before anything of it is read     [→ refused]
//	enter    the sandbox                                              [→ refused]
//	body     read, up to its bound                                    [→ it broke off]
//	record   the journal opens
//	decide   the rules that fire                                      [→ refused]
//	fault    what rules do before the handler                         [→ broken off, answered]
//	answer   who is calling, the service's checks, the handler in a transaction
//	hold     the answer to the contract
//	fault    what rules make of the answer                            [→ broken off]
//	send     the journal closes, the answer goes out: at once, at a pace, broken
//
// Their order stands in path.go, what they find in exchange.go. How an exchange ends on the wire
// is a value as well: an end.
package exchange

import (
	"net/http"
	"sync"

	"standin/internal/service"
)

// exchanges are used again, with the buffers that their answers are written to.
var exchanges = sync.Pool{New: func() any {
	return &exchange{call: service.Call{Scratch: make([]byte, 0, scratch)}}
}}

// scratch is room for most answers; a longer one takes memory of its own.
const scratch = 8 << 10

// ServeHTTP answers one request of any service. Behind a listener that is not a transport's,
// the reason phrase of a status such as 753 is net/http's, and the journal does not know
// connections. Where a connection cannot be taken over (HTTP/2, a recorder), a fault that breaks
// it panics with http.ErrAbortHandler, as net/http's own handlers do.
func (p *Path) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	x.path, x.sandbox, x.call.Settings = p, p.Sandboxes.Default(), &p.Settings
	x.in = arrive(r, p.Routes.Own, p.Own.Aliases)
	x.sender = sender{w, r, x.in.conn, p.Patience}
	defer x.release()
	defer x.log()
	x.serve().finish()
}

// serve is the list of stations.
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

// release gives the exchange back, and leaves the sandbox. One that was made for a request that
// was refused is removed again.
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
