package transport

import (
	"log/slog"
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
