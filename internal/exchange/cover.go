package exchange

import (
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/coverage"
	"standin/internal/ruleset"
)

// cover counts what the client meets: the answer, or what happens to the connection in its place.
// It is called once for each exchange, before the answer is sent, so that a client that has the
// answer finds it counted. Answers that no service gives are not counted.
func (x *exchange) cover() {
	own, m := x.path.Routes.Fallback, &x.met
	op := x.target.operation
	switch {
	case x.entry.journal == nil, x.refused != nil && x.refused.service == own, op != nil && x.target.service == own:
		return
	case op != nil:
		m.Operation = op.Operation
	}
	switch x.entry.ended {
	case journal.Answered:
		m.Status, m.Body = x.outcome.reply.Status, x.outcome.reply.Body
	case journal.Aborted:
		if m.Wire == 0 {
			m.Wire = coverage.Left
		}
	}
	x.sandbox.Cover(m)
}

// cuts are the names of connection faults in the coverage.
var cuts = map[fault.Break]coverage.Wire{
	fault.Reset:          coverage.Reset,
	fault.Empty:          coverage.Empty,
	fault.Garbage:        coverage.Garbage,
	fault.MalformedChunk: coverage.MalformedChunk,
	fault.Truncate:       coverage.HalfAnswer,
	fault.ContentLength:  coverage.ContentLength,
	fault.Hang:           coverage.Hang,
	fault.SlowClose:      coverage.SlowClose,
}

// cut returns what a connection fault is in the coverage. The reply is lost if the request was
// carried out and no part of an answer is sent. A reset after the headers leaves half an answer.
func (x *exchange) cut(f *ruleset.Firing) coverage.Wire {
	c := f.What.Connection
	switch {
	case !c.NeedsAnswer() && f.Phased() == fault.After && !x.met.Injected:
		return coverage.LostReply
	case c.NeedsAnswer() && c.Kind == fault.Reset:
		return coverage.HalfAnswer
	default:
		return cuts[c.Kind]
	}
}

// changed notes that a rule has changed the body of the answer, if it has.
func (x *exchange) changed(has bool) {
	if has {
		x.met.Injected, x.met.Changed = true, true
	}
}
