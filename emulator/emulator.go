package emulator

import (
	"context"
	"net/http"

	"standin/internal/core"
)

// An Emulator emulates all services. It is an http.Handler; Client reaches it without a network,
// Start listens. Make one with New or NewT. Its methods may be used from many goroutines.
type Emulator struct {
	// URL leads Client to the default sandbox: "http://standin".
	URL string

	box
}

// memoryURL is where the client in memory finds the emulator.
const memoryURL = "http://standin"

// New makes an emulator. Without options it starts from the fixture "empty" with the seed 1,
// requires callers to log in, and logs nothing. An error lists the mistakes in fixtures, scenarios
// and contracts, with file, line and column. Close ends what Client has started.
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

// ServeHTTP answers one request of any service. Behind a server that is not this package's, the
// reason phrase of a status such as 753 is net/http's, and the journal does not know connections.
// Where a connection cannot be taken over (HTTP/2, a recorder), a fault that breaks it panics with
// http.ErrAbortHandler, as net/http's own handlers do.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.core.Path.ServeHTTP(w, r) }

// Client reaches the emulator without a network, over pipes behind a real http.Server: time-outs
// and half answers behave, and inside testing/synctest all of it runs on virtual time. The URL
// is e.URL, or http:// and any other host name. Inside a bubble, Close must be called before the
// bubble ends; NewT sees to it.
func (e *Emulator) Client() *http.Client { return e.core.Transport.MemoryClient() }

// Close ends what Client has started. Servers go on. Closing twice does no harm.
func (e *Emulator) Close() error { return e.core.Transport.Close() }

// CA is the certificate, in PEM, of the emulator's own CA, which GET /_standin/ca.pem answers
// too. It is nil where there is none: the emulator has not been told to serve TLS, or was given
// a certificate.
func (e *Emulator) CA() []byte { return e.core.Transport.CA() }

// Start listens on the addresses and returns when the server can be called. An address is
// HOST:PORT for all services, or NAME=HOST:PORT for one of them; https:// before HOST says that it
// speaks TLS, HTTP/2 and HTTP/1.1. Without any, it is 127.0.0.1 and a free port; with WithTLS, and
// another one with TLS. The context ends the server as Close does.
func (e *Emulator) Start(ctx context.Context, addresses ...string) (*Server, error) {
	s, err := e.core.Start(ctx, addresses...)
	if err != nil {
		return nil, err
	}
	return &Server{URL: s.URL, TLSURL: s.TLSURL, server: s, box: e.box}, nil
}

// NewSandbox makes a sandbox. It starts as the emulator does, unless options say otherwise. It
// stays until it is deleted. Its URL and Client are those of the emulator in memory.
func (e *Emulator) NewSandbox(name string, opts ...SandboxOption) (*Sandbox, error) {
	return e.newSandbox(e.at, name, opts)
}

// Sandbox makes a sandbox for a test, named after it, which is deleted when the test ends. Its
// URL, with a path prefix, leads into it; so do tokens that are issued in it, and its name in the
// header X-Standin-Sandbox.
func (e *Emulator) Sandbox(tb TB, opts ...SandboxOption) *Sandbox {
	tb.Helper()
	return e.testSandbox(e.at, tb, opts)
}

// at gives a sandbox its URL and client in memory.
func (e *Emulator) at(s *Sandbox) {
	s.URL, s.client = e.URL+"/~"+s.Name(), e.Client
}

// DeleteSandbox deletes a sandbox, and cuts the requests that wait in it. It reports whether
// there was one. The default sandbox stays.
func (e *Emulator) DeleteSandbox(name string) bool { return e.core.Sandboxes.Delete(name) }

// Violations counts the answers that were found not to keep to the contract, in all sandboxes.
func (e *Emulator) Violations() uint64 { return e.core.Path.Violations() }
