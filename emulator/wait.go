package emulator

import (
	"context"
	"net"
	"net/http"
	"time"

	"standin/emulator/journal"
	"standin/internal/ruleset"
)

// wait waits because of a rule. It returns early if the rule is removed, as it is
// with its sandbox, and reports false if the client leaves or the server stops.
func (x *exchange) wait(w http.ResponseWriter, f *ruleset.Firing, d time.Duration) bool {
	if d > readTimeout/2 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // it would end the request's context
	}
	ctx, stop := x.Present()
	defer stop()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.Done().Done():
	case <-ctx.Done():
		return false
	}
	return true
}

// glance is how often the kernel is asked whether a client that is kept waiting is
// still there.
const glance = 250 * time.Millisecond

// Present is a context that ends when the client leaves. net/http notices that only
// while the client has sent nothing more; so the kernel is asked as well.
func (x *exchange) Present() (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(x.request.Context())
	c := x.tcp()
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

// tcp is the TCP connection that the request came by; nil if it is not known.
func (x *exchange) tcp() *net.TCPConn {
	if x.conn == nil || x.conn.seat == nil || x.request.ProtoMajor != 1 {
		return nil
	}
	c, _ := x.conn.seat.conn.(*net.TCPConn)
	return c
}

// leave closes the entry of an exchange whose client has left, or whose server
// stops.
func (x *exchange) leave() {
	x.close(journal.Aborted, nil)
	panic(http.ErrAbortHandler) // nothing must be answered
}
