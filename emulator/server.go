package emulator

import (
	"context"
	"net/http"

	"standin/internal/core"
)

// A Server is an emulator on its listeners. Make one with RunT, or with Emulator.Start. Its
// methods may be used from many goroutines.
type Server struct {
	// URL is the address of the combined listener, or of the first one. Without TLS
	// comes first.
	URL string
	// TLSURL is the address of the combined listener with TLS, or of the first one
	// with it; empty without.
	TLSURL string

	server *core.Server
	box
}

// Addr is the address, HOST:PORT, of the listener of a service; of the combined one for services
// that have none of their own, and for the empty name. One without TLS comes first. It is empty
// where there is none.
func (s *Server) Addr(service string) string { return s.server.Addr(service) }

// TLSAddr is Addr for listeners with TLS alone.
func (s *Server) TLSAddr(service string) string { return s.server.TLSAddr(service) }

// Client is an ordinary client for the server; it shares no connections with others and asks no
// proxy. It trusts the emulator's CA, or the certificate that it was given.
func (s *Server) Client() *http.Client { return s.core.Transport.Client() }

// CA is the certificate, in PEM, of the emulator's own CA; nil where there is none.
func (s *Server) CA() []byte { return s.core.Transport.CA() }

// Environment lists the variables, NAME=VALUE, by which clients find the server and log in:
// STANDIN_URL, those of OpenStack's clients, of PrivX's, and DEVOPS_URL, DEVOPS_USERNAME,
// DEVOPS_PASSWORD. The user who logs in is demo, or else the first of the fixture.
func (s *Server) Environment() []string { return s.in.Environment(s.URL) }

// NewSandbox makes a sandbox. It starts as the emulator does, unless options say otherwise. It
// stays until it is deleted.
func (s *Server) NewSandbox(name string, opts ...SandboxOption) (*Sandbox, error) {
	return s.newSandbox(s.at, name, opts)
}

// Sandbox makes a sandbox for a test, named after it, which is deleted when the test ends. Its
// URL, with a path prefix, leads into it; so do tokens that are issued in it, and its name in the
// header X-Standin-Sandbox.
func (s *Server) Sandbox(tb TB, opts ...SandboxOption) *Sandbox {
	tb.Helper()
	return s.testSandbox(s.at, tb, opts)
}

// at gives a sandbox its URLs and client on the server.
func (s *Server) at(box *Sandbox) {
	box.URL, box.client = s.URL+"/~"+box.Name(), s.Client
	if s.TLSURL != "" {
		box.TLSURL = s.TLSURL + "/~" + box.Name()
	}
}

// Shutdown stops listening and waits for the exchanges under way until the context ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.server.Shutdown(ctx) }

// Close stops at once. Closing twice does no harm.
func (s *Server) Close() error { return s.server.Close() }

// DeleteSandbox deletes a sandbox, and cuts the requests that wait in it. It reports whether
// there was one. The default sandbox stays.
func (s *Server) DeleteSandbox(name string) bool { return s.core.Sandboxes.Delete(name) }

// Violations counts the answers that were found not to keep to the contract, in all sandboxes.
func (s *Server) Violations() uint64 { return s.core.Path.Violations() }
