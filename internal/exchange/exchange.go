package exchange

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"standin/emulator/journal"
	"standin/internal/coverage"
	"standin/internal/explain"
	"standin/internal/identity"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// An exchange is the state of one request on its way through the request path. Each step sets
// some fields, and later steps read them.
type exchange struct {
	path    *Path
	in      arrival
	target  target
	gateway gateway
	call    service.Call
	refused *refusal // nil: the request is not refused

	sandbox *sandbox.Sandbox
	entered bool // the sandbox counts this exchange as active
	made    bool // this exchange created the sandbox

	entry    entry
	own      *ruleset.Armed // the rule from the request's header X-Standin-Fault
	decision ruleset.Decision

	outcome outcome
	met     coverage.Met
	undated bool // the response has no Date header
	sender  sender
}

// answer runs the call, or writes the error of a refused one.
func (x *exchange) answer() {
	if x.refused != nil {
		x.outcome = refuse(&x.call, x.refused, x.sandbox)
	} else {
		x.outcome = answer(&x.call, &x.target, x.sandbox)
	}
	x.entry.closing.RefusedBy, x.entry.closing.Changes = x.outcome.refusedBy, x.outcome.changes
}

// answering returns the target that writes the response.
func (x *exchange) answering() *target {
	if x.refused != nil {
		return &x.refused.target
	}
	return &x.target
}

// hold checks the response against the contract of t. It logs and reports a violation.
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

// send sends the response. It closes the journal's entry first, so that a client that has the
// response finds a complete entry.
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
		case !left: // the stream failed, not the client
			x.path.Log.Error(err.Error(), "operation", x.answering().id())
		}
		return aborted
	}
	if err := x.sender.whole(bodyOf(x.call.Method, reply)); err != nil {
		x.entry.abort()
	}
	return complete
}

// date returns the value of the Date header on the sandbox's clock, or nil for a response without
// one.
func (x *exchange) date() *time.Time {
	if x.undated {
		return nil
	}
	return &x.call.Now
}

// close closes the journal's entry. h is the headers of the response, or nil if no response is
// sent.
func (x *exchange) close(ended journal.Ended, h http.Header) {
	c := &x.entry.closing
	if x.entry.journal != nil {
		x.idle()
		c.Who, _ = x.call.Who()
		c.Caller = c.Who.Name
		if caller := x.call.Caller; caller != nil && caller.Name != "" {
			c.CallerBy = x.callerBy(caller)
		}
		if c.Quirks = x.call.Consulted; x.answering().operation == nil {
			c.Service = x.answering().service.Name
		}
		if x.target.operation == nil && x.refused == nil {
			c.Near = append(c.Near, near(&x.call, x.path.Routes)...)
		}
	}
	if op := x.call.Operation; op != nil && x.entry.journal != nil && x.target.service != x.path.Routes.Fallback {
		x.path.unread.Count(op, explain.Message{Query: x.call.RawQuery, Header: x.call.Header, Body: x.call.Body})
	}
	var body []byte
	if h != nil {
		c.Status, body = x.outcome.reply.Status, bodyOf(x.call.Method, &x.outcome.reply)
	}
	x.entry.close(ended, h, body)
	x.cover()
}

// measure counts the exchange for the metrics.
func (x *exchange) measure() {
	if x.entry.journal == nil {
		return
	}
	m := x.path.meter
	m.Took(x.answering().service.Name, time.Since(x.entry.began))
	if x.entry.ticket.Attempt > 1 {
		m.Repeated.Add(1)
	}
	for i := range x.entry.closing.Faults {
		if x.entry.closing.Faults[i].Fired {
			m.Fired.Add(1)
		}
	}
}

// callerBy returns how the service knows the caller.
func (x *exchange) callerBy(caller *identity.Caller) string {
	switch {
	case x.call.Settings.AuthOff:
		return journal.ByNothing
	case caller.Token != nil:
		return journal.ByToken
	default:
		return journal.ByBasic
	}
}

// near returns hints for a request that matches no operation: the methods of its path, or the
// closest paths.
func near(c *service.Call, routes *route.Table) []string {
	if len(c.Methods) > 0 {
		return []string{c.Path + " takes " + c.Allow(c.Methods...)}
	}
	return routes.Near(c.Path)
}

// idle marks fired rules that changed nothing as not fired, and takes their hits back. Another
// rule may have answered first, or the response had nothing to change.
func (x *exchange) idle() {
	for _, f := range x.decision.Fired {
		if j := x.entry.noted(f); j.Fired && len(j.Did) == 0 {
			j.Fired, j.Why = false, "it had nothing to do"
			x.sandbox.Rules().Undo(f)
		}
	}
}
