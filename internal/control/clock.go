package control

import (
	"net/http"
	"time"

	"standin/internal/file"
	"standin/internal/sandbox"
	"standin/internal/scenario"
	"standin/internal/service"
	"standin/internal/value"
)

// clockOperations are about the clock of a sandbox.
func (a *api) clockOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.clock.show", Do: a.in(a.showClock)},
		{ID: "control.clock.set", Do: a.in(a.setClock), Sandbox: service.CreatesSandbox},
	}
}

// A Clock is the state of a sandbox's clock.
type Clock struct {
	Now    time.Time `json:"now"`              // the time on the clock
	Mode   string    `json:"mode"`             // whether the clock is the real one, offset from it, or frozen
	Offset string    `json:"offset,omitempty"` // how far the clock is from the real one; absent unless mode is offset
}

// A Change of a clock; exactly one member is given.
type Change struct {
	Freeze  *Moment          `json:"freeze"`  // true, or the time at which the clock is frozen
	Set     *time.Time       `json:"set"`     // the time from which the clock goes on; a frozen one stays frozen
	Advance *scenario.Offset `json:"advance"` // how far the clock is moved, such as 90s; may be negative
	Resume  bool             `json:"resume"`  // true: the clock runs
}

// A Moment is a time, or true for the present one.
type Moment struct {
	Now bool
	At  time.Time // unless Now
}

// UnmarshalNode reads a time or true.
func (m *Moment) UnmarshalNode(n file.Node) error {
	if err := n.Decode(&m.Now); err == nil && m.Now {
		return nil
	}
	return n.Decode(&m.At)
}

// JSONSchema describes the spellings of a moment.
func (*Moment) JSONSchema() *value.Object {
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "const", Value: true}), file.SchemaFor[time.Time](),
	}})
}

func (a *api) showClock(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return reply(http.StatusOK, clockOf(s))
}

func (a *api) setClock(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	var change Change
	if err := decode(c, &change); err != nil {
		return service.Reply{}, err
	}
	given := 0
	for _, is := range []bool{change.Freeze != nil, change.Set != nil, change.Advance != nil, change.Resume} {
		if is {
			given++
		}
	}
	if given != 1 {
		return service.Reply{}, service.Errorf(service.Invalid, "", `expected one of {"freeze": true}, {"freeze": TIME}, {"set": TIME}, {"advance": "90s"}, {"resume": true}`)
	}
	if d := change.Advance; d != nil {
		now := s.Now()
		if to := now.Add(time.Duration(*d)); to.Before(file.FirstTime) || to.After(file.LastTime) {
			return service.Reply{}, service.Errorf(service.Invalid, "", "advance %s: %s, and it is %s", time.Duration(*d), file.ErrRange, now.Format(time.RFC3339))
		}
	}
	change.of(s)
	return reply(http.StatusOK, clockOf(s))
}

// of changes the clock of a sandbox.
func (c *Change) of(s *sandbox.Sandbox) {
	switch {
	case c.Freeze != nil && c.Freeze.Now:
		s.Freeze(nil)
	case c.Freeze != nil:
		s.Freeze(&c.Freeze.At)
	case c.Set != nil:
		s.SetClock(*c.Set)
	case c.Advance != nil:
		s.Advance(time.Duration(*c.Advance))
	default:
		s.Resume()
	}
}

// clockOf is the state of a sandbox's clock.
func clockOf(s *sandbox.Sandbox) Clock {
	at := s.Clock()
	return Clock{Now: at.Now(), Mode: at.Mode(), Offset: at.Offset()}
}
