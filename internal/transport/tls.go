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

// A secured listener returns connections after their TLS handshake. For HTTP/2 they are a
// *tls.Conn, which net/http requires. For HTTP/1 they are a secureConn, which can replace reason
// phrases.
type secured struct {
	*listener
	config  *tls.Config
	log     *slog.Logger
	ready   chan accepted
	open    context.Context //nolint:containedctx // ends with the listener
	close   func() error
	shaking sync.WaitGroup
}

// An accepted is a connection, or the error of Accept.
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

// Accept waits for a connection whose handshake has succeeded.
func (l *secured) Accept() (net.Conn, error) {
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.open.Done():
		return nil, net.ErrClosed
	}
}

// Close closes the listener and cancels handshakes.
func (l *secured) Close() error { return l.close() }

// run accepts connections until the listener is closed. Each handshake has a goroutine of its
// own, so a slow client does not delay others.
func (l *secured) run() {
	defer l.shaking.Wait()
	for {
		c, err := l.accept()
		if err == nil {
			l.shaking.Go(func() { l.shake(c) })
			continue
		}
		select {
		case l.ready <- accepted{err: err}: // net/http retries after a short time, or closes
		case <-l.open.Done():
			return
		}
	}
}

// shake does the handshake and passes the connection to Accept.
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

// plainRequests are the first 5 bytes of requests that were sent without TLS.
var plainRequests = []string{"GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO", "PATCH"}

const plainAnswer = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nThis port speaks TLS: the URL begins with https://.\n"

// refuse closes a connection whose handshake failed and logs the reason. It does not log
// connections that the client closed.
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

// A secureConn is a connection of HTTP/1 over TLS. Its ConnectionState makes net/http set
// Request.TLS.
type secureConn struct {
	*Conn
	tls *tls.Conn
}

// ConnectionState returns the state of the TLS connection.
func (c *secureConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// CloseWrite sends the closing message of TLS.
func (c *secureConn) CloseWrite() error { return c.tls.CloseWrite() }

// ownConn returns the Conn that c is or runs on, or nil.
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
