package emulator

import (
	"net/http"

	"standin/internal/sandbox"
)

// SandboxHeader is the request header that names the sandbox of a request.
const SandboxHeader = "X-Standin-Sandbox"

// A Sandbox is one isolated emulation. It has a world, faults with their counts, a journal, a
// clock, a seed and tokens. The methods Sandbox and NewSandbox of Server and Emulator create one.
// Its methods may be called by several goroutines at once.
type Sandbox struct {
	// URL is the URL of the sandbox. TLSURL is its URL with TLS; empty if there is none.
	URL, TLSURL string

	client func() *http.Client
	box
}

// Client returns a client for the sandbox's URL, like that of the server or emulator which created
// it.
func (s *Sandbox) Client() *http.Client { return s.client() }

// Environment returns the variables, NAME=VALUE, with which clients find the sandbox and log in, as
// Server.Environment does. The user is one of the sandbox.
func (s *Sandbox) Environment() []string { return s.in.Environment(s.URL) }

// newSandbox creates a sandbox, and calls at to set its address.
func (b *box) newSandbox(at func(*Sandbox), name string, opts []SandboxOption) (*Sandbox, error) {
	p, err := planOf(opts)
	if err != nil {
		return nil, err
	}
	in, err := b.core.Sandboxes.New(name, p, 0)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{box: box{core: b.core, in: in, tb: b.tb}}
	at(s)
	return s, nil
}

// testSandbox creates a sandbox for a test, and calls at to set its address.
func (b *box) testSandbox(at func(*Sandbox), tb TB, opts []SandboxOption) *Sandbox {
	tb.Helper()
	p, err := planOf(opts)
	if err == nil {
		var in *sandbox.Sandbox
		if in, err = b.core.Sandboxes.NewFor(tb.Name(), "", p, 0); err == nil {
			s := &Sandbox{box: box{core: b.core, in: in, tb: tb}}
			at(s)
			tb.Cleanup(func() { b.core.Sandboxes.Delete(in.Name()) })
			return s
		}
	}
	tb.Fatalf("standin: %v", err)
	return nil
}
