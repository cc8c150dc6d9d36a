package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// An address is where a service, or all of them, listen.
type address struct {
	server  *Server
	service string // empty: all
	tls     bool
	addr    net.Addr
}

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
	http *http.Server
	done sync.WaitGroup
	stop context.CancelFunc // ends the context of all requests
}

// The bounds of a connection. A request's line and headers may be 64 KiB
// together; net/http answers more with 431.
const (
	maxHeaderBytes    = 64 << 10
	readHeaderTimeout = 30 * time.Second
	readTimeout       = 2 * time.Minute // for a request with its body
	idleTimeout       = 2 * time.Minute
)

// times are how long a client may take.
type times struct {
	header  time.Duration // for the headers of a request
	request time.Duration // for a request with its body
	idle    time.Duration // until the next request
}

// Start listens on the addresses and returns when it can be called. An address
// is HOST:PORT for all services, or NAME=HOST:PORT for one of them; https:// before HOST says
// that it speaks TLS, HTTP/2 and HTTP/1.1. Without any, it is 127.0.0.1 and a free port; with
// WithTLS, and another one with TLS. The context ends the server as Close does.
func (e *Emulator) Start(ctx context.Context, addresses ...string) (*Server, error) {
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1:0"}
		if e.config.tls.on {
			addresses = append(addresses, secureScheme+"127.0.0.1:0")
		}
	}
	s := &Server{Emulator: e}
	open, err := s.listen(ctx, addresses)
	if err != nil {
		for _, o := range open {
			_ = o.Close()
		}
		return nil, err
	}
	s.serve(ctx, open)
	return s, nil
}

// serve begins to serve on listeners.
func (s *Server) serve(ctx context.Context, open []bounded) {
	s.register(open)
	s.http, s.stop = newHTTPServer(s.Emulator)
	for _, l := range open {
		if l, ok := l.(*secured); ok {
			s.done.Go(l.run)
		}
		s.done.Go(func() { _ = s.http.Serve(l) })
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	s.http.RegisterOnShutdown(func() { stop() })
}

// A bounded listener is one of a server's.
type bounded interface {
	net.Listener
	where() address
}

// listen opens listeners. With an error it returns those that were open by then.
func (s *Server) listen(ctx context.Context, addresses []string) (open []bounded, err error) {
	var hosts []string
	for _, a := range addresses {
		if _, at, tls := s.parse(a); tls {
			host, _, _ := net.SplitHostPort(at)
			hosts = append(hosts, host)
		}
	}
	var config *tls.Config
	if hosts != nil {
		if config, err = s.secure(hosts); err != nil {
			return nil, err
		}
	}
	for _, a := range addresses {
		l, err := s.open(ctx, a)
		if err != nil {
			return open, err
		}
		if l.at.tls {
			open = append(open, newSecured(l, config, s.config.logger))
		} else {
			open = append(open, l)
		}
	}
	return open, nil
}

// register notes where the server listens.
func (s *Server) register(open []bounded) {
	s.mu.Lock()
	for _, l := range open {
		s.listeners = append(s.listeners, l.where())
		if l.where().service == controlService {
			s.apart.Store(true)
		}
	}
	s.mu.Unlock()
	if a, ok := s.find(want{"", false}, want{"", true}); ok {
		s.URL = a.url()
	} else {
		s.URL = open[0].where().url()
	}
	if a, ok := s.find(want{"", true}); ok {
		s.TLSURL = a.url()
	} else if i := slices.IndexFunc(open, func(l bounded) bool { return l.where().tls }); i >= 0 {
		s.TLSURL = open[i].where().url()
	}
	s.Emulator.URL, s.Emulator.TLSURL = s.URL, s.TLSURL
}

// newHTTPServer makes a server, and the function that ends all waiting in it.
func newHTTPServer(e *Emulator) (*http.Server, context.CancelFunc) {
	base, stop := context.WithCancel(context.Background())
	return &http.Server{
		Handler:           e,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: e.config.times.header,
		ReadTimeout:       e.config.times.request,
		IdleTimeout:       e.config.times.idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         e.crowd.follow,
		ErrorLog:          log.New(complaints{e.config.logger}, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, ownConn(c))
		},
	}, stop
}

