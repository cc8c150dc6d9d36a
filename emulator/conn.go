package emulator

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// A listener knows which service it is for. Its connections are those of a crowd.
type listener struct {
	net.Listener
	at    address
	crowd *crowd
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *listener) accept() (*conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && l.crowd.makeRoom() {
				continue
			}
			return nil, err
		}
		if s := l.crowd.admit(c); s != nil {
			return newConn(c, l.at, s), nil
		}
	}
}

func (l *listener) where() address { return l.at }

// A conn knows which one it is, and can put a reason phrase of ours into the status
// line of the next answer: net/http knows none for 753.
type conn struct {
	net.Conn
	at       address
	id       uint64       // counted from 1 in the process
	requests atomic.Int64 // that came in by it
	seat     *seat        // nil in memory
	patience time.Duration
	renewed  atomic.Int64 // when the deadline of writes was set, in nanoseconds of Unix time
	failed   atomic.Bool  // a piece was not read in time: nothing may follow its beginning
	line     []byte       // as net/http will write it; nil if it is to stay
	instead  []byte
}

var conns atomic.Uint64

// newConn is a connection of ours; without a seat it is one in memory.
func newConn(c net.Conn, at address, s *seat) *conn {
	own := &conn{Conn: c, at: at, id: conns.Add(1), seat: s}
	if s != nil {
		own.patience = s.crowd.patience
	}
	return own
}

// above is a connection of ours above TLS, which is above this one.
func (c *conn) above(t net.Conn) *conn { return &conn{Conn: t, at: c.at, id: c.id, seat: c.seat} }

// NetConn is the connection below, as crypto/tls has it.
func (c *conn) NetConn() net.Conn { return c.Conn }

type connKey struct{}

// ownConn is the connection of ours that a server's is, or is above; nil if there is none.
func ownConn(c net.Conn) *conn {
	for {
		switch o := c.(type) {
		case *conn:
			return o
		case *secureConn:
			return o.conn
		case *tls.Conn:
			c = o.NetConn()
		default:
			return nil
		}
	}
}

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

// extra reports whether the connection came beyond the bound, which still holds.
func (c *conn) extra() bool {
	return c != nil && c.seat != nil && c.seat.extra && c.seat.crowd.taken() > c.seat.crowd.most
}

// Write writes to the connection. An answer begins with a write of its own,
// because net/http flushes the one before.
func (c *conn) Write(b []byte) (int, error) {
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
	// writePatience is how long a client may take to read a piece of an answer.
	writePatience = 30 * time.Second
	// writeStep is how long such a piece is, in bytes.
	writeStep = 64 << 10
	// renewals is how often a deadline is set again in the time that it gives.
	renewals = 30
)

// write writes in pieces. A client that does not read one in time loses its connection.
func (c *conn) write(b []byte) (n int, err error) {
	if c.patience == 0 {
		return c.Conn.Write(b)
	}
	if c.failed.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	for first := true; (first || len(b) > 0) && err == nil; first = false {
		var written int
		c.renew()
		written, err = c.Conn.Write(b[:min(len(b), writeStep)])
		n, b = n+written, b[written:]
	}
	if err != nil {
		c.failed.Store(true)
	}
	return n, err
}

func (c *conn) renew() {
	now := time.Now()
	if now.UnixNano()-c.renewed.Load() > int64(c.patience)/renewals {
		c.renewed.Store(now.UnixNano())
		_ = c.SetWriteDeadline(now.Add(c.patience)) // an error shows when it is written
	}
}

// Close closes the connection and frees its seat.
func (c *conn) Close() error {
	c.seat.leave()
	return c.Conn.Close()
}
