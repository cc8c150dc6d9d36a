package exchange

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/service"
)

// An entry collects what the journal stores about an exchange.
type entry struct {
	journal *recorder.Journal // nil: not journaled
	began   time.Time
	ticket  recorder.Ticket
	trace   journal.Trace
	closing recorder.Closing
	ended   journal.Ended
}

// open opens the journal's entry and sets the sequence number of the call.
func (e *entry) open(in *arrival, t *target, c *service.Call) {
	r := in.request
	o := recorder.Opening{
		Service: t.service.Name, Method: r.Method, Path: r.URL.Path, Route: c.Path, Query: r.URL.RawQuery, Host: r.Host, Proto: r.Proto,
		Now: c.Now, Frozen: c.Frozen, Began: e.began, TooLarge: c.BodyTooLarge,
	}
	if t.operation != nil {
		o.Operation, o.Secret = t.operation.ID, t.operation.Secret
	} else if p, _ := t.service.Find(c.Path); p != nil { // the path is an operation's, the method is not; its secrets are redacted too
		t.service.At(p, func(op *route.Operation) { o.Secret = max(o.Secret, op.Secret) })
	}
	o.Conn, o.Reused, o.TLS = in.conn.ID(), in.reused, r.TLS != nil
	o.Trace = journal.ParseTrace(first(r.Header["Traceparent"]))
	e.trace = o.Trace
	e.ticket = e.journal.Open(&o, r.Header, c.Body)
	c.Sequence = e.ticket.Sequence
}

// close closes the journal's entry. h and body are those of the response; h is nil if no response
// is sent.
func (e *entry) close(ended journal.Ended, h http.Header, body []byte) {
	if e.ended = ended; e.journal == nil {
		return
	}
	c := &e.closing
	c.Failed = c.Failed || ended != journal.Answered || c.Status >= http.StatusInternalServerError ||
		c.Status == http.StatusTooManyRequests || c.Status == http.StatusUnauthorized
	e.journal.Close(e.ticket, ended, c, h, body)
}

// abort changes a closed entry: the client left before the end of the response.
func (e *entry) abort() {
	if e.ended = journal.Aborted; e.journal != nil {
		e.journal.Amend(e.ticket, journal.Aborted, "")
	}
}

// sent records that a slow response is complete. It is called after the entry was closed.
func (e *entry) sent() {
	if e.journal != nil {
		e.journal.Sent(e.ticket)
	}
}

// noted returns the part of the entry about a rule that fired.
func (e *entry) noted(f *ruleset.Firing) *journal.Fault {
	i := slices.IndexFunc(e.closing.Faults, func(j journal.Fault) bool { return j.Rule == f.Name && j.Fired })
	if i < 0 { // the rule was marked as not fired
		return &journal.Fault{}
	}
	return &e.closing.Faults[i]
}

// did records an action that a rule performed.
func (e *entry) did(f *ruleset.Firing, what string) {
	j := e.noted(f)
	j.Phase = string(f.Phased())
	j.Did = append(j.Did, what)
}

// maxVerdicts is the max number of rules that an entry lists although they did not fire.
const maxVerdicts = 20

// verdicts records which rules matched, and why some of them did not fire.
func (e *entry) verdicts(d *ruleset.Decision) {
	c := &e.closing
	c.Near = d.Misses
	left := 0
	for _, v := range d.Verdicts {
		if !v.Fired && len(c.Faults) >= maxVerdicts {
			left++
			continue
		}
		c.Faults = append(c.Faults, journal.Fault{Rule: v.Rule, Match: v.Match, Fired: v.Fired, Draw: v.Draw, Why: v.Why})
	}
	if left > 0 {
		c.Near = append(c.Near, fmt.Sprintf("%d more rules fitted, and did not fire", left))
	}
}

// bad reports whether the journal.Line of the exchange is Bad, without building the line.
func (e *entry) bad() bool {
	l := journal.Line{Status: e.closing.Status, Faults: e.closing.Faults, Violation: e.closing.Violation}
	return l.Bad()
}

// line returns the line to log for the exchange.
func (e *entry) line(in *arrival, t *target, c *service.Call) *journal.Line {
	l := &journal.Line{
		Time: e.began, Sandbox: c.Sandbox, Sequence: c.Sequence, Status: e.closing.Status,
		Method: c.Method, Path: recorder.ShownPath(strings.TrimPrefix(in.request.URL.Path, in.inside), in.request.Header),
		Took: time.Since(e.began), Trace: e.trace, Caller: e.closing.Caller, RefusedBy: e.closing.RefusedBy, Faults: e.closing.Faults,
		Ended: e.ended, Violation: e.closing.Violation,
	}
	if t.operation != nil {
		l.Operation = t.operation.ID
	}
	return l
}
