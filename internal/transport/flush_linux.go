package transport

import (
	"context"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// How long, and how often, the kernel is asked whether all has been sent.
const (
	flushPatience = 5 * time.Second
	flushGlance   = 2 * time.Millisecond
)

// flush waits until the other side has all that was written, as far as the kernel
// tells, or the client has left or is too slow.
func flush(ctx context.Context, c *net.TCPConn) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	for deadline := time.Now().Add(flushPatience); time.Now().Before(deadline); {
		left := 0
		if raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }) != nil || err != nil || left == 0 {
			return
		}
		t := time.NewTimer(flushGlance)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}
