package transport

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// A Conn is the connection of a request. It can replace the reason phrase of the next response,
// because net/http has none for 753. All methods but those of net.Conn accept a nil receiver, for
// requests that another server accepted.
type Conn struct {
	net.Conn
	at       Address
	find     func(...Want) (Address, bool) // finds listeners of the same server; nil in memory
	id       uint64                        // unique in the process, counted from 1
	requests atomic.Int64                  // number of requests on it
	seat     *seat                         // nil in memory
	patience time.Duration
	renewed  atomic.Int64 // time of the last SetWriteDeadline, in nanoseconds of Unix time
	failed   atomic.Bool  // a write timed out; nothing more is written
	line     []byte       // the status line that net/http will write; nil: keep it
	instead  []byte
}

var conns atomic.Uint64

// above returns a Conn for the TLS connection t, which runs on c.
func (c *Conn) above(t net.Conn) *Conn {
	return &Conn{Conn: t, at: c.at, find: c.find, id: c.id, seat: c.seat}
}

// NetConn returns the underlying connection, as the method of that name in crypto/tls does.
func (c *Conn) NetConn() net.Conn { return c.Conn }

type connKey struct{}

// Of returns the connection of a request. It returns nil for a request that another server
// accepted.
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(connKey{}).(*Conn)
	return c
}

// ID returns the number of the connection, which is unique in the process and counted from 1. It
// returns 0 for nil.
func (c *Conn) ID() uint64 {
	if c == nil {
		return 0
	}
	return c.id
}

// Count counts a request on the connection. It reports whether there was one before.
func (c *Conn) Count() (reused bool) { return c != nil && c.requests.Add(1) > 1 }

// Tag returns the name of the service that the listener is for. It is empty for a listener of
// every service.
func (c *Conn) Tag() string {
	if c == nil {
		return ""
	}
	return c.at.Tag
}

// Elsewhere returns the address of another listener of the same server. It looks for one with the
// given tag, or else one for every service. It prefers a listener that uses TLS if this
// connection does, and one without TLS if not.
func (c *Conn) Elsewhere(tag string) (Address, bool) {
	if c == nil || c.find == nil {
		return Address{}, false
	}
	same := c.at.TLS
	return c.find(Want{tag, same}, Want{"", same}, Want{tag, !same}, Want{"", !same})
}

// Extra reports whether the connection was accepted above the limit and the limit is still
// exceeded.
func (c *Conn) Extra() bool {
	return c != nil && c.seat != nil && c.seat.extra && c.seat.crowd.taken() > c.seat.crowd.most
}

// version returns the first part of a status line.
func version(r *http.Request) string {
	if r.ProtoAtLeast(1, 1) {
		return "HTTP/1.1 "
	}
	return "HTTP/1.0 "
}

// StatusLine returns the status line of a response. An empty reason is replaced by the text that
// net/http uses.
func StatusLine(r *http.Request, status int, reason string) string {
	code := strconv.Itoa(status)
	if reason == "" {
		reason = "status code " + code
	}
	return version(r) + code + " " + reason + "\r\n"
}

// Phrase sets the reason phrase of the next response. It does nothing for HTTP/2, which has no
// reason phrases, and for a nil receiver.
func (c *Conn) Phrase(r *http.Request, status int, reason string) {
	if c == nil || r.ProtoMajor != 1 {
		return
	}
	c.line = []byte(StatusLine(r, status, http.StatusText(status)))
	c.instead = []byte(StatusLine(r, status, reason))
}

// Write writes to the connection. net/http flushes each response, so the status line is at the
// start of a Write.
func (c *Conn) Write(b []byte) (int, error) {
	if c.line == nil || !bytes.HasPrefix(b, c.line) {
		return c.write(b)
	}
	n := len(b)
	b = append(c.instead, b[len(c.line):]...)
	c.line = nil
	if _, err := c.write(b); err != nil {
		return 0, err
	}
	return n, nil
}

const (
	// WriteStep is the size in bytes of the pieces that a client must read in time.
	WriteStep = 64 << 10
	// renewals is how many times the write deadline is renewed within the patience.
	renewals = 30
)

// write writes b in pieces of WriteStep bytes. If a client does not read a piece in time, write
// returns an error and the connection is unusable.
func (c *Conn) write(b []byte) (n int, err error) {
	if c.patience == 0 {
		return c.Conn.Write(b)
	}
	if c.failed.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	for first := true; (first || len(b) > 0) && err == nil; first = false {
		var written int
		c.renew()
		written, err = c.Conn.Write(b[:min(len(b), WriteStep)])
		n, b = n+written, b[written:]
	}
	if err != nil {
		c.failed.Store(true)
	}
	return n, err
}

func (c *Conn) renew() {
	now := time.Now()
	if now.UnixNano()-c.renewed.Load() > int64(c.patience)/renewals {
		c.renewed.Store(now.UnixNano())
		_ = c.SetWriteDeadline(now.Add(c.patience)) // the next write returns the error
	}
}

// Close closes the connection and frees its seat.
func (c *Conn) Close() error {
	c.seat.leave()
	return c.Conn.Close()
}
