package exchange

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// Lines say which exchanges are told by their lines, to a function in place of the logger's line
// at debug level. Those of the fallback service's own paths have none.
type Lines struct {
	Which LineMode // empty: by the logger
	To    func(*journal.Line)
}

// A LineMode says which exchanges are told.
type LineMode string

// The line modes.
const (
	LogRequests LineMode = "requests" // all of them
	LogErrors   LineMode = "errors"   // those whose journal.Line is Bad
	LogOff      LineMode = "off"
)

// log tells of the exchange. Paths are logged without their query, and with secrets redacted.
func (x *exchange) log() {
	p := x.path
	if x.problem != nil {
		p.Log.Error(x.problem.Error(), "operation", x.operationID(), "sequence", x.call.Sequence)
	}
	if p.Lines.Which != "" {
		if x.journaled && (p.Lines.Which == LogRequests || p.Lines.Which == LogErrors && x.bad()) {
			p.Lines.To(x.line())
		}
		return
	}
	if ctx := x.request.Context(); p.Log.Enabled(ctx, slog.LevelDebug) {
		p.Log.LogAttrs(ctx, slog.LevelDebug, "exchange", x.attributes()...)
	}
}

// attributes are those of the logger's line.
func (x *exchange) attributes() []slog.Attr {
	var all []slog.Attr
	if x.call.Caller != nil {
		all = append(all, slog.String("caller", x.call.Caller.Name))
	}
	if i := slices.IndexFunc(x.closing.Faults, func(f journal.Fault) bool { return f.Fired }); i >= 0 {
		all = append(all, slog.String("fault", x.closing.Faults[i].Rule))
	}
	return append(all,
		slog.Uint64("sequence", x.call.Sequence), slog.String("sandbox", x.sandbox.Name()), slog.String("operation", x.operationID()),
		slog.String("method", x.call.Method), slog.String("path", recorder.ShownPath(x.request.URL.Path, x.request.Header)), slog.Int("status", x.reply.Status))
}

// bad reports whether the line of the exchange is Bad, without making it.
func (x *exchange) bad() bool {
	l := journal.Line{Status: x.closing.Status, Faults: x.closing.Faults, Violation: x.closing.Violation}
	return l.Bad()
}

// line is what is logged of the exchange.
func (x *exchange) line() *journal.Line {
	l := &journal.Line{
		Time: x.began, Sandbox: x.sandbox.Name(), Sequence: x.call.Sequence, Status: x.closing.Status,
		Method: x.call.Method, Path: recorder.ShownPath(strings.TrimPrefix(x.request.URL.Path, x.inside), x.request.Header),
		Took: time.Since(x.began), Caller: x.closing.Caller, Faults: x.closing.Faults, Ended: x.ended, Violation: x.closing.Violation,
	}
	if x.matched != nil {
		l.Operation = x.matched.ID
	}
	return l
}
