package exchange

import (
	"log/slog"
	"slices"

	"standin/emulator/journal"
)

// log logs the exchange. Paths are logged without their query, and secrets in them are redacted.
func (x *exchange) log() {
	p := x.path
	if err := x.outcome.problem; err != nil {
		p.Log.Error(err.Error(), "operation", x.answering().id(), "sequence", x.call.Sequence)
	}
	if which := p.Lines.Which; which != "" {
		if x.entry.journal != nil && (which == LogRequests || which == LogErrors && x.entry.bad()) {
			p.Lines.To(x.entry.line(&x.in, x.answering(), &x.call))
		}
		return
	}
	if ctx := x.in.request.Context(); p.Log.Enabled(ctx, slog.LevelDebug) {
		p.Log.LogAttrs(ctx, slog.LevelDebug, "exchange", x.attributes()...)
	}
}

// attributes returns the attributes of the logged line.
func (x *exchange) attributes() []slog.Attr {
	var all []slog.Attr
	if x.call.Caller != nil {
		all = append(all, slog.String("caller", x.call.Caller.Name))
	}
	faults := x.entry.closing.Faults
	if i := slices.IndexFunc(faults, func(f journal.Fault) bool { return f.Fired }); i >= 0 {
		all = append(all, slog.String("fault", faults[i].Rule))
	}
	return append(all,
		slog.Uint64("sequence", x.call.Sequence), slog.String("sandbox", x.call.Sandbox), slog.String("operation", x.answering().id()),
		slog.String("method", x.call.Method), slog.String("path", x.in.shown()), slog.Int("status", x.outcome.reply.Status))
}
