package emulator

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// RunT starts an emulator for a test, on 127.0.0.1 and a free port; with WithTLS, also with TLS on
// another free port. It logs to the test, and fails the test if an answer violates its contract. It
// stops when the test ends. Inside a bubble of testing/synctest, where a network does not work,
// RunT ends the test at once. Use NewT there.
func RunT(tb TB, opts ...Option) *Server {
	tb.Helper()
	if time.Now().Before(bubbles) {
		tb.Fatalf("standin: RunT listens on the network, which does not work inside testing/synctest; NewT works there")
		return nil
	}
	e := NewT(tb, opts...)
	if e == nil {
		return nil
	}
	s, err := e.Start(context.Background())
	if err != nil {
		tb.Fatalf("standin: %v", err)
		return nil
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// bubbles is later than the time in a bubble, since the clock of testing/synctest begins with the
// year 2000.
var bubbles = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// NewT returns an emulator in memory for a test, and closes it when the test ends. It logs to the
// test, and fails the test if an answer violates its contract. It works inside a bubble of
// testing/synctest, where time passes only when all goroutines wait.
func NewT(tb TB, opts ...Option) *Emulator {
	tb.Helper()
	out := &testLog{tb: tb}
	ours := []Option{WithLogger(out.logger()), WithContractCheck(CheckAlways), withViolations(out.violation)}
	e, err := newEmulator(tb, append(ours, opts...))
	if err != nil {
		tb.Fatalf("standin: %v", err)
		return nil
	}
	tb.Cleanup(func() {
		_ = e.Close()
		out.end()
	})
	return e
}

// testLog writes log lines to a test until the test ends. An exchange with a broken connection may
// end later than that.
type testLog struct {
	tb   TB
	mu   sync.Mutex
	over bool
}

func (l *testLog) logger() *slog.Logger {
	timeless := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: timeless}))
}

func (l *testLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.tb.Logf("%s", strings.TrimSuffix(string(line), "\n"))
	}
	return len(line), nil
}

// violation fails the test.
func (l *testLog) violation(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.tb.Errorf("%v", err)
	}
}

func (l *testLog) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}
