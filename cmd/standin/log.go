package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"standin/emulator/journal"
	"standin/internal/exchange"
	"standin/internal/sandbox"
)

// An outlet writes log lines from its own goroutine, so that logging never waits for the reader.
// Lines that are not read in time are dropped and counted. Write errors are ignored, since after
// them there is no reader.
type outlet struct {
	to         io.Writer
	missing    func(n int64) []byte // returns the line that reports dropped lines
	lines      chan []byte
	waiting    atomic.Int64 // in bytes
	dropped    atomic.Int64
	quit, done chan struct{}
}

// These are the limits of lines that wait to be written.
const (
	maxLines   = 4096
	maxWaiting = 256 << 10 // in bytes
)

func newOutlet(to io.Writer, missing func(n int64) []byte) *outlet {
	o := &outlet{to: to, missing: missing, lines: make(chan []byte, maxLines), quit: make(chan struct{}), done: make(chan struct{})}
	go o.run()
	return o
}

// Write accepts one whole line. It never fails.
func (o *outlet) Write(b []byte) (int, error) {
	o.put(slices.Clone(b))
	return len(b), nil
}

// put queues a line if there is room. The line must not change any more.
func (o *outlet) put(line []byte) {
	n := int64(len(line))
	if o.waiting.Add(n) <= maxWaiting {
		select {
		case o.lines <- line:
			return
		default:
		}
	}
	o.waiting.Add(-n)
	o.dropped.Add(1)
}

// run writes lines until the outlet is closed. It writes all lines that wait at once, so that many
// lines cost one write.
func (o *outlet) run() {
	defer close(o.done)
	var batch []byte
	for open := true; open; {
		batch = batch[:0]
		select {
		case line := <-o.lines:
			batch = append(batch, line...)
		case <-o.quit:
			open = false
		}
		for more := true; more; {
			select {
			case line := <-o.lines:
				batch = append(batch, line...)
			default:
				more = false
			}
		}
		o.waiting.Add(-int64(len(batch)))
		if n := o.dropped.Swap(0); n > 0 {
			batch = append(batch, o.missing(n)...)
		}
		if len(batch) > 0 {
			_, _ = o.to.Write(batch)
		}
	}
}

// close writes the lines that wait. It waits for this only a short time.
func (o *outlet) close() {
	const patience = 500 * time.Millisecond
	close(o.quit)
	select {
	case <-o.done:
	case <-time.After(patience):
	}
}

// These are the flags about logs.
type logFlags struct {
	Log       string `default:"auto" enum:"auto,requests,errors,off" help:"Exchanges to log. auto (default): requests on a terminal, else errors. requests: all. errors: those with status 500 or more (including 753), a fault or a contract violation. off: none."`
	LogFormat string `default:"console" enum:"console,json" help:"console (default), or json for one JSON object per line."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" help:"Minimum level to log: debug, info (default), warn or error. Exchanges have level info; with --log errors, they have level warn."`
}

// json reports whether lines are JSON.
func (c *logFlags) json() bool { return c.LogFormat == "json" }

// open returns the logger and the outlet that it writes to.
func (c *logFlags) open(to io.Writer) (zerolog.Logger, *outlet, error) {
	level, err := zerolog.ParseLevel(c.LogLevel)
	if err != nil {
		return zerolog.Nop(), nil, err
	}
	text := func(n int64) string {
		return fmt.Sprintf("%d log lines were dropped, because they were not read in time", n)
	}
	if c.json() {
		out := newOutlet(to, func(n int64) []byte {
			now := time.Now().Format(zerolog.TimeFieldFormat)
			return fmt.Appendf(nil, `{"level":"warn","time":%q,"message":%q}`+"\n", now, text(n))
		})
		return zerolog.New(out).Level(level).With().Timestamp().Logger(), out, nil
	}
	out := newOutlet(to, func(n int64) []byte { return fmt.Appendf(nil, "… %s\n", text(n)) })
	return zerolog.New(zerolog.ConsoleWriter{Out: out, TimeFormat: time.TimeOnly, NoColor: !terminal(to)}).Level(level).With().Timestamp().Logger(), out, nil
}

// defaultLine is the initial capacity for the line of an exchange, in bytes.
const defaultLine = 160

// lines returns which exchanges are logged, and the function that logs them.
func (c *logFlags) lines(log zerolog.Logger, out *outlet, to io.Writer) exchange.Lines {
	which := exchange.LineMode(c.Log)
	if c.Log == "auto" {
		which = exchange.LogErrors
		if terminal(to) {
			which = exchange.LogRequests
		}
	}
	switch least := log.GetLevel(); {
	case least > zerolog.WarnLevel:
		which = exchange.LogOff
	case least == zerolog.WarnLevel && which == exchange.LogRequests:
		which = exchange.LogErrors
	}
	return exchange.Lines{Which: which, To: func(l *journal.Line) {
		level := zerolog.InfoLevel
		if l.Bad() {
			level = zerolog.WarnLevel
		}
		if c.json() {
			event(log.WithLevel(level), l)
			return
		}
		if l.Sandbox == sandbox.Default {
			l.Sandbox = ""
		}
		out.put(append(l.Append(make([]byte, 0, defaultLine)), '\n'))
	}}
}

// logger returns a logger of the standard library that writes to a zerolog logger.
func logger(l zerolog.Logger) *slog.Logger { return slog.New(untimed{zerolog.NewSlogHandler(l)}) }

// untimed removes the time of a record, so that the logger below decides whether lines have a time.
type untimed struct{ slog.Handler }

func (u untimed) Handle(ctx context.Context, r slog.Record) error {
	r.Time = time.Time{}
	return u.Handler.Handle(ctx, r)
}

// event logs an exchange as JSON.
func event(e *zerolog.Event, l *journal.Line) {
	e.Str("sandbox", l.Sandbox).Uint64("sequence", l.Sequence).Str("method", l.Method).Str("path", l.Path).
		Str("operation", l.Operation).Int("status", l.Status).Dur("took_ms", l.Took).Str("ended", string(l.Ended))
	if l.Caller != "" {
		e.Str("caller", l.Caller)
	}
	if l.Trace.TraceID != "" {
		e.Str("trace_id", l.Trace.TraceID).Str("span_id", l.Trace.SpanID)
	}
	var faults []string
	for i := range l.Faults {
		if l.Faults[i].Fired {
			faults = append(faults, l.Faults[i].Rule)
		}
	}
	if faults != nil {
		e.Strs("faults", faults)
	}
	if l.RefusedBy != "" {
		e.Str("refused_by", l.RefusedBy)
	}
	if l.Violation != "" {
		e.Str("violation", l.Violation)
	}
	e.Msg("exchange")
}
