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

// A Conn is a connection that a request came by. It can put a reason phrase into the status
// line of the next answer: net/http knows none for 753. Its methods, but for those of net.Conn,
// may be called of a nil one, which stands for a connection of somebody else's server.
type Conn struct {
	net.Conn
	at       Address
	find     func(...Want) (Address, bool) // listeners of the same server; nil in memory
	id       uint64                        // counted from 1 in the process
	requests atomic.Int64                  // that came in by it
	seat     *seat                         // nil in memory
	patience time.Duration
	renewed  atomic.Int64 // when the deadline of writes was set, in nanoseconds of Unix time
	failed   atomic.Bool  // a piece was not read in time: nothing may follow its beginning
	line     []byte       // as net/http will write it; nil if it is to stay
	instead  []byte
}

var conns atomic.Uint64

// above is a connection of ours above TLS, which is above this one.
func (c *Conn) above(t net.Conn) *Conn {
	return &Conn{Conn: t, at: c.at, find: c.find, id: c.id, seat: c.seat}
}

// NetConn is the connection below, as crypto/tls has it.
func (c *Conn) NetConn() net.Conn { return c.Conn }

type connKey struct{}

// Of is the connection that a request came by; nil behind a server that is not a transport's.
func Of(r *http.Request) *Conn {
	c, _ := r.Context().Value(connKey{}).(*Conn)
	return c
}

// ID is the number of the connection in the process, counted from 1; 0 of a nil one.
func (c *Conn) ID() uint64 {
	if c == nil {
		return 0
	}
	return c.id
}

// Count counts a request, and reports whether the connection had carried one before.
func (c *Conn) Count() (reused bool) { return c != nil && c.requests.Add(1) > 1 }

// Tag is what the listener is for; empty of one that is for everything.
func (c *Conn) Tag() string {
	if c == nil {
		return ""
	}
	return c.at.Tag
}

// Elsewhere returns the address of a listener of the same server for a tag, or else of the one
// that is for everything: one that speaks TLS if the connection does, as far as there is one.
func (c *Conn) Elsewhere(tag string) (Address, bool) {
	if c == nil || c.find == nil {
		return Address{}, false
	}
	same := c.at.TLS
	return c.find(Want{tag, same}, Want{"", same}, Want{tag, !same}, Want{"", !same})
}

// Extra reports whether the connection came beyond the bound, which still holds.
func (c *Conn) Extra() bool {
	return c != nil && c.seat != nil && c.seat.extra && c.seat.crowd.taken() > c.seat.crowd.most
}

// version begins a status line.
func version(r *http.Request) string {
	if r.ProtoAtLeast(1, 1) {
		return "HTTP/1.1 "
	}
	return "HTTP/1.0 "
}

// StatusLine is the first line of an answer. Without a reason it has net/http's words.
func StatusLine(r *http.Request, status int, reason string) string {
	code := strconv.Itoa(status)
	if reason == "" {
		reason = "status code " + code
	}
	return version(r) + code + " " + reason + "\r\n"
}

// Phrase asks for the reason phrase of the next answer. HTTP/2 has none, nor has a nil
// connection.
func (c *Conn) Phrase(r *http.Request, status int, reason string) {
	if c == nil || r.ProtoMajor != 1 {
		return
	}
	c.line = []byte(StatusLine(r, status, http.StatusText(status)))
	c.instead = []byte(StatusLine(r, status, reason))
}

// Write writes to the connection. An answer begins with a write of its own,
// because net/http flushes the one before.
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
	// WriteStep is how long a piece of an answer is that a client must read in time, in bytes.
	WriteStep = 64 << 10
	// renewals is how often a deadline is set again in the time that it gives.
	renewals = 30
)

// write writes in pieces. A client that does not read one in time loses its connection.
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
		_ = c.SetWriteDeadline(now.Add(c.patience)) // an error shows when it is written
	}
}

// Close closes the connection and frees its seat.
func (c *Conn) Close() error {
	c.seat.leave()
	return c.Conn.Close()
}
