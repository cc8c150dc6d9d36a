package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
)

// memory is a server without a network: clients reach the handler over pipes.
type memory struct {
	make   func() (*http.Server, context.CancelFunc)
	start  sync.Once
	server *http.Server
	stop   context.CancelFunc
	conns  chan net.Conn
	closed chan struct{}
}

// errClosed is the error of a client's dial when the transport is closed.
var errClosed = errors.New("emulator closed")

func (m *memory) close() error {
	m.start.Do(func() { m.closed = closedChannel() })
	if m.server == nil {
		return nil
	}
	m.stop()
	return m.server.Close()
}

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	m.start.Do(m.serve)
	client, server := newPipe()
	select {
	case m.conns <- server:
		return client, nil
	case <-m.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) serve() {
	m.conns, m.closed = make(chan net.Conn), make(chan struct{})
	m.server, m.stop = m.make()
	go func() { _ = m.server.Serve(&pipes{memory: m}) }()
}

// pipes is the net.Listener of a memory.
type pipes struct {
	memory *memory
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.memory.conns:
		return newConn(c, nil, nil), nil
	case <-p.memory.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.memory.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "memory" }
func (pipeAddr) String() string  { return "memory" }

// A pipeEnd is one end of a pipe. If it is reset, reads at the other end return ECONNRESET.
type pipeEnd struct {
	net.Conn
	own, other *atomic.Bool // set when that end was reset
}

func newPipe() (client, server net.Conn) {
	c, s := net.Pipe()
	var one, two atomic.Bool
	return &pipeEnd{c, &one, &two}, &pipeEnd{s, &two, &one}
}

// Reset closes the pipe. Reads at the other end return ECONNRESET.
func (p *pipeEnd) Reset() error {
	p.own.Store(true)
	return p.Close()
}

func (p *pipeEnd) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err != nil && p.other.Load() {
		err = &net.OpError{Op: "read", Net: "memory", Err: syscall.ECONNRESET}
	}
	return n, err
}
