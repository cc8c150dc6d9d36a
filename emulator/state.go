package emulator

import (
	"fmt"
	"io"

	"standin/internal/world"
)

// load puts a fixture in place of the world, or of one section of it. The fixture is read
// while requests go on.
func (s *Sandbox) load(section string, data []byte) error {
	loader := *s.emulator.loader
	loader.MostGenerated = mostOverHTTP
	var err error
	if section == "" {
		err = s.loadAll(&loader, data)
	} else {
		err = s.loadSection(&loader, section, data)
	}
	if err != nil {
		return fmt.Errorf("nothing was loaded: %w", err)
	}
	s.journal.Tell("state", section)
	return nil
}

// bodyName is what a fixture in a request's body is called in errors.
const bodyName = "(request body)"

func (s *Sandbox) loadAll(loader *world.Loader, data []byte) error {
	fx, err := loader.LoadBytes(bodyName, data)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.world.Store(fx.World)
	if fx.Freeze != nil {
		s.clock.set(freezeOf(fx))
	}
	return nil
}

// attempts is how often a section is read for a world that others change meanwhile.
const attempts = 3

// loadSection replaces a section of the world as it is when it is published. Where others
// write again and again, they wait at last.
func (s *Sandbox) loadSection(loader *world.Loader, section string, data []byte) error {
	for range attempts {
		base := s.world.Load()
		next, err := loader.Replace(base, bodyName, section, data)
		if err != nil || s.publish(base, next) {
			return err
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	next, err := loader.Replace(s.world.Load(), bodyName, section, data)
	if err == nil {
		s.world.Store(next)
	}
	return err
}

// publish replaces the world if it is still the base, and reports whether it is.
func (s *Sandbox) publish(base, next *world.World) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.world.Load() != base {
		return false
	}
	s.world.Store(next)
	return true
}

// freezeOf is the clock of a fixture.
func freezeOf(fx *world.Fixture) setting {
	if fx.Freeze == nil {
		return setting{}
	}
	return setting{frozen: true, at: *fx.Freeze}
}

// dump writes the world, or one section of it, as a fixture.
func (s *Sandbox) dump(w *world.World, section string) func(io.Writer) error {
	fx := &world.Fixture{World: w}
	if c := s.clock.get(); c.frozen {
		fx.Freeze = &c.at
	}
	var sections []string
	if section != "" {
		sections = []string{section}
	}
	return func(out io.Writer) error { return s.emulator.loader.DumpTo(out, fx, sections...) }
}

// transact changes the world.
func (s *Sandbox) transact(change func(tx *world.Tx)) {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx := s.world.Load().Begin()
	change(tx)
	s.world.Store(tx.Commit())
}
