package exchange

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"standin/emulator/journal"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// An exchange is one request on its way. Each member is what a station has found; later ones
// read it.
type exchange struct {
	path    *Path
	in      arrival
	target  target
	gateway gateway
	call    service.Call
	refused *refusal // nil: it is carried out

	sandbox *sandbox.Sandbox
	entered bool // the sandbox counts the exchange
	made    bool // the exchange has made the sandbox

	entry    entry
	own      *ruleset.Armed // the rule that the request brought along
	decision ruleset.Decision

	outcome outcome
	undated bool // the answer has no Date
	sender  sender
}

// answer runs the call, or answers why it is not carried out.
func (x *exchange) answer() {
	if x.refused != nil {
		x.outcome = refuse(&x.call, x.refused, x.sandbox)
	} else {
		x.outcome = answer(&x.call, &x.target, x.sandbox)
	}
	x.entry.closing.RefusedBy = x.outcome.refusedBy
}

// answering is whose answer it is.
func (x *exchange) answering() *target {
	if x.refused != nil {
		return &x.refused.target
	}
	return &x.target
}

// hold checks the answer against the contract, and logs and reports one that breaks it.
func (x *exchange) hold(t *target) {
	err := x.path.holder.hold(&x.call, t, &x.outcome.reply)
	if err == nil {
		return
	}
	x.entry.closing.Violation = err.Error()
	err = fmt.Errorf("%s: %s %s: the answer breaks the contract: %w", t.id(), x.call.Method, x.in.shown(), err)
	x.path.Log.Warn(err.Error())
	if report := x.path.Report; report != nil {
		report(err)
	}
}

// send sends the answer. The journal closes first: a client that has the answer finds
// the entry complete.
func (x *exchange) send() end {
	h, reply := x.sender.w.Header(), &x.outcome.reply
	setHeader(h, reply, x.date())
	x.close(cmp.Or(x.entry.ended, journal.Answered), h)
	x.sender.begin(reply.Status, x.answering().reason(reply.Status))
	if reply.Stream != nil {
		err, left := x.sender.stream(reply)
		switch {
		case err == nil:
			return complete
		case !left: // it is not the client's doing
			x.path.Log.Error(err.Error(), "operation", x.answering().id())
		}
		return aborted
	}
	if err := x.sender.whole(bodyOf(x.call.Method, reply)); err != nil {
		x.entry.abort()
	}
	return complete
}

// date is what the header Date says, on the sandbox's clock; nil if there is none.
func (x *exchange) date() *time.Time {
	if x.undated {
		return nil
	}
	return &x.call.Now
}

// close closes the journal's entry. The headers are those that are sent; nil if
// none are.
func (x *exchange) close(ended journal.Ended, h http.Header) {
	c := &x.entry.closing
	if x.entry.journal != nil {
		x.idle()
		if x.call.Caller != nil {
			c.Caller = x.call.Caller.Name
		}
		if x.target.operation == nil && x.refused == nil {
			c.Near = append(c.Near, near(&x.call, x.path.Routes)...)
		}
	}
	var body []byte
	if h != nil {
		c.Status, body = x.outcome.reply.Status, bodyOf(x.call.Method, &x.outcome.reply)
	}
	x.entry.close(ended, h, body)
}

// near is what a request outside every operation may have meant.
func near(c *service.Call, routes *route.Table) []string {
	if len(c.Methods) > 0 {
		return []string{c.Path + " takes " + c.Allow(c.Methods...)}
	}
	return routes.Near(c.Path)
}

// idle takes back rules that fired and then had nothing to do: another one had
// answered, or there was nothing that they could change.
func (x *exchange) idle() {
	for _, f := range x.decision.Fired {
		if j := x.entry.noted(f); j.Fired && len(j.Did) == 0 {
			j.Fired, j.Why = false, "it had nothing to do"
			x.sandbox.Rules().Undo(f)
		}
	}
}
