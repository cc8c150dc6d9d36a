package emulator

import (
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/world"
)

// A sandbox is a world with its clock and its count of exchanges.
type sandbox struct {
	start    *world.Fixture // where reset goes back to
	world    atomic.Pointer[world.World]
	freeze   atomic.Pointer[time.Time]
	sequence atomic.Uint64
	writing  sync.Mutex // held while a transaction is open
}

func newSandbox(fx *world.Fixture) *sandbox {
	s := &sandbox{start: fx}
	s.world.Store(fx.World)
	s.freeze.Store(fx.Freeze)
	return s
}

func (s *sandbox) reset() {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.world.Store(s.start.World)
	s.restart()
}

// restart sets back what a sandbox has beside its world.
func (s *sandbox) restart() {
	s.freeze.Store(s.start.Freeze)
	s.sequence.Store(0)
}

// now is the time of the sandbox, in UTC, and whether it stands still.
func (s *sandbox) now() (time.Time, bool) {
	if t := s.freeze.Load(); t != nil {
		return t.UTC(), true
	}
	return time.Now().UTC(), false
}
