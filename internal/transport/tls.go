package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
)

// A secured listener hands out connections that have agreed on TLS. Those of
// HTTP/2 are a *tls.Conn, as net/http wants them; those of HTTP/1 have one of ours above TLS, so that
// reason phrases can be written.
type secured struct {
	*listener
	config  *tls.Config
	log     *slog.Logger
	ready   chan accepted
	open    context.Context //nolint:containedctx // ends with the listener
	close   func() error
	shaking sync.WaitGroup
}

// An accepted connection, or why there is none.
type accepted struct {
	conn net.Conn
	err  error
}

func newSecured(l *listener, config *tls.Config, log *slog.Logger) *secured {
	s := &secured{listener: l, config: config, log: log, ready: make(chan accepted)}
	open, end := context.WithCancel(context.Background())
	s.open = open
	s.close = sync.OnceValue(func() error {
		end()
		return l.Close()
	})
	return s
}

// Accept waits for a connection that can be used.
func (l *secured) Accept() (net.Conn, error) {
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.open.Done():
		return nil, net.ErrClosed
	}
}

// Close stops listening and breaks off handshakes.
func (l *secured) Close() error { return l.close() }

// run accepts connections until the listener is closed: a client that is slow
// to shake hands keeps no other waiting.
func (l *secured) run() {
	defer l.shaking.Wait()
	for {
		c, err := l.accept()
		if err == nil {
			l.shaking.Go(func() { l.shake(c) })
			continue
		}
		select {
		case l.ready <- accepted{err: err}: // net/http waits a little before it asks again, or closes
		case <-l.open.Done():
			return
		}
	}
}

// shake does the handshake and hands the connection out.
func (l *secured) shake(c *Conn) {
	ctx, cancel := context.WithTimeout(l.open, HeaderTimeout)
	defer cancel()
	t := tls.Server(c, l.config)
	if err := t.HandshakeContext(ctx); err != nil {
		l.refuse(c, err)
		return
	}
	a := accepted{conn: t}
	if t.ConnectionState().NegotiatedProtocol != protoHTTP2 {
		a.conn = &secureConn{Conn: c.above(t), tls: t}
	}
	select {
	case l.ready <- a:
	case <-l.open.Done():
		_ = c.Close()
	}
}

// plainRequests are how requests begin that were sent without TLS.
var plainRequests = []string{"GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO", "PATCH"}

const plainAnswer = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nThis port speaks TLS: the URL begins with https://.\n"

// refuse ends a connection whose handshake failed, and logs why: clients that do
// not trust the CA say so. One that came and went is of no interest.
func (l *secured) refuse(c *Conn, err error) {
	defer c.seat.leave()
	record, ok := errors.AsType[tls.RecordHeaderError](err)
	if ok && record.Conn != nil && slices.Contains(plainRequests, string(record.RecordHeader[:])) {
		_, _ = io.WriteString(c, plainAnswer)
		l.log.Info("a request without TLS on a port with TLS", "address", c.LocalAddr().String())
		hangUp(c.Conn)
		return
	}
	_ = c.Close()
	if !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) && !errors.Is(err, net.ErrClosed) {
		l.log.Info("no TLS connection; does the client trust the CA?", "error", err.Error(), "address", c.LocalAddr().String())
	}
}

// A secureConn is a connection of HTTP/1 above TLS. By its state net/http knows that
// requests came by TLS.
type secureConn struct {
	*Conn
	tls *tls.Conn
}

// ConnectionState tells of the TLS below.
func (c *secureConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// CloseWrite says farewell as TLS does.
func (c *secureConn) CloseWrite() error { return c.tls.CloseWrite() }

// ownConn is the connection of ours that a server's is, or is above; nil if there is none.
func ownConn(c net.Conn) *Conn {
	for {
		switch o := c.(type) {
		case *Conn:
			return o
		case *secureConn:
			return o.Conn
		case *tls.Conn:
			c = o.NetConn()
		default:
			return nil
		}
	}
}
