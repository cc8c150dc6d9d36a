package exchange

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/service"
)

// An entry is what the journal is told of an exchange.
type entry struct {
	journal *recorder.Journal // nil: the exchange is not journaled
	began   time.Time
	ticket  recorder.Ticket
	closing recorder.Closing
	ended   journal.Ended
}

// open opens the entry, and numbers the exchange.
func (e *entry) open(in *arrival, t *target, c *service.Call) {
	r := in.request
	o := recorder.Opening{
		Service: t.service.Name, Method: r.Method, Path: r.URL.Path, Route: c.Path, Query: r.URL.RawQuery, Host: r.Host, Proto: r.Proto,
		Now: c.Now, Frozen: c.Frozen, Began: e.began, TooLarge: c.BodyTooLarge,
	}
	if t.operation != nil {
		o.Operation, o.Secret = t.operation.ID, t.operation.Secret
	} else if p, _ := t.service.Find(c.Path); p != nil { // a method that a secret's path does not have
		for _, op := range p.Operations {
			o.Secret = max(o.Secret, op.Secret)
		}
	}
	o.Conn, o.Reused = in.conn.ID(), in.reused
	e.ticket = e.journal.Open(&o, r.Header, c.Body)
	c.Sequence = e.ticket.Sequence
}

// close closes the entry. Header and body are those that are sent; a nil header is of an
// exchange without an answer.
func (e *entry) close(ended journal.Ended, h http.Header, body []byte) {
	if e.ended = ended; e.journal == nil {
		return
	}
	c := &e.closing
	c.Failed = c.Failed || ended != journal.Answered || c.Status >= http.StatusInternalServerError ||
		c.Status == http.StatusTooManyRequests || c.Status == http.StatusUnauthorized
	e.journal.Close(e.ticket, ended, c, h, body)
}

// abort says of an entry that is closed that the client left.
func (e *entry) abort() {
	if e.ended = journal.Aborted; e.journal != nil {
		e.journal.Amend(e.ticket, journal.Aborted, "")
	}
}

// noted is what the entry says of a rule that fires.
func (e *entry) noted(f *ruleset.Firing) *journal.Fault {
	i := slices.IndexFunc(e.closing.Faults, func(j journal.Fault) bool { return j.Rule == f.Name && j.Fired })
	if i < 0 { // it was taken back
		return &journal.Fault{}
	}
	return &e.closing.Faults[i]
}

// did notes what a rule did.
func (e *entry) did(f *ruleset.Firing, what string) {
	j := e.noted(f)
	j.Phase = string(f.Phased())
	j.Did = append(j.Did, what)
}

// maxVerdicts bounds the rules that an entry lists though they did not fire.
const maxVerdicts = 20

// verdicts notes which rules fitted, and why they did not fire.
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

// bad reports whether the line of the exchange is Bad, without making it.
func (e *entry) bad() bool {
	l := journal.Line{Status: e.closing.Status, Faults: e.closing.Faults, Violation: e.closing.Violation}
	return l.Bad()
}

// line is what is logged of the exchange.
func (e *entry) line(in *arrival, t *target, c *service.Call) *journal.Line {
	l := &journal.Line{
		Time: e.began, Sandbox: c.Sandbox, Sequence: c.Sequence, Status: e.closing.Status,
		Method: c.Method, Path: recorder.ShownPath(strings.TrimPrefix(in.request.URL.Path, in.inside), in.request.Header),
		Took: time.Since(e.began), Caller: e.closing.Caller, RefusedBy: e.closing.RefusedBy, Faults: e.closing.Faults, Ended: e.ended, Violation: e.closing.Violation,
	}
	if t.operation != nil {
		l.Operation = t.operation.ID
	}
	return l
}
