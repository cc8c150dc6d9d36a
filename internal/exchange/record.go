package exchange

import (
	"net/http"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// open opens the journal's entry, and numbers the exchange.
func (x *exchange) open() {
	if !x.journaled {
		return
	}
	x.path.sent.Add(1)
	r, c := x.request, &x.call
	o := recorder.Opening{
		Service: x.service.Name, Method: r.Method, Path: r.URL.Path, Route: c.Path, Query: r.URL.RawQuery, Host: r.Host, Proto: r.Proto,
		Now: c.Now, Frozen: c.Frozen, Began: x.began, TooLarge: c.BodyTooLarge,
	}
	if x.matched != nil {
		o.Operation, o.Secret = x.matched.ID, x.matched.Secret
	} else if p, _ := x.service.Find(c.Path); p != nil { // a method that a secret's path does not have
		for _, op := range p.Operations {
			o.Secret = max(o.Secret, op.Secret)
		}
	}
	o.Conn, o.Reused = x.conn.ID(), x.reused
	x.ticket = x.sandbox.Journal().Open(&o, r.Header, c.Body)
	c.Sequence = x.ticket.Sequence
}

// close closes the journal's entry. The headers are those that are sent; nil if
// none are.
func (x *exchange) close(ended journal.Ended, h http.Header) {
	if x.ended = ended; !x.journaled {
		return
	}
	c := &x.closing
	x.idle()
	if x.call.Caller != nil {
		c.Caller = x.call.Caller.Name
	}
	if h != nil {
		c.Status = x.reply.Status
	}
	if x.matched == nil && x.refused == nil {
		c.Near = append(c.Near, x.near()...)
	}
	c.Failed = c.Failed || ended != journal.Answered || c.Status >= http.StatusInternalServerError ||
		c.Status == http.StatusTooManyRequests || c.Status == http.StatusUnauthorized
	var body []byte
	if h != nil {
		body = x.body()
	}
	x.sandbox.Journal().Close(x.ticket, ended, c, h, body)
}

// amend says of an entry that is closed how the exchange did end.
func (x *exchange) amend(ended journal.Ended) {
	if x.ended = ended; x.journaled {
		x.sandbox.Journal().Amend(x.ticket, ended, "")
	}
}

// near is what a request outside every operation may have meant.
func (x *exchange) near() []string {
	c := &x.call
	if len(c.Methods) > 0 {
		return []string{c.Path + " takes " + c.Allow(c.Methods...)}
	}
	return x.path.Routes.Near(c.Path)
}

// idle takes back rules that fired and then had nothing to do: another one had
// answered, or there was nothing that they could change.
func (x *exchange) idle() {
	for _, f := range x.decision.Fired {
		if j := x.noted(f); j.Fired && len(j.Did) == 0 {
			j.Fired, j.Why = false, "it had nothing to do"
			x.sandbox.Rules().Undo(f)
		}
	}
}
