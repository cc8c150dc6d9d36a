package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
)

// A Server serves a handler on its listeners. It is safe for concurrent use.
type Server struct {
	transport *Transport
	http      *http.Server
	open      []bounded
	done      sync.WaitGroup
	stop      context.CancelFunc // cancels the context of all requests

	mu        sync.Mutex
	addresses []Address // of the open listeners; empty once closed
}

// A bounded listener limits its connections and knows its address.
type bounded interface {
	net.Listener
	where() Address
}

// Listen opens listeners. They accept no connections before Serve is called. The error for an
// address that is not HOST:PORT lists the expected forms.
func (t *Transport) Listen(ctx context.Context, addresses ...Address) (*Server, error) {
	s := &Server{transport: t}
	s.http, s.stop = t.httpServer()
	if err := s.listen(ctx, addresses); err != nil {
		_ = s.Close()
		return nil, err
	}
	for _, l := range s.open {
		s.addresses = append(s.addresses, l.where())
	}
	return s, nil
}

func (s *Server) listen(ctx context.Context, addresses []Address) error {
	var hosts []string
	for _, a := range addresses {
		if a.TLS {
			host, _, _ := net.SplitHostPort(a.At)
			hosts = append(hosts, host)
		}
	}
	var config *tls.Config
	if hosts != nil {
		var err error
		if config, err = s.transport.secure(hosts); err != nil {
			return err
		}
	}
	for _, a := range addresses {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.At)
		if err != nil {
			if _, _, bad := net.SplitHostPort(a.At); bad != nil {
				err = fmt.Errorf("%w (expected HOST:PORT, https://HOST:PORT, or NAME= before it for one service)", err)
			}
			return fmt.Errorf("listen %q: %w", a, err)
		}
		a.At = l.Addr().String()
		own := &listener{Listener: l, at: a, find: s.Find, crowd: s.transport.crowd}
		if a.TLS {
			s.open = append(s.open, newSecured(own, config, s.transport.options.Log))
		} else {
			s.open = append(s.open, own)
		}
	}
	return nil
}

// Serve starts to serve in the background. It ends when ctx is done or the server is closed.
func (s *Server) Serve(ctx context.Context) {
	for _, l := range s.open {
		if l, ok := l.(*secured); ok {
			s.done.Go(l.run)
		}
		s.done.Go(func() { _ = s.http.Serve(l) })
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	s.http.RegisterOnShutdown(func() { stop() })
}

// Addresses returns the addresses of the listeners, in the order in which they were given to
// Listen. It returns none once the server is closed.
func (s *Server) Addresses() []Address {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.addresses)
}

// Find returns the address of the first listener that matches, in the order of wanted.
func (s *Server) Find(wanted ...Want) (Address, bool) {
	all := s.Addresses()
	for _, w := range wanted {
		if i := slices.IndexFunc(all, func(a Address) bool { return a.Tag == w.Tag && a.TLS == w.TLS }); i >= 0 {
			return all[i], true
		}
	}
	return Address{}, false
}

// end removes the addresses and cancels the context of the requests.
func (s *Server) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = nil
	s.stop()
}

// Shutdown closes the listeners and waits for active requests until ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.done.Wait()
	return err
}

// Close closes the listeners and all connections at once. It may be called more than once.
func (s *Server) Close() error {
	s.end()
	err := s.http.Close()
	for _, l := range s.open { // net/http closes only the listeners that Serve was called for
		_ = l.Close()
	}
	s.done.Wait()
	return err
}
