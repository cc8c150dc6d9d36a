package emulator

import (
	"context"
	"net/http"

	"standin/internal/core"
)

// An Emulator emulates all services. It is an http.Handler. Client reaches it without a network,
// and Start makes it listen. New and NewT create one. Its methods may be called by several
// goroutines at once.
type Emulator struct {
	// URL is the URL of the default sandbox for Client: "http://standin".
	URL string

	box
}

// memoryURL is the URL at which the client in memory finds the emulator.
const memoryURL = "http://standin"

// New returns an emulator. By default it starts from the fixture "empty" with the seed 1, requires
// callers to log in, and logs nothing. The error lists the mistakes in fixtures, scenarios and
// contracts, with file, line and column. Close releases what Client uses.
func New(opts ...Option) (*Emulator, error) { return newEmulator(nil, opts) }

func newEmulator(tb TB, opts []Option) (*Emulator, error) {
	o := core.Options{}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt.change(&o); err != nil {
			return nil, err
		}
	}
	o.Transport.Log = o.Exchange.Log
	c, err := core.New(o)
	if err != nil {
		return nil, err
	}
	return &Emulator{URL: memoryURL, box: box{core: c, in: c.Sandboxes.Default(), tb: tb}}, nil
}

// ServeHTTP answers one request to any service.
//
// If another package's server calls it, some features work differently. The reason phrase of a
// status such as 753 is that of net/http, and the journal does not know the connection. A fault
// that breaks the connection panics with http.ErrAbortHandler if the connection cannot be taken
// over, as over HTTP/2 or in a recorder.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.core.Path.ServeHTTP(w, r) }

// Client returns a client that reaches the emulator without a network. It uses in-memory pipes with
// a real http.Server, so timeouts and partial answers work. Inside testing/synctest everything runs
// on virtual time. The URL is e.URL, or http:// and any other host name. Inside a bubble, Close
// must be called before the bubble ends; NewT does this.
func (e *Emulator) Client() *http.Client { return e.core.Transport.MemoryClient() }

// Close releases what Client uses. It does not close servers. It may be called more than once.
func (e *Emulator) Close() error { return e.core.Transport.Close() }

// CA returns the certificate of the emulator's own CA, in PEM. GET /_standin/ca.pem returns it too.
// CA returns nil if the emulator serves no TLS, or uses a certificate that it was given.
func (e *Emulator) CA() []byte { return e.core.Transport.CA() }

// Start listens on the addresses, and returns when the server accepts requests.
//
// An address is HOST:PORT for all services, or NAME=HOST:PORT for one service. With https:// before
// HOST, it accepts TLS with HTTP/2 or HTTP/1.1. The default is 127.0.0.1 with a free port, and with
// WithTLS a second free port for TLS. The server closes when the context ends.
func (e *Emulator) Start(ctx context.Context, addresses ...string) (*Server, error) {
	s, err := e.core.Start(ctx, addresses...)
	if err != nil {
		return nil, err
	}
	return &Server{URL: s.URL, TLSURL: s.TLSURL, server: s, box: e.box}, nil
}

// NewSandbox creates a sandbox with the given name. It starts as the emulator did, unless options
// say otherwise. It exists until it is deleted. Its URL and Client reach it in memory.
func (e *Emulator) NewSandbox(name string, opts ...SandboxOption) (*Sandbox, error) {
	return e.newSandbox(e.at, name, opts)
}

// Sandbox creates a sandbox for a test. Its name is made from that of the test, and it is deleted
// when the test ends. Requests reach it by its URL, by a token issued in it, or by its name in the
// header X-Standin-Sandbox.
func (e *Emulator) Sandbox(tb TB, opts ...SandboxOption) *Sandbox {
	tb.Helper()
	return e.testSandbox(e.at, tb, opts)
}

// at sets the URL and the client of a sandbox in memory.
func (e *Emulator) at(s *Sandbox) {
	s.URL, s.client = e.URL+"/~"+s.Name(), e.Client
}

// DeleteSandbox deletes a sandbox, and ends the requests that wait in it. It reports whether the
// sandbox existed. It does not delete the default sandbox.
func (e *Emulator) DeleteSandbox(name string) bool { return e.core.Sandboxes.Delete(name) }

// Violations returns how many checked answers violated their contract, in all sandboxes.
func (e *Emulator) Violations() uint64 { return e.core.Path.Violations() }
