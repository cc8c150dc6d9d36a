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

// clockOperations returns the operations on the clock of a sandbox.
func (a *api) clockOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.clock.show", Do: a.in(a.showClock)},
		{ID: "control.clock.set", Do: a.in(a.setClock), Sandbox: service.CreatesSandbox},
	}
}

// A Clock is the state of a sandbox's clock.
type Clock struct {
	Now    time.Time `json:"now"`              // the time on the clock
	Mode   string    `json:"mode"`             // what the clock shows: the real time, an offset from it, or a frozen time
	Offset string    `json:"offset,omitempty"` // the offset from the real time; absent unless mode is offset
}

// A Change is a change of a clock. Exactly one member is given.
type Change struct {
	Freeze  *Moment          `json:"freeze"`  // true to freeze the clock now, or the time at which it is frozen
	Set     *time.Time       `json:"set"`     // the time to set the clock to; a frozen clock stays frozen
	Advance *scenario.Offset `json:"advance"` // the duration by which the clock moves, such as 90s; may be negative
	Resume  bool             `json:"resume"`  // true to let the clock run
}

// A Moment is a time, or the present time.
type Moment struct {
	Now bool
	At  time.Time // unless Now is true
}

// UnmarshalNode reads a time or true.
func (m *Moment) UnmarshalNode(n file.Node) error {
	if err := n.Decode(&m.Now); err == nil && m.Now {
		return nil
	}
	return n.Decode(&m.At)
}

// JSONSchema returns a JSON Schema of a moment.
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

// of applies the change to the clock of a sandbox.
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

// clockOf returns the state of a sandbox's clock.
func clockOf(s *sandbox.Sandbox) Clock {
	at := s.Clock()
	return Clock{Now: at.Now(), Mode: at.Mode(), Offset: at.Offset()}
}
