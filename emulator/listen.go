package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An address is where a service, or all of them, listen.
type address struct {
	server  *Server
	service string // empty: all
	addr    net.Addr
}

// A Server is an emulator on its listeners. Its methods may be used from many
// goroutines.
type Server struct {
	// URL is the address of the combined listener, or of the first one.
	URL string

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
	maxConnections    = 8192 // more wait to be accepted
)

// Start listens on the addresses and returns when it can be called. An address
// is HOST:PORT for all services, or NAME=HOST:PORT for one of them; without any,
// it is 127.0.0.1 and a free port. The context ends the server as Close does.
func (e *Emulator) Start(ctx context.Context, addresses ...string) (*Server, error) {
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1:0"}
	}
	s := &Server{Emulator: e}
	var open []net.Listener
	var named []address
	for _, a := range addresses {
		l, name, err := e.listen(ctx, a)
		if err != nil {
			for _, o := range open {
				_ = o.Close()
			}
			return nil, err
		}
		open, named = append(open, l), append(named, address{server: s, service: name, addr: l.Addr()})
	}
	e.mu.Lock()
	e.listeners = append(e.listeners, named...)
	if slices.ContainsFunc(named, func(a address) bool { return a.service == controlService }) {
		e.apart.Store(true)
	}
	e.mu.Unlock()
	s.URL = "http://" + reachable(named)
	s.Emulator.URL = s.URL
	s.http, s.stop = newHTTPServer(e)
	for i, l := range open {
		s.done.Go(func() {
			_ = s.http.Serve(&listener{Listener: l, at: named[i], free: make(chan struct{}, maxConnections)})
		})
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	s.http.RegisterOnShutdown(func() { stop() })
	return s, nil
}

// newHTTPServer makes a server, and the function that ends all waiting in it.
func newHTTPServer(e *Emulator) (*http.Server, context.CancelFunc) {
	base, stop := context.WithCancel(context.Background())
	return &http.Server{
		Handler:           e,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}, stop
}

func (e *Emulator) listen(ctx context.Context, a string) (net.Listener, string, error) {
	name, at, ok := strings.Cut(a, "=")
	if !ok {
		name, at = "", a
	}
	if name != "" && e.routes.byName[name] == nil {
		return nil, "", fmt.Errorf("listen %q: no service %q; there are %s", a, name, strings.Join(e.serviceNames(), ", "))
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		if _, _, bad := net.SplitHostPort(at); bad != nil {
			err = fmt.Errorf("%w (expected HOST:PORT, or NAME=HOST:PORT for one service)", err)
		}
		return nil, "", fmt.Errorf("listen %q: %w", a, err)
	}
	return l, name, nil
}

// serviceNames are the services that can have a listener of their own.
func (e *Emulator) serviceNames() []string {
	var names []string
	for _, b := range e.routes.services {
		names = append(names, b.Name)
	}
	return names
}

// reachable is the address that a client on this machine uses.
func reachable(all []address) string {
	at := all[0].addr
	for _, a := range all {
		if a.service == "" {
			at = a.addr
			break
		}
	}
	host, port, err := net.SplitHostPort(at.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// Addr is the address of the listener of a service; of the combined one for
// services that have none of their own, and for the empty name. It is empty
// where there is neither.
func (s *Server) Addr(service string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{service, ""} {
		for _, a := range s.listeners {
			if a.server == s && a.service == name {
				return a.addr.String()
			}
		}
	}
	return ""
}

// Client is an ordinary client for the server; it shares no connections with
// others.
func (s *Server) Client() *http.Client {
	return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
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

// endpoint is where a service is reached by whoever sent the request. Behind the
// listener of one service, others are on the same host, on their own port or under
// their prefix on the combined one.
func (e *Emulator) endpoint(x *exchange, name string) string {
	prefix := e.routes.byName[name].contract.Prefix
	switch x.listener() {
	case "":
		return x.Root() + prefix
	case name:
		return x.Root()
	}
	server := x.conn.at.server
	host := x.request.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, own := range []bool{true, false} {
		i := slices.IndexFunc(e.listeners, func(a address) bool {
			return a.server == server && (own && a.service == name || !own && a.service == "")
		})
		if i < 0 {
			continue
		}
		_, port, err := net.SplitHostPort(e.listeners[i].addr.String())
		if err != nil {
			continue
		}
		url := "http://" + net.JoinHostPort(host, port) + x.inside
		if !own {
			url += prefix
		}
		return url
	}
	return ""
}

// A listener knows which service it is for and bounds its connections.
type listener struct {
	net.Listener
	at   address
	free chan struct{}
}

// Accept waits for a connection, and for a place for it.
func (l *listener) Accept() (net.Conn, error) {
	l.free <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return newConn(c, l.at, sync.OnceFunc(func() { <-l.free })), nil
}

// A conn knows which one it is, and can put a reason phrase of ours into the status
// line of the next answer: net/http knows none for 753.
type conn struct {
	net.Conn
	at       address
	id       uint64 // counted from 1 in the process
	requests int    // that came in by it
	release  func()
	line     []byte // as net/http will write it; nil if it is to stay
	instead  []byte
}

var conns atomic.Uint64

func newConn(c net.Conn, at address, release func()) *conn {
	return &conn{Conn: c, at: at, id: conns.Add(1), release: release}
}

// NetConn is the connection below, as crypto/tls has it.
func (c *conn) NetConn() net.Conn { return c.Conn }

type connKey struct{}

func connOf(r *http.Request) *conn {
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}

// listener is the service of the listener that the request came in by.
func (x *exchange) listener() string {
	if x.conn != nil {
		return x.conn.at.service
	}
	return ""
}

// version begins a status line.
func version(r *http.Request) string {
	if r.ProtoAtLeast(1, 1) {
		return "HTTP/1.1 "
	}
	return "HTTP/1.0 "
}

// phrase asks for a reason phrase. Without a listener of ours there is none.
func (x *exchange) phrase(status int, reason string) {
	c := x.conn
	if c == nil || x.request.ProtoMajor != 1 {
		return
	}
	code, version := strconv.Itoa(status), version(x.request)
	written := http.StatusText(status)
	if written == "" {
		written = "status code " + code
	}
	c.line = []byte(version + code + " " + written + "\r\n")
	c.instead = []byte(version + code + " " + reason + "\r\n")
}

// Write writes to the connection. An answer begins with a write of its own,
// because net/http flushes the one before.
func (c *conn) Write(b []byte) (int, error) {
	if c.line == nil || !bytes.HasPrefix(b, c.line) {
		return c.Conn.Write(b)
	}
	n := len(b)
	b = append(c.instead, b[len(c.line):]...)
	c.line = nil
	if _, err := c.Conn.Write(b); err != nil {
		return 0, err
	}
	return n, nil
}

// Close closes the connection and frees its place.
func (c *conn) Close() error {
	c.release()
	return c.Conn.Close()
}
