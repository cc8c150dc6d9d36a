package sandbox

import (
	"errors"
	"fmt"
	"io"

	"standin/internal/world"
)

// Load replaces the world, or one section of it, by a fixture. Errors use name as the name of the
// file. A generate block may generate at most maxGenerated records; 0 means the limit of files.
// Requests proceed while the fixture is read.
func (s *Sandbox) Load(name, section string, data []byte, maxGenerated int) error {
	loader := *s.registry.catalog.Loader
	loader.MaxGenerated = maxGenerated
	var err error
	if section == "" {
		err = s.loadAll(&loader, name, data)
	} else {
		err = s.loadSection(&loader, name, section, data)
	}
	if err != nil {
		return fmt.Errorf("nothing was loaded: %w", err)
	}
	s.journal.Tell("state", section)
	return nil
}

func (s *Sandbox) loadAll(loader *world.Loader, name string, data []byte) error {
	fx, err := loader.LoadBytes(name, data)
	if err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.setWorld(fx.World)
	if fx.Freeze != nil {
		s.clock.set(frozenBy(fx))
	}
	return nil
}

// attempts is how many times a section is read while other requests change the world.
const attempts = 3

// loadSection replaces a section of the present world. If other requests change the world in each
// attempt, the last attempt makes them wait.
func (s *Sandbox) loadSection(loader *world.Loader, name, section string, data []byte) error {
	for range attempts {
		base := s.world.Load()
		next, err := loader.Replace(base, name, section, data)
		if err != nil || s.replace(base, next) {
			return err
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	next, err := loader.Replace(s.world.Load(), name, section, data)
	if err == nil {
		s.setWorld(next)
	}
	return err
}

// replace replaces the world if it is still base, and reports whether it did.
func (s *Sandbox) replace(base, next *world.World) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.world.Load() != base {
		return false
	}
	s.setWorld(next)
	return true
}

// frozenBy returns the setting of a fixture's clock.
func frozenBy(fx *world.Fixture) Setting {
	if fx.Freeze == nil {
		return Setting{}
	}
	return Setting{frozen: true, at: *fx.Freeze}
}

// Dump returns a function that writes the present world, or that of a snapshot, as a fixture. It
// writes all sections, or only the given ones. The function may be called several times.
func (s *Sandbox) Dump(snapshot string, sections ...string) (write func(io.Writer) error, err error) {
	w := s.World()
	if snapshot != "" {
		if w = s.snapshot(snapshot); w == nil {
			return nil, s.noSnapshot(snapshot)
		}
	}
	fx := &world.Fixture{World: w}
	if c := s.clock.get(); c.frozen {
		fx.Freeze = &c.at
	}
	return func(out io.Writer) error { return s.registry.catalog.Loader.DumpTo(out, fx, sections...) }, nil
}

// Differences returns the records that differ between two snapshots, up to a limit. An empty from is
// the world that the sandbox started or was loaded with. An empty to is the present world.
func (s *Sandbox) Differences(from, to string, limit int) ([]world.Change, error) {
	a, err1 := s.named(from, s.base.Load())
	b, err2 := s.named(to, s.World())
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return s.registry.catalog.Loader.Diff(a, b, limit), nil
}

// named returns the world of a snapshot, or the default if the name is empty.
func (s *Sandbox) named(name string, otherwise *world.World) (*world.World, error) {
	if name == "" {
		return otherwise, nil
	}
	if w := s.snapshot(name); w != nil {
		return w, nil
	}
	return nil, s.noSnapshot(name)
}

// Transact changes the world by a function. Only one change runs at a time. If the function returns
// an error, nothing changes.
func (s *Sandbox) Transact(change func(tx *world.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx := s.world.Load().Begin()
	err := change(tx)
	if err == nil {
		s.publish(tx.Commit())
	}
	return err
}
