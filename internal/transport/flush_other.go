//go:build !linux

package transport

import (
	"context"
	"net"
)

// flush does nothing where the kernel does not tell what it has sent: of a long
// body a reset may then take more away than it says.
func flush(context.Context, *net.TCPConn) {}

// left reports nothing where the kernel is not asked: a client that has sent more than
// one request at once and then leaves is noticed when it is answered.
func left(*net.TCPConn) bool { return false }
