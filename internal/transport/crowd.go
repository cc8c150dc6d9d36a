package transport

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// overflow is the number of connections that are accepted above the limit if all others serve a
// request. Requests on them are refused, see Conn.Extra.
const overflow = 64

// A crowd limits the connections of a transport. At the limit, it closes the connection that has
// been idle longest to accept a new one.
type crowd struct {
	most     int
	grace    time.Duration // min time that a connection stays idle before it is closed
	patience time.Duration // max time for a client to read a piece
	log      *slog.Logger

	mu    sync.Mutex
	seats map[*seat]struct{}
	told  bool // closing idle connections was logged
	full  bool // refusing connections was logged
}

func newCrowd(o Options) *crowd {
	return &crowd{most: o.Connections, grace: max(0, o.Grace), patience: o.Patience, log: o.Log, seats: map[*seat]struct{}{}}
}

// A seat is the place of one connection in a crowd.
type seat struct {
	crowd *crowd
	conn  net.Conn
	since atomic.Int64 // start of its idle time, in nanoseconds of Unix time; 0: it serves a request
	extra bool         // accepted above the limit
}

// admit gives a connection a seat. If there is no room, it closes the connection and returns nil.
func (c *crowd) admit(conn net.Conn) *seat {
	s := &seat{crowd: c, conn: conn}
	s.since.Store(time.Now().UnixNano())
	out, ok := c.seat(s)
	if out != nil {
		_ = out.conn.Close()
	}
	if !ok {
		_ = conn.Close()
		return nil
	}
	return s
}

// seat adds s. It returns the seat whose connection must be closed for it, or nil. ok is false if
// there is no room.
func (c *crowd) seat(s *seat) (out *seat, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seats) >= c.most {
		if out = c.idlest(); out != nil {
			delete(c.seats, out)
			c.tell(&c.told, "connections that serve no request give way to new ones")
		}
	}
	if s.extra = len(c.seats) >= c.most; s.extra {
		c.tell(&c.full, "all connections serve a request: new ones are answered 503, or closed")
	}
	if len(c.seats) >= c.most+overflow {
		return out, false
	}
	c.seats[s] = struct{}{}
	return out, true
}

// taken returns the number of seats.
func (c *crowd) taken() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seats)
}

// tell logs a warning if *once is false, and sets it.
func (c *crowd) tell(once *bool, what string) {
	if !*once {
		*once = true
		c.log.Warn(what, "connections", c.most)
	}
}

// idlest returns the seat that has been idle longest. It returns nil if none has been idle for
// the grace time: the next request of such a connection may be on its way.
func (c *crowd) idlest() *seat {
	var out *seat
	oldest := time.Now().Add(-c.grace).UnixNano()
	for s := range c.seats {
		if n := s.since.Load(); n != 0 && n <= oldest {
			out, oldest = s, n
		}
	}
	return out
}

// makeRoom closes the connection that has been idle longest. It reports whether there was one.
func (c *crowd) makeRoom() bool {
	out := c.minUsed()
	if out == nil {
		return false
	}
	_ = out.conn.Close()
	return true
}

func (c *crowd) minUsed() *seat {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.idlest()
	delete(c.seats, out)
	return out
}

// leave frees the seat. It may be called more than once.
func (s *seat) leave() {
	if s == nil {
		return
	}
	s.crowd.mu.Lock()
	defer s.crowd.mu.Unlock()
	delete(s.crowd.seats, s)
}

// follow records whether the connection serves a request. net/http calls it when the state
// changes.
func (s *seat) follow(state http.ConnState) {
	switch state {
	case http.StateIdle:
		s.since.Store(time.Now().UnixNano())
	case http.StateActive, http.StateHijacked:
		s.since.Store(0)
	}
}
