package transport

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// overflow is how many more connections are taken where no other gives way: their requests
// can be told so, by Conn.Extra.
const overflow = 64

// A crowd bounds the connections of a transport. Where there are too many, the one that
// has served no request for longest gives way to a new one.
type crowd struct {
	most     int
	grace    time.Duration // that a connection has for its next request before it gives way
	patience time.Duration // with clients that do not read
	log      *slog.Logger

	mu    sync.Mutex
	seats map[*seat]struct{}
	told  bool // it was logged that connections give way
	full  bool // it was logged that connections are refused
}

func newCrowd(o Options) *crowd {
	return &crowd{most: o.Connections, grace: max(0, o.Grace), patience: o.Patience, log: o.Log, seats: map[*seat]struct{}{}}
}

// A seat is what a crowd knows of a connection.
type seat struct {
	crowd *crowd
	conn  net.Conn
	since atomic.Int64 // since when it serves no request, in nanoseconds of Unix time; 0: it serves one
	extra bool         // it came when all others served a request
}

// admit gives a connection a seat. It returns nil, and closes the connection, where
// there is no room for it.
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

// seat seats a connection, and returns the one that has to go for it.
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

// taken is how many seats are taken.
func (c *crowd) taken() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seats)
}

// tell logs once.
func (c *crowd) tell(once *bool, what string) {
	if !*once {
		*once = true
		c.log.Warn(what, "connections", c.most)
	}
}

// idlest is the seat that has served no request for longest; nil where all serve one, or
// have just come or been answered: their next request may be on its way.
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

// makeRoom closes the connection that has served no request for longest, and reports
// whether there was one.
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

// leave frees the seat. Leaving twice does no harm.
func (s *seat) leave() {
	if s == nil {
		return
	}
	s.crowd.mu.Lock()
	defer s.crowd.mu.Unlock()
	delete(s.crowd.seats, s)
}

// follow notes whether the connection serves a request, as net/http reports it.
func (s *seat) follow(state http.ConnState) {
	switch state {
	case http.StateIdle:
		s.since.Store(time.Now().UnixNano())
	case http.StateActive, http.StateHijacked:
		s.since.Store(0)
	}
}
