//go:build !linux

package transport

import (
	"context"
	"net"
)

// flush does nothing, because the kernel does not report what it has sent. A reset may therefore
// drop bytes of a long body that were written before.
func flush(context.Context, *net.TCPConn) {}

// left returns false, because the kernel cannot be asked. A client that sent several requests at
// once and leaves is noticed only when the response is written.
func left(*net.TCPConn) bool { return false }
