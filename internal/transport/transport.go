// Package transport serves an http.Handler over TCP listeners, over TLS with its own CA, and over
// pipes in memory. It limits the number of connections, and lets a handler take over a connection
// to break it.
//
// It does not depend on what is served. It is the only package that uses net.Listener, tls.Config
// and http.Hijacker. It imports the standard library only, and golang.org/x/sys on Linux for
// calls to the kernel.
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// A Transport is shared by the servers of one handler: it holds their limit of connections and
// the CA. It is safe for concurrent use.
type Transport struct {
	handler http.Handler
	options Options
	crowd   *crowd
	memory  memory

	mu        sync.Mutex
	authority *authority // nil if there is no CA
}

// New returns a Transport that serves nothing yet. It creates the CA if the options turn TLS on
// without a certificate.
func New(h http.Handler, o Options) (*Transport, error) {
	o = o.whole()
	t := &Transport{handler: h, options: o, crowd: newCrowd(o)}
	t.memory.make = t.httpServer
	if err := o.TLS.check(); err != nil {
		return nil, err
	}
	if o.TLS.On && o.TLS.Certificate == nil {
		return t, t.makeCA()
	}
	return t, nil
}

// Connections returns the number of open connections.
func (t *Transport) Connections() int { return t.crowd.taken() }

// Close closes what MemoryClient started. It may be called more than once.
func (t *Transport) Close() error { return t.memory.close() }

// httpServer returns a new server, and a function that cancels the context of its requests.
func (t *Transport) httpServer() (*http.Server, context.CancelFunc) {
	base, stop := context.WithCancel(context.Background())
	return &http.Server{
		Handler:           t.handler,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: t.options.Header,
		ReadTimeout:       t.options.Request,
		IdleTimeout:       t.options.Idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState: func(c net.Conn, state http.ConnState) {
			if own := ownConn(c); own != nil && own.seat != nil {
				own.seat.follow(state)
			}
		},
		ErrorLog: log.New(complaints{t.options.Log}, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, ownConn(c))
		},
	}, stop
}

// complaints logs what net/http logs as warnings.
type complaints struct{ log *slog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.log.Warn(strings.TrimSpace(string(line)))
	return len(line), nil
}

// client returns an http.Client with connections of its own and without a proxy.
func client(config *tls.Config) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.TLSClientConfig = nil, config
	return &http.Client{Transport: t}
}

// Client returns an http.Client for the servers of the transport. It has connections of its own
// and uses no proxy. It trusts the CA, or the certificate from the options.
func (t *Transport) Client() *http.Client {
	if pool := t.trusted(); pool != nil {
		return client(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	}
	return client(nil)
}

// makeCA creates the CA unless it exists.
func (t *Transport) makeCA() (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.authority == nil {
		t.authority, err = newAuthority()
	}
	return err
}

// CA returns the certificate of the transport's CA in PEM. It returns nil if there is no CA: TLS
// is off, or the options have a certificate.
func (t *Transport) CA() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.authority == nil {
		return nil
	}
	return slices.Clone(t.authority.pem)
}

// secure returns the TLS configuration of listeners on these hosts.
func (t *Transport) secure(hosts []string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{protoHTTP2, "http/1.1"}}
	if given := t.options.TLS.Certificate; given != nil {
		c.Certificates = []tls.Certificate{*given}
		return c, nil
	}
	if err := t.makeCA(); err != nil {
		return nil, err
	}
	names := append(slices.Clone(defaultHosts), t.options.TLS.Hosts...)
	for _, h := range hosts {
		if ip := net.ParseIP(h); nameable(h) && !ip.IsUnspecified() {
			names = append(names, h)
		}
	}
	cert, err := t.authority.issue(names)
	c.Certificates = []tls.Certificate{cert}
	return c, err
}

// trusted returns the certificates that Client trusts: the CA, or the certificate of the options
// and the system's CAs. It returns nil without TLS.
func (t *Transport) trusted() *x509.CertPool {
	if given := t.options.TLS.Certificate; given != nil {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		for _, der := range given.Certificate {
			if c, err := x509.ParseCertificate(der); err == nil {
				pool.AddCert(c)
			}
		}
		return pool
	}
	ca := t.CA()
	if ca == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return pool
}

// MemoryClient returns a client that reaches the handler over pipes, without a network. A real
// http.Server is at the other end, so timeouts and incomplete responses work. Inside
// testing/synctest everything runs on virtual time. The URL is http:// with any host name. Inside
// a synctest bubble, Close must be called before the bubble ends.
func (t *Transport) MemoryClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: t.memory.dial}}
}
