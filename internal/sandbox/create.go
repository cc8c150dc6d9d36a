package sandbox

import (
	"errors"
	"fmt"
	"time"
)

// whatToDo says how to go on after ErrGone.
const whatToDo = "it was deleted or unused for too long, its emulator was restarted, or it was never created; create it with POST /_standin/sandboxes"

// lost returns the error for a sandbox that does not exist, with Options.RefuseLost.
func lost(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return fmt.Errorf("the sandbox %q is %w: %s", name, ErrGone, whatToDo)
}

// Enter does what Use does. If there is no sandbox with the name, Enter creates it, from the state
// in which the emulator started, unless Options.RefuseLost is set. It reports whether it created the
// sandbox.
func (r *Registry) Enter(name string) (s *Sandbox, made bool, err error) {
	if name == Default || r.options.RefuseLost {
		s, err = r.Use(name)
		return s, false, err
	}
	if s := r.inUse(name); s != nil {
		return s, false, nil
	}
	if err := CheckName(name); err != nil {
		return nil, false, err
	}
	s = newSandbox(r, name, r.Origin())
	s.ttl = *r.options.TTL
	s.serving.Add(1)
	s.used.Store(time.Now().UnixNano())
	if err := r.add(s); errors.Is(err, ErrTaken) { // another request has created it first
		s, err = r.Use(name)
		return s, false, err
	} else if err != nil {
		return nil, false, err
	}
	return s, true, nil
}

// New creates a sandbox from a plan. If the plan has no base, the base is the state in which the
// emulator started. The sandbox is deleted when it is unused for ttl; a ttl of 0 keeps it until it
// is deleted.
func (r *Registry) New(name string, p Plan, ttl time.Duration) (*Sandbox, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if name == Default {
		return nil, fmt.Errorf("%w sandbox %q", ErrTaken, name)
	}
	if p.Base == nil {
		p.Base = r.Origin()
	}
	st, err := r.start(p)
	if err != nil {
		return nil, err
	}
	s := newSandbox(r, name, st)
	s.ttl = ttl
	s.used.Store(time.Now().UnixNano())
	if err := r.add(s); err != nil {
		return nil, err
	}
	return s, nil
}

// NewFor does what New does, with a name made from any text, such as the name of a test. The name
// ends in the slot, if there is one: see service.Call.Slot.
func (r *Registry) NewFor(text, slot string, p Plan, ttl time.Duration) (s *Sandbox, err error) {
	base := nameFor(text)
	err = ErrTaken
	if base != Default {
		s, err = r.New(inSlot(base, slot), p, ttl)
	}
	for n := 2; errors.Is(err, ErrTaken); n++ {
		s, err = r.New(inSlot(fmt.Sprintf("%s-%d", base, n), slot), p, ttl)
	}
	return s, err
}

// NewUnnamed does what NewFor does, with a generated name: sandbox-1, sandbox-2 and so on.
func (r *Registry) NewUnnamed(slot string, p Plan, ttl time.Duration) (s *Sandbox, err error) {
	for err = ErrTaken; errors.Is(err, ErrTaken); {
		s, err = r.New(inSlot(fmt.Sprintf("sandbox-%d", r.made.Add(1)), slot), p, ttl)
	}
	return s, err
}
