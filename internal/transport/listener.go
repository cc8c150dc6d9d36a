package transport

import (
	"errors"
	"net"
	"syscall"
)

// A listener is a net.Listener for one service or for all. It accepts connections within the
// limit of a crowd.
type listener struct {
	net.Listener
	at    Address
	find  func(...Want) (Address, bool) // finds listeners of the same server
	crowd *crowd
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *listener) accept() (*Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && l.crowd.makeRoom() {
				continue
			}
			return nil, err
		}
		if s := l.crowd.admit(c); s != nil {
			return newConn(c, l, s), nil
		}
	}
}

func (l *listener) where() Address { return l.at }

// newConn returns a Conn for c. In memory, l and s are nil.
func newConn(c net.Conn, l *listener, s *seat) *Conn {
	own := &Conn{Conn: c, id: conns.Add(1), seat: s}
	if l != nil {
		own.at, own.find = l.at, l.find
	}
	if s != nil {
		own.patience = s.crowd.patience
	}
	return own
}
