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
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The defaults of Options.
const (
	DefaultConnections = 8192
	DefaultPatience    = 30 * time.Second
	DefaultGrace       = 500 * time.Millisecond

	// The times that a client has by default: for the headers of a request, for a request
	// with its body, and until the next one.
	HeaderTimeout  = 30 * time.Second
	RequestTimeout = 2 * time.Minute
	IdleTimeout    = 2 * time.Minute
)

// maxHeaderBytes bounds a request's line and headers together: 64 KiB. net/http answers more
// with 431.
const maxHeaderBytes = 64 << 10

// Options say how connections are served. The zero value of each is its default.
type Options struct {
	Connections int           // that may be open at once; DefaultConnections
	Patience    time.Duration // with a client that does not read a piece of an answer; DefaultPatience
	Grace       time.Duration // that a connection has for its next request before it gives way to a new one; DefaultGrace, negative: none
	Header      time.Duration // for the headers of a request; HeaderTimeout
	Request     time.Duration // for a request with its body; RequestTimeout
	Idle        time.Duration // until the next request; IdleTimeout
	TLS         TLS
	Log         *slog.Logger // nil: nothing is logged
}

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
	t.memory.transport = t
	if err := o.TLS.check(); err != nil {
		return nil, err
	}
	if o.TLS.On && o.TLS.Certificate == nil {
		return t, t.makeCA()
	}
	return t, nil
}

// whole has the defaults in place of zero values.
func (o Options) whole() Options {
	given := func(d *time.Duration, usual time.Duration) {
		if *d == 0 {
			*d = usual
		}
	}
	if o.Connections == 0 {
		o.Connections = DefaultConnections
	}
	given(&o.Patience, DefaultPatience)
	given(&o.Grace, DefaultGrace)
	given(&o.Header, HeaderTimeout)
	given(&o.Request, RequestTimeout)
	given(&o.Idle, IdleTimeout)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Bounds are how many connections may be open at once, and the patience with clients that do
// not read: the defaults where the options say nothing.
func (o Options) Bounds() (connections int, patience time.Duration) {
	o = o.whole()
	return o.Connections, o.Patience
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
		ConnState:         t.crowd.follow,
		ErrorLog:          log.New(complaints{t.options.Log}, "", 0),
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
