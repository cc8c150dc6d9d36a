package emulator

import (
	"context"
	"net/http"

	"standin/internal/core"
)

// A Server is an emulator with its listeners. RunT and Emulator.Start create one. Its methods may
// be called by several goroutines at once.
type Server struct {
	// URL is the URL of the combined listener, or else of the first listener. A listener without
	// TLS is preferred.
	URL string
	// TLSURL is the URL of the combined listener with TLS, or else of the first listener with TLS.
	// It is empty if there is none.
	TLSURL string

	server *core.Server
	box
}

// Addr returns the address, HOST:PORT, of the listener of a service. If the service has no listener
// of its own, or the name is empty, it is that of the combined listener. A listener without TLS is
// preferred. Addr returns the empty string if there is no listener.
func (s *Server) Addr(service string) string { return s.server.Addr(service) }

// TLSAddr does what Addr does, for listeners with TLS only.
func (s *Server) TLSAddr(service string) string { return s.server.TLSAddr(service) }

// Client returns a client for the server. It shares no connections with other clients, and uses no
// proxy. It trusts the emulator's CA, or the certificate that the emulator was given.
func (s *Server) Client() *http.Client { return s.core.Transport.Client() }

// CA returns the certificate of the emulator's own CA, in PEM. It returns nil if there is none.
func (s *Server) CA() []byte { return s.core.Transport.CA() }

// Environment returns the variables, NAME=VALUE, with which clients find the server and log in.
// They are STANDIN_URL, those of OpenStack and PrivX clients, and DEVOPS_URL, DEVOPS_USERNAME and
// DEVOPS_PASSWORD. The user is demo, or the first user of the fixture if there is no demo.
func (s *Server) Environment() []string { return s.in.Environment(s.URL) }

// NewSandbox creates a sandbox with the given name. It starts as the emulator did, unless options
// say otherwise. It exists until it is deleted.
func (s *Server) NewSandbox(name string, opts ...SandboxOption) (*Sandbox, error) {
	return s.newSandbox(s.at, name, opts)
}

// Sandbox creates a sandbox for a test. Its name is made from that of the test, and it is deleted
// when the test ends. Requests reach it by its URL, by a token issued in it, or by its name in the
// header X-Standin-Sandbox.
func (s *Server) Sandbox(tb TB, opts ...SandboxOption) *Sandbox {
	tb.Helper()
	return s.testSandbox(s.at, tb, opts)
}

// at sets the URLs and the client of a sandbox on the server.
func (s *Server) at(box *Sandbox) {
	box.URL, box.client = s.URL+"/~"+box.Name(), s.Client
	if s.TLSURL != "" {
		box.TLSURL = s.TLSURL + "/~" + box.Name()
	}
}

// Shutdown stops listening. It waits for exchanges in progress until the context ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.server.Shutdown(ctx) }

// Close stops the server at once. It may be called more than once.
func (s *Server) Close() error { return s.server.Close() }

// DeleteSandbox deletes a sandbox, and ends the requests that wait in it. It reports whether the
// sandbox existed. It does not delete the default sandbox.
func (s *Server) DeleteSandbox(name string) bool { return s.core.Sandboxes.Delete(name) }

// Violations returns how many checked answers violated their contract, in all sandboxes.
func (s *Server) Violations() uint64 { return s.core.Path.Violations() }
