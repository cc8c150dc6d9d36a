// Package sandbox is one emulation: a world that is replaced as a whole, faults with their
// counts, a journal, a clock. A Plan says how it starts, a Registry has all there are.
//
// Nothing here serves: package exchange serves requests in a sandbox, package control lets
// callers change it.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/fault"
	"standin/internal/catalog"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/world"
)

// A Sandbox is one isolated emulation. Others do not see what happens in it. Its methods may
// be used from many goroutines.
type Sandbox struct {
	name     string
	mark     []byte // in tokens; nil in the default sandbox
	registry *Registry
	origin   atomic.Pointer[Start] // its first one; the default one's is how others start
	start    atomic.Pointer[Start]
	world    atomic.Pointer[world.World]
	clock    clock
	faults   ruleset.Set
	journal  recorder.Journal
	writing  sync.Mutex // held while the world is being replaced

	mu        sync.Mutex // guards the snapshots
	snapshots map[string]*world.World

	gone    context.Context //nolint:containedctx // ends when the sandbox is deleted
	end     context.CancelFunc
	ttl     time.Duration // 0: until it is deleted
	used    atomic.Int64  // when it was last used, in nanoseconds of Unix time
	serving atomic.Int64  // requests under way
}

// newSandbox makes a sandbox that is not registered.
func newSandbox(r *Registry, name string, st *Start) *Sandbox {
	s := &Sandbox{name: name, registry: r}
	s.origin.Store(st)
	if name != Default {
		s.mark = identity.NewMark(name)
	}
	s.journal.Limits, s.journal.Sandbox = r.options.Journal, name
	s.faults.Clock = s.Now
	s.gone, s.end = context.WithCancel(context.Background())
	s.begin(st)
	return s
}

// begin puts the sandbox into a state, and has reset go back there.
func (s *Sandbox) begin(st *Start) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.start.Store(st)
	s.world.Store(st.World)
	s.clock.set(st.Clock)
	_ = s.faults.Replace(st.Rules...) // they were armed before, or checked
	s.journal.Clear()
}

// Name is the sandbox's name.
func (s *Sandbox) Name() string { return s.name }

// Mark is what tokens carry that are issued in the sandbox; nil in the default one.
func (s *Sandbox) Mark() []byte { return s.mark }

// World is the world of the moment.
func (s *Sandbox) World() *world.World { return s.world.Load() }

// Start is the state that the sandbox goes back to.
func (s *Sandbox) Start() *Start { return s.start.Load() }

// Rules are the fault rules that are armed.
func (s *Sandbox) Rules() *ruleset.Set { return &s.faults }

// Journal is the record of the sandbox's exchanges.
func (s *Sandbox) Journal() *recorder.Journal { return &s.journal }

// Gone ends when the sandbox is deleted.
func (s *Sandbox) Gone() context.Context { return s.gone }

// TTL is how long the sandbox is kept when nobody uses it; 0: until it is deleted.
func (s *Sandbox) TTL() time.Duration { return s.ttl }

// Now is the time on the sandbox's clock, in UTC.
func (s *Sandbox) Now() time.Time {
	now, _ := s.clock.now()
	return now
}

// At is the time on the sandbox's clock at a real one, in UTC, and whether it is frozen.
func (s *Sandbox) At(real time.Time) (now time.Time, frozen bool) { return s.clock.at(real) }

// parts are what a reset can be limited to.
var parts = []string{"world", "faults", "journal", "clock"}

// Reset goes back to the state in which the sandbox started: world with its ids and tokens,
// faults with their counts, journal, clock. It can be limited to parts; the world may go back
// to a snapshot instead, unless that is empty.
func (s *Sandbox) Reset(only []string, to string) error {
	for _, p := range only {
		if !slices.Contains(parts, p) {
			return fmt.Errorf("no part %q%s; there are %s", p, file.Hint(p, parts), strings.Join(parts, ", "))
		}
	}
	var w *world.World // nil: the one of the start
	if to != "" {
		if w = s.snapshot(to); w == nil {
			return s.noSnapshot(to)
		}
	}
	s.restart(only, w, strings.TrimSpace(strings.Join(only, " ")+" "+to))
	return nil
}