// complaints are what net/http logs, as warnings of the logger.
type complaints struct{ logger zerolog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.logger.Warn().Msg(strings.TrimSpace(string(line)))
	return len(line), nil
}

// parse divides an address into the service, HOST:PORT, and whether it speaks TLS.
func (s *Server) parse(a string) (service, at string, tls bool) {
	service, at, ok := strings.Cut(a, "=")
	if !ok {
		service, at = "", a
	}
	at, tls = strings.CutPrefix(at, secureScheme)
	return service, strings.TrimPrefix(at, "http://"), tls
}

// open listens on one address.
func (s *Server) open(ctx context.Context, a string) (*listener, error) {
	name, at, tls := s.parse(a)
	if name != "" && s.routes.byName[name] == nil {
		return nil, fmt.Errorf("listen %q: no service %q; there are %s", a, name, strings.Join(s.serviceNames(), ", "))
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		if _, _, bad := net.SplitHostPort(at); bad != nil {
			err = fmt.Errorf("%w (expected HOST:PORT, https://HOST:PORT, or NAME= before it for one service)", err)
		}
		return nil, fmt.Errorf("listen %q: %w", a, err)
	}
	where := address{server: s, service: name, tls: tls, addr: l.Addr()}
	return &listener{Listener: l, at: where, crowd: s.crowd}, nil
}

// serviceNames are the services that can have a listener of their own.
func (e *Emulator) serviceNames() []string {
	var names []string
	for _, b := range e.routes.services {
		names = append(names, b.Name)
	}
	return names
}

// url is how a client on this machine reaches an address.
func (a address) url() string {
	host, port, err := net.SplitHostPort(a.addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return a.scheme() + net.JoinHostPort(host, port)
}

const (
	plainScheme  = "http://"
	secureScheme = "https://"
)

func (a address) scheme() string {
	if a.tls {
		return secureScheme
	}
	return plainScheme
}

// A want is a listener that would do.
type want struct {
	service string // empty: for all
	tls     bool
}

// find returns the listener of the server that is the first to be wanted.
func (s *Server) find(wanted ...want) (address, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wanted {
		for _, a := range s.listeners {
			if a.server == s && a.service == w.service && a.tls == w.tls {
				return a, true
			}
		}
	}
	return address{}, false
}

// Addr is the address of the listener of a service; of the combined one for
// services that have none of their own, and for the empty name. One without TLS
// comes first. It is empty where there is none.
func (s *Server) Addr(service string) string {
	if a, ok := s.find(want{service, false}, want{service, true}, want{"", false}, want{"", true}); ok {
		return a.addr.String()
	}
	return ""
}

// TLSAddr is Addr for listeners with TLS alone.
func (s *Server) TLSAddr(service string) string {
	if a, ok := s.find(want{service, true}, want{"", true}); ok {
		return a.addr.String()
	}
	return ""
}

// Client is an ordinary client for the server; it shares no connections with
// others and asks no proxy. It trusts the emulator's CA, or the certificate that it was given.
func (s *Server) Client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	if pool := s.trusted(); pool != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: t}
}

// forget takes the server's listeners off the list of addresses.
func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = slices.DeleteFunc(s.listeners, func(a address) bool { return a.server == s })
}

// Shutdown stops listening and waits for the exchanges under way until the
// context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.forget()
	s.stop()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.done.Wait()
	return err
}

// Close stops at once. Closing twice does no harm.
func (s *Server) Close() error {
	s.forget()
	s.stop()
	err := s.http.Close()
	s.done.Wait()
	return err
}
