package emulator

import (
	"bytes"
	"io"
	"log/slog"
	"sync"

	"standin/emulator/journal"
	"standin/internal/core"
	"standin/internal/exchange"
	"standin/internal/sandbox"
)

// A Buffer can be written to by several goroutines at once. The tests inside and outside of the
// package use it.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// What follows is otherwise available only to the command.

// WithDefaultFixture sets the fixture that is used if none is named.
func WithDefaultFixture(name string) Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.Fixture = name
		return nil
	})
}

// WithRemovedSandboxes keeps the journals of deleted sandboxes.
func WithRemovedSandboxes() Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.KeepRemoved = true
		return nil
	})
}

// WithLines sets a function that is called with the line of each exchange.
func WithLines(f func(*journal.Line)) Option {
	return whole(func(o *core.Options) error {
		o.Exchange.Lines = exchange.Lines{Which: exchange.LogRequests, To: f}
		return nil
	})
}

// VerifyAll verifies all sandboxes together.
func (e *Emulator) VerifyAll() Verdict {
	all := e.core.Sandboxes.VerifyAll()
	return Verdict{sandbox.Passed(all), all}
}

// Emulator returns the emulator of the server.
func (s *Server) Emulator() *Emulator { return &Emulator{URL: memoryURL, box: s.box} }

// JSONTo returns a logger that writes JSON, including exchanges.
func JSONTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
