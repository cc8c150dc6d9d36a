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

// A Buffer is written to from many goroutines. It serves the tests inside and outside
// of the package.
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

// What only the command has, for the tests of what it does.

// WithDefaultFixture starts from a fixture where nobody names one.
func WithDefaultFixture(name string) Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.Fixture = name
		return nil
	})
}

// WithRemovedSandboxes keeps the journals of sandboxes that are deleted.
func WithRemovedSandboxes() Option {
	return whole(func(o *core.Options) error {
		o.Sandboxes.KeepRemoved = true
		return nil
	})
}

// WithLines has a function called with the line of each exchange.
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

// Emulator is what the server serves.
func (s *Server) Emulator() *Emulator { return &Emulator{URL: memoryURL, box: s.box} }

// JSONTo is a logger that writes JSON, exchanges included.
func JSONTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