func (s *Sandbox) restart(only []string, restored *world.World, what string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	st := s.start.Load()
	has := func(part string) bool { return len(only) == 0 || slices.Contains(only, part) }
	switch {
	case restored != nil:
		s.world.Store(restored)
	case has("world"):
		s.world.Store(st.World)
	}
	if has("faults") {
		_ = s.faults.Replace(st.Rules...)
	}
	if has("clock") {
		s.clock.set(st.Clock)
	}
	if has("journal") {
		s.journal.Clear()
	}
	s.journal.Tell("reset", what)
}

// Apply puts a plan in place of what the sandbox started with: world, clock, faults and journal
// start anew, and Reset comes back to there. What the plan leaves open is as the sandbox first
// started.
func (s *Sandbox) Apply(p Plan) error {
	p.Base = s.origin.Load()
	st, err := s.registry.start(p)
	if err != nil {
		return err
	}
	s.begin(st)
	s.journal.Tell("scenario", st.Scenario)
	return nil
}

// Arm arms rules after those that are armed already. With an error it arms none of them.
func (s *Sandbox) Arm(rules ...fault.Rule) ([]fault.State, error) {
	checked, err := s.registry.catalog.Rules.Check(rules, s.RuleNames()...)
	if err != nil {
		return nil, err
	}
	return s.ArmChecked(checked)
}

// ArmChecked is Arm for rules that were checked.
func (s *Sandbox) ArmChecked(rules []fault.Rule) ([]fault.State, error) {
	states, err := s.faults.Arm(rules...)
	for _, st := range states {
		s.journal.Tell("armed", st.Name)
	}
	return states, err
}

// Disarm removes a rule, and releases the requests that wait because of it. It reports whether
// there was one.
func (s *Sandbox) Disarm(name string) bool {
	ok := s.faults.Disarm(name)
	if ok {
		s.journal.Tell("removed", name)
	}
	return ok
}

// RuleNames lists the names of the rules that are armed.
func (s *Sandbox) RuleNames() []string {
	var names []string
	for _, st := range s.faults.States() {
		names = append(names, st.Name)
	}
	return names
}

// Advance moves the clock forward, or back. A frozen clock stays frozen.
func (s *Sandbox) Advance(d time.Duration) {
	s.clock.advance(d)
	s.tellClock()
}

// Freeze stops the clock at a time; at its present one if that is nil.
func (s *Sandbox) Freeze(at *time.Time) {
	if at == nil {
		s.clock.stop()
	} else {
		s.clock.freeze(*at)
	}
	s.tellClock()
}

// Resume lets the clock run on from where it stands.
func (s *Sandbox) Resume() {
	s.clock.resume()
	s.tellClock()
}

// SetClock sets the clock to a time. A frozen clock stays frozen.
func (s *Sandbox) SetClock(at time.Time) {
	s.clock.to(at)
	s.tellClock()
}

// Clock is the setting of the clock.
func (s *Sandbox) Clock() Setting { return s.clock.get() }

func (s *Sandbox) tellClock() { s.journal.Tell("clock", s.Now().Format(time.RFC3339Nano)) }

// maxSnapshots bounds the snapshots of a sandbox.
const maxSnapshots = 1000

// Snapshot names the present world, in place of an older snapshot of that name.
func (s *Sandbox) Snapshot(name string) error {
	if !goodName(name) {
		return badName("snapshot", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.snapshots == nil {
		s.snapshots = map[string]*world.World{}
	}
	if _, ok := s.snapshots[name]; !ok && len(s.snapshots) >= maxSnapshots {
		return fmt.Errorf("a sandbox has at most %d snapshots", maxSnapshots)
	}
	s.snapshots[name] = s.world.Load()
	return nil
}

// Restore goes back to the world of a snapshot. Faults, journal and clock stay.
func (s *Sandbox) Restore(name string) error { return s.Reset([]string{"world"}, name) }

func (s *Sandbox) snapshot(name string) *world.World {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshots[name]
}

// ErrNotFound marks errors about what is not there.
var ErrNotFound = errors.New("not found")

func (s *Sandbox) noSnapshot(name string) error {
	return fmt.Errorf("no snapshot %q%s: %w", name, file.Hint(name, s.Snapshots()), ErrNotFound)
}

// Snapshots lists the names of the snapshots in order.
func (s *Sandbox) Snapshots() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.snapshots))
}

// DropSnapshot forgets a snapshot.
func (s *Sandbox) DropSnapshot(name string) error {
	if s.snapshot(name) == nil {
		return s.noSnapshot(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.snapshots, name)
	return nil
}

// Catalog is what the sandbox's emulator knows.
func (s *Sandbox) Catalog() *catalog.Catalog { return s.registry.catalog }
