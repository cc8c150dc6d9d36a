package emulator

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
)

// A listener knows which service it is for and bounds its connections.
type listener struct {
	net.Listener
	at   address
	free chan struct{}
}

// Accept waits for a connection, and for a place for it.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *listener) accept() (*conn, error) {
	l.free <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return newConn(c, l.at, sync.OnceFunc(func() { <-l.free })), nil
}

func (l *listener) where() address { return l.at }

// A conn knows which one it is, and can put a reason phrase of ours into the status
// line of the next answer: net/http knows none for 753.
type conn struct {
	net.Conn
	at       address
	id       uint64       // counted from 1 in the process
	requests atomic.Int64 // that came in by it
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
