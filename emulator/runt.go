package emulator

import (
	"context"
	"strings"

	"github.com/rs/zerolog"
)

// TB is what RunT needs of a *testing.T.
type TB interface {
	Helper()
	Cleanup(f func())
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// RunT starts an emulator for a test, on 127.0.0.1 and a free port. It logs to
// the test, fails it where an answer breaks the contract, and stops when it ends.
func RunT(tb TB, opts ...Option) *Server {
	tb.Helper()
	ours := []Option{
		WithLogger(zerolog.New(zerolog.ConsoleWriter{Out: testLog{tb}, NoColor: true, PartsExclude: []string{zerolog.TimestampFieldName}})),
		WithContractCheck(CheckAlways),
		withViolations(func(err error) { tb.Errorf("%v", err) }),
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
	})
	return s
}

// testLog writes log lines to a test.
type testLog struct{ tb TB }

func (l testLog) Write(line []byte) (int, error) {
	l.tb.Logf("%s", strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}
