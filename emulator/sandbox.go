package emulator

import (
	"net/http"

	"standin/internal/sandbox"
)

// SandboxHeader is the request header that names the sandbox.
const SandboxHeader = "X-Standin-Sandbox"

// A Sandbox is one isolated emulation: a world, faults and their counts, a journal, a clock, a
// seed, tokens. Make one with Server.Sandbox or Server.NewSandbox, or those of Emulator. Its
// methods may be used from many goroutines.
type Sandbox struct {
	// URL leads into the sandbox. TLSURL does by TLS; empty without.
	URL, TLSURL string

	client func() *http.Client
	box
}

// Client is a client for the sandbox's URL, of the kind that the server's or the emulator's is.
func (s *Sandbox) Client() *http.Client { return s.client() }

// Environment lists the variables, NAME=VALUE, by which clients find the sandbox and log in, as
// Server.Environment does. Its own users log in.
func (s *Sandbox) Environment() []string { return s.in.Environment(s.URL) }

// newSandbox makes a sandbox, which at gives its address.
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

// testSandbox makes a sandbox for a test, which at gives its address.
func (b *box) testSandbox(at func(*Sandbox), tb TB, opts []SandboxOption) *Sandbox {
	tb.Helper()
	p, err := planOf(opts)
	if err == nil {
		var in *sandbox.Sandbox
		if in, err = b.core.Sandboxes.NewFor(tb.Name(), p, 0); err == nil {
			s := &Sandbox{box: box{core: b.core, in: in, tb: tb}}
			at(s)
			tb.Cleanup(func() { b.core.Sandboxes.Delete(in.Name()) })
			return s
		}
	}
	tb.Fatalf("standin: %v", err)
	return nil
}
