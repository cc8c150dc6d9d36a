package sandbox_test

import (
	"log/slog"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"standin/internal/core"
	"standin/internal/sandbox"
)

// Ensure nothing that the tests started is running at their end.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// login is the body with which demo logs in at Keystone.
const login = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"id":"default"}}}},"scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}`

// An emulation is an emulator in memory. Its methods are those of the default sandbox.
type emulation struct {
	*sandbox.Sandbox
	http.Handler
	all *sandbox.Registry
}

// begin returns a new emulation.
func begin(t *testing.T, o core.Options) emulation {
	t.Helper()
	o.Exchange.Log = slog.New(slog.DiscardHandler)
	o.Transport.Log = o.Exchange.Log
	c, err := core.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return emulation{Sandbox: c.Sandboxes.Default(), Handler: c.Path, all: c.Sandboxes}
}

// clocked sets the clock of the default sandbox, from the text of the flag --clock.
func clocked(t *testing.T, clock string) core.Options {
	t.Helper()
	return core.Options{Plan: sandbox.Plan{Clock: setting(t, clock)}}
}

// setting reads the text of the flag --clock.
func setting(t *testing.T, clock string) *sandbox.Setting {
	t.Helper()
	s, err := sandbox.ParseClock(clock)
	if err != nil {
		t.Fatal(err)
	}
	return &s
}
