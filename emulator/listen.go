package emulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"standin/internal/transport"
)

// A Server is an emulator on its listeners. Its methods may be used from many
// goroutines.
type Server struct {
	// URL is the address of the combined listener, or of the first one. Without TLS
	// comes first.
	URL string
	// TLSURL is the address of the combined listener with TLS, or of the first one
	// with it; empty without.
	TLSURL string

	*Emulator
	server *transport.Server
}

// Start listens on the addresses and returns when it can be called. An address
// is HOST:PORT for all services, or NAME=HOST:PORT for one of them; https:// before HOST says
// that it speaks TLS, HTTP/2 and HTTP/1.1. Without any, it is 127.0.0.1 and a free port; with
// WithTLS, and another one with TLS. The context ends the server as Close does.
func (e *Emulator) Start(ctx context.Context, addresses ...string) (*Server, error) {
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1:0"}
		if e.config.transport.TLS.On {
			addresses = append(addresses, transport.SecureScheme+"127.0.0.1:0")
		}
	}
	var all []transport.Address
	for _, text := range addresses {
		a := transport.ParseAddress(text)
		if a.Tag != "" && e.routes.byName[a.Tag] == nil {
			return nil, fmt.Errorf("listen %q: no service %q; there are %s", text, a.Tag, strings.Join(e.serviceNames(), ", "))
		}
		all = append(all, a)
	}
	server, err := e.transport.Listen(ctx, all...)
	if err != nil {
		return nil, err
	}
	s := &Server{Emulator: e, server: server}
	s.locate()
	server.Serve(ctx)
	return s, nil
}

// locate notes where the server listens.
func (s *Server) locate() {
	all := s.server.Addresses()
	if slices.ContainsFunc(all, func(a transport.Address) bool { return a.Tag == controlService }) {
		s.apart.Store(true)
	}
	s.URL = all[0].URL()
	if a, ok := s.server.Find(transport.Want{}, transport.Want{TLS: true}); ok {
		s.URL = a.URL()
	}
	if a, ok := s.server.Find(transport.Want{TLS: true}); ok {
		s.TLSURL = a.URL()
	} else if i := slices.IndexFunc(all, func(a transport.Address) bool { return a.TLS }); i >= 0 {
		s.TLSURL = all[i].URL()
	}
	s.Emulator.URL, s.Emulator.TLSURL = s.URL, s.TLSURL
}

// serviceNames are the services that can have a listener of their own.
func (e *Emulator) serviceNames() []string {
	var names []string
	for _, b := range e.routes.services {
		names = append(names, b.Name)
	}
	return names
}

// Addr is the address of the listener of a service; of the combined one for
// services that have none of their own, and for the empty name. One without TLS
// comes first. It is empty where there is none.
func (s *Server) Addr(service string) string {
	a, _ := s.server.Find(transport.Want{Tag: service}, transport.Want{Tag: service, TLS: true}, transport.Want{}, transport.Want{TLS: true})
	return a.At
}

// TLSAddr is Addr for listeners with TLS alone.
func (s *Server) TLSAddr(service string) string {
	a, _ := s.server.Find(transport.Want{Tag: service, TLS: true}, transport.Want{TLS: true})
	return a.At
}

// Client is an ordinary client for the server; it shares no connections with
// others and asks no proxy. It trusts the emulator's CA, or the certificate that it was given.
func (s *Server) Client() *http.Client { return s.transport.Client() }

// Shutdown stops listening and waits for the exchanges under way until the
// context ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.server.Shutdown(ctx) }

// Close stops at once. Closing twice does no harm.
func (s *Server) Close() error { return s.server.Close() }

// Client reaches the emulator without a network, over pipes behind a real
// http.Server: time-outs and half answers behave, and inside testing/synctest
// all of it runs on virtual time. The URL is http:// and any host name. Close ends
// it; inside a bubble it must be called before the bubble ends.
func (e *Emulator) Client() *http.Client { return e.transport.MemoryClient() }

// Close ends what Client has started. Closing twice does no harm.
func (e *Emulator) Close() error { return e.transport.Close() }

// CA is the certificate, in PEM, of the emulator's own CA, which GET
// /_standin/ca.pem answers too. It is nil where there is none: the emulator
// has not been told to serve TLS, or was given a certificate.
func (e *Emulator) CA() []byte { return e.transport.CA() }
