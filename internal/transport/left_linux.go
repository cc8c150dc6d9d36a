package transport

import (
	"net"

	"golang.org/x/sys/unix"
)

// left reports whether the client has closed or reset the connection, even if bytes from it are
// still unread.
func left(c *net.TCPConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	const gone = unix.POLLRDHUP | unix.POLLHUP | unix.POLLERR
	is := false
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		is = err == nil && n > 0 && fds[0].Revents&gone != 0
	})
	return is || err != nil
}
