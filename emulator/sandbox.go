package emulator

import (
	"net/http"
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
