package transport

import (
	"context"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// The max time to wait until all bytes are sent, and the time between two checks.
const (
	flushPatience = 5 * time.Second
	flushGlance   = 2 * time.Millisecond
)

// flush waits until the client's kernel has acknowledged all bytes. It returns early if ctx is
// done or flushPatience is over.
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
