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

	// The default times for a client to send the headers of a request, the whole request, and the
	// next request.
	HeaderTimeout  = 30 * time.Second
	RequestTimeout = 2 * time.Minute
	IdleTimeout    = 2 * time.Minute
)

// maxHeaderBytes is the max size in bytes of a request's line and headers together. net/http
// responds with 431 to more.
const maxHeaderBytes = 64 << 10

// Options configure how connections are served. The zero value of each is its default.
type Options struct {
	Connections int           // max number of open connections; default DefaultConnections
	Patience    time.Duration // max time for a client to read a piece of a response; default DefaultPatience
	Grace       time.Duration // min idle time before a connection is closed for a new one; default DefaultGrace, negative: none
	Header      time.Duration // max time to receive the headers of a request; default HeaderTimeout
	Request     time.Duration // max time to receive a request with its body; default RequestTimeout
	Idle        time.Duration // max time until the next request; default IdleTimeout
	TLS         TLS
	Log         *slog.Logger // nil: no logging
}

// whole returns the options with defaults for zero values.
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

// Bounds returns the options Connections and Patience, or their defaults.
func (o Options) Bounds() (connections int, patience time.Duration) {
	o = o.whole()
	return o.Connections, o.Patience
}
