package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// lingering is how long a client has to close its side too.
const lingering = 250 * time.Millisecond

// A Taken connection is no longer net/http's: whoever took it writes the bytes by himself, and
// ends it.
type Taken struct {
	conn net.Conn
	raw  net.Conn // below TLS, and below what counts connections
}

// Take takes over the connection of the answer that the controller is for. It is an error where
// there is none to be taken: over HTTP/2, and behind a recorder.
func Take(rc *http.ResponseController) (*Taken, error) {
	c, _, err := rc.Hijack()
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(HeaderTimeout)) // for a client that does not read
	t := &Taken{conn: c, raw: c}
	for {
		below, ok := t.raw.(interface{ NetConn() net.Conn })
		if !ok {
			return t, nil
		}
		t.raw = below.NetConn()
	}
}

// Write sends bytes. That the client has left is no error: it sees no fault.
func (t *Taken) Write(b []byte) { _, _ = t.conn.Write(b) }

// Reset ends the connection with a TCP RST, once the client has what was written, or the
// context has ended. In memory, the other end reads a reset connection.
func (t *Taken) Reset(ctx context.Context) {
	switch c := t.raw.(type) {
	case *net.TCPConn:
		flush(ctx, c) // a RST throws away what has not been sent
		_ = c.SetLinger(0)
		_ = c.Close()
	case interface{ Reset() error }:
		_ = c.Reset()
	}
	t.release()
}

// End ends the connection with a FIN, and without what TLS says at the end.
func (t *Taken) End() {
	hangUp(t.raw)
	t.release()
}

// hangUp closes a connection so that the client sees a FIN.
func hangUp(raw net.Conn) {
	if c, ok := raw.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
		_ = raw.SetReadDeadline(time.Now().Add(lingering))
		_, _ = io.Copy(io.Discard, raw) // what is not read would make the end a RST
	}
	_ = raw.Close()
}

// Close ends the connection as HTTP does.
func (t *Taken) Close() {
	if c, ok := t.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	t.End()
}

// Hold waits, unless the client ends the connection first, or one of the contexts ends.
func (t *Taken) Hold(d time.Duration, until ...context.Context) {
	if d == 0 {
		return
	}
	_ = t.raw.SetReadDeadline(time.Now().Add(d))
	wake := func() { _ = t.raw.SetReadDeadline(time.Now()) }
	for _, ctx := range until {
		defer context.AfterFunc(ctx, wake)()
	}
	_, _ = io.Copy(io.Discard, t.raw)
}

// release frees the place of the connection: closing what is below does not.
func (t *Taken) release() {
	for c := t.conn; ; {
		if own, ok := c.(*Conn); ok {
			own.seat.leave()
		}
		below, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		c = below.NetConn()
	}
}
