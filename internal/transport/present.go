package transport

import (
	"context"
	"net"
	"net/http"
	"time"
)

// glance is the time between two checks whether a waiting client is still connected.
const glance = 250 * time.Millisecond

// Present returns a context that is cancelled when the client of a request leaves. net/http does
// not notice that if the client has sent a further request, so Present also asks the kernel.
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

// tcpOf returns the TCP connection of a request, or nil if it has none of its own.
func tcpOf(r *http.Request) *net.TCPConn {
	own := Of(r)
	if own == nil || own.seat == nil || r.ProtoMajor != 1 {
		return nil
	}
	c, _ := own.seat.conn.(*net.TCPConn)
	return c
}
