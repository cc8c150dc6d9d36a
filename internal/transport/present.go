package transport

import (
	"context"
	"net"
	"net/http"
	"time"
)

// glance is how often the kernel is asked whether a client that is kept waiting is
// still there.
const glance = 250 * time.Millisecond

// Present is a context that ends when the client of a request leaves. net/http notices that
// only while the client has sent nothing more; so the kernel is asked as well.
func Present(r *http.Request) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(r.Context())
	c := tcpOf(r)
	if c == nil {
		return ctx, stop
	}
	go func() {
		t := time.NewTicker(glance)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				if left(c) {
					stop()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, stop
}

// tcpOf is the TCP connection that a request came by; nil if it is not known.
func tcpOf(r *http.Request) *net.TCPConn {
	own := Of(r)
	if own == nil || own.seat == nil || r.ProtoMajor != 1 {
		return nil
	}
	c, _ := own.seat.conn.(*net.TCPConn)
	return c
}
