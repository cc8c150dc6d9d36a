package emulator

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// log writes the line of the exchange. Paths are logged without their query, and with
// secrets redacted.
func (x *exchange) log() {
	logger := &x.emulator.config.logger
	if x.problem != nil {
		logger.Error().Str("operation", x.operationID()).Uint64("sequence", x.call.Sequence).
			Msg(x.problem.Error())
	}
	if c := &x.emulator.config; c.logged != "" {
		if x.journaled && (c.logged == LogRequests || c.logged == LogErrors && x.bad()) {
			c.exchangeLog(x.line())
		}
		return
	}
	ev := logger.Debug()
	if !ev.Enabled() {
		return
	}
	if x.call.Caller != nil {
		ev.Str("caller", x.call.Caller.Name)
	}
	if i := slices.IndexFunc(x.closing.Faults, func(f journal.Fault) bool { return f.Fired }); i >= 0 {
		ev.Str("fault", x.closing.Faults[i].Rule)
	}
	ev.Uint64("sequence", x.call.Sequence).Str("sandbox", x.sandbox.name).Str("operation", x.operationID()).
		Str("method", x.call.Method).Str("path", recorder.ShownPath(x.request.URL.Path, x.request.Header)).Int("status", x.reply.Status).Msg("exchange")
}

// bad reports whether the line of the exchange is Bad, without making it.
func (x *exchange) bad() bool {
	l := journal.Line{Status: x.closing.Status, Faults: x.closing.Faults, Violation: x.closing.Violation}
	return l.Bad()
}

// line is what is logged of the exchange.
func (x *exchange) line() *journal.Line {
	l := &journal.Line{
		Time: x.began, Sandbox: x.sandbox.name, Sequence: x.call.Sequence, Status: x.closing.Status,
		Method: x.call.Method, Path: recorder.ShownPath(strings.TrimPrefix(x.request.URL.Path, x.inside), x.request.Header),
		Took: time.Since(x.began), Caller: x.closing.Caller, Faults: x.closing.Faults, Ended: x.ended, Violation: x.closing.Violation,
	}
	if x.matched != nil {
		l.Operation = x.matched.ID
	}
	return l
}

// slogOf is a logger of the standard library that writes to one of ours.
func slogOf(l zerolog.Logger) *slog.Logger { return slog.New(untimed{zerolog.NewSlogHandler(l)}) }

// untimed leaves it to the logger whether lines have a time.
type untimed struct{ slog.Handler }

func (u untimed) Handle(ctx context.Context, r slog.Record) error {
	r.Time = time.Time{}
	return u.Handler.Handle(ctx, r)
}
