package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// lingering is the max time to wait until the client closes its side.
const lingering = 250 * time.Millisecond

// A Taken is a connection that was taken over from net/http. Its owner writes the bytes and must
// end it with Reset, End or Close.
type Taken struct {
	conn net.Conn
	raw  net.Conn // the connection below TLS and Conn
}

// Take takes over the connection of a response. It returns an error if there is none to take
// over: over HTTP/2, or with an httptest.ResponseRecorder.
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

// Write sends bytes. It ignores errors: a client that has left sees no fault.
func (t *Taken) Write(b []byte) { _, _ = t.conn.Write(b) }

// Flush waits until the client has the bytes that were written, or ctx is done.
func (t *Taken) Flush(ctx context.Context) {
	if c, ok := t.raw.(*net.TCPConn); ok {
		flush(ctx, c)
	}
}

// Reset ends the connection with a TCP RST, which drops bytes that the client does not have yet. In
// memory, the other end reads ECONNRESET.
func (t *Taken) Reset() {
	switch c := t.raw.(type) {
	case *net.TCPConn:
		_ = c.SetLinger(0)
		_ = c.Close()
	case interface{ Reset() error }:
		_ = c.Reset()
	}
	t.release()
}

// End ends the connection with a FIN, without the closing message of TLS.
func (t *Taken) End() {
	hangUp(t.raw)
	t.release()
}

// hangUp closes a connection so that the client sees a FIN.
func hangUp(raw net.Conn) {
	if c, ok := raw.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
		_ = raw.SetReadDeadline(time.Now().Add(lingering))
		_, _ = io.Copy(io.Discard, raw) // closing with unread bytes would send a RST
	}
	_ = raw.Close()
}

// Close ends the connection as HTTP does, with the closing message of TLS.
func (t *Taken) Close() {
	if c, ok := t.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	t.End()
}

// Hold waits for d. It returns early if the client closes the connection or one of the contexts
// is done.
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

// release frees the seat of the connection. Closing raw does not, because it is below Conn.
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
