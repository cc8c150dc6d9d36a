// Package transport carries HTTP for a handler: over listeners that know what they are for,
// over TLS with a CA of its own, over pipes in memory. It bounds the connections, and hands
// one out to whoever wants to break it.
//
// It knows nothing of what is served: it is the one package that names net.Listener,
// tls.Config and the hijacking of connections. It imports the standard library, and
// golang.org/x/sys on Linux, where it asks the kernel.
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

// A Transport is what the servers of one handler share: the bound on their connections, and
// the CA. Its methods may be used from many goroutines.
type Transport struct {
	handler http.Handler
	options Options
	crowd   *crowd
	memory  memory

	mu        sync.Mutex
	authority *authority // nil without a CA
}

// New makes a transport that serves nothing yet. It makes the CA if the options want one.
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

// Connections is how many connections are open.
func (t *Transport) Connections() int { return t.crowd.taken() }

// Close ends what Client has started. Closing twice does no harm.
func (t *Transport) Close() error { return t.memory.close() }

// httpServer makes a server, and the function that ends all waiting in it.
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

// complaints are what net/http logs, as warnings of the logger.
type complaints struct{ log *slog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.log.Warn(strings.TrimSpace(string(line)))
	return len(line), nil
}

// client is an ordinary client that shares no connections with others and asks no proxy.
func client(config *tls.Config) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy, t.TLSClientConfig = nil, config
	return &http.Client{Transport: t}
}

// Client is an ordinary client for the servers of the transport. It shares no connections with
// others and asks no proxy. It trusts the CA, or the certificate that was given.
func (t *Transport) Client() *http.Client {
	if pool := t.trusted(); pool != nil {
		return client(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	}
	return client(nil)
}

// makeCA makes the CA unless there is one.
func (t *Transport) makeCA() (err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.authority == nil {
		t.authority, err = newAuthority()
	}
	return err
}

// CA is the certificate, in PEM, of the transport's own CA. It is nil where there is none: the
// transport was not told to serve TLS, or was given a certificate.
func (t *Transport) CA() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.authority == nil {
		return nil
	}
	return slices.Clone(t.authority.pem)
}

// secure is how TLS is spoken on listeners of these hosts.
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

// trusted is what a client of ours takes for true: the CA, or what has issued
// the given certificate. It is nil without TLS.
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

// MemoryClient reaches the handler without a network, over pipes behind a real http.Server:
// time-outs and half answers behave, and inside testing/synctest all of it runs on virtual time.
// The URL is http:// and any host name. Close ends it; inside a bubble it must be called before
// the bubble ends.
func (t *Transport) MemoryClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: t.memory.dial}}
}
