package emulator

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// TB is what RunT needs of a *testing.T.
type TB interface {
	Helper()
	Name() string
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// RunT starts an emulator for a test, on 127.0.0.1 and a free port; with WithTLS also
// with TLS on another. It logs to the test, fails it where an answer breaks the
// contract, and stops when it ends.
func RunT(tb TB, opts ...Option) *Server {
	tb.Helper()
	out := &testLog{tb: tb}
	ours := []Option{
		WithLogger(zerolog.New(zerolog.ConsoleWriter{Out: out, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName}})),
		WithContractCheck(CheckAlways),
		withViolations(out.violation),
		withTB(tb),
	}
	e, err := New(append(ours, opts...)...)
	if err != nil {
		tb.Fatalf("standin: %v", err)
		return nil
	}
	s, err := e.Start(context.Background())
	if err != nil {
		tb.Fatalf("standin: %v", err)
		return nil
	}
	tb.Cleanup(func() {
		_ = s.Close()
		_ = e.Close()
		out.end()
	})
	return s
}

// testLog writes log lines to a test, until it ends: an exchange whose connection was
// broken may still be ending then.
type testLog struct {
	tb   TB
	mu   sync.Mutex
	over bool
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

// Sandbox makes a sandbox for a test, named after it, which is deleted when the
// test ends. Options are those of NewSandbox. Its URL, with a path prefix, leads into it;
// so do tokens that are issued in it, and its name in the header X-Standin-Sandbox.
func (s *Server) Sandbox(tb TB, opts ...Option) *Sandbox {
	tb.Helper()
	opts = append(slices.Clone(opts), withTB(tb))
	var box *Sandbox
	err := free(nameFor(tb.Name()), func(name string) (err error) {
		box, err = s.NewSandbox(name, opts...)
		return err
	})
	if err != nil {
		tb.Fatalf("standin: %v", err)
		return nil
	}
	box.tb, box.URL = tb, s.URL+"/~"+box.name
	if s.TLSURL != "" {
		box.TLSURL = s.TLSURL + "/~" + box.name
	}
	tb.Cleanup(func() { s.DeleteSandbox(box.name) })
	return box
}
