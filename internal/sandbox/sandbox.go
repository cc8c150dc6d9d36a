// Package sandbox holds sandboxes: isolated emulations with a world, fault rules with their counts,
// a journal and a clock. A Plan says how a sandbox starts. A Registry holds all sandboxes of an
// emulator.
//
// The package does not serve requests. Package exchange serves requests in a sandbox, and package
// control lets callers change it.
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
	"standin/internal/coverage"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/world"
)

// A Sandbox is one isolated emulation. Other sandboxes do not see what happens in it. Its methods
// may be called by several goroutines at once.
type Sandbox struct {
	name     string
	mark     string // part of its tokens; empty in the default sandbox
	registry *Registry
	origin   atomic.Pointer[Start] // the first start; that of the default sandbox is how others start
	start    atomic.Pointer[Start]
	world    atomic.Pointer[world.World]
	base     atomic.Pointer[world.World] // the world that was set last, not by a request of a client
	clock    clock
	faults   ruleset.Set
	journal  recorder.Journal
	covered  *coverage.Counts
	noted    atomic.Pointer[Start] // the start whose quirks the coverage has
	writing  sync.Mutex            // held while the world is replaced

	mu        sync.Mutex // guards the snapshots
	snapshots map[string]*world.World

	gone    context.Context //nolint:containedctx // ends when the sandbox is deleted
	end     context.CancelFunc
	ttl     time.Duration // 0 means until it is deleted
	used    atomic.Int64  // time of the last use, in nanoseconds of Unix time
	serving atomic.Int64  // requests in progress
}

// newSandbox returns a sandbox that is not registered.
func newSandbox(r *Registry, name string, st *Start) *Sandbox {
	s := &Sandbox{name: name, registry: r}
	s.origin.Store(st)
	s.covered = coverage.New(coverage.Large)
	if name != Default {
		s.mark, s.covered = identity.NewMark(name), coverage.New(coverage.Small)
	}
	s.journal.Limits, s.journal.Sandbox = r.options.Journal, name
	s.faults.Clock = s.Now
	s.gone, s.end = context.WithCancel(context.Background())
	s.begin(st)
	return s
}

// begin sets the state of the sandbox. A reset returns to this state.
func (s *Sandbox) begin(st *Start) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.start.Store(st)
	s.setWorld(st.World)
	s.clock.set(st.Clock)
	_ = s.faults.Replace(st.Rules...) // the rules were armed before, or checked
	s.journal.Clear()
}

// setWorld replaces the world. Expectations of an unchanged world compare with this one. The caller
// holds the lock writing.
func (s *Sandbox) setWorld(w *world.World) {
	s.base.Store(w)
	s.publish(w)
}

// publish makes a world the present one. The caller holds the lock writing.
func (s *Sandbox) publish(w *world.World) {
	s.world.Store(w)
	if published := s.registry.options.Published; published != nil {
		published(s.name, w)
	}
}

// Name returns the sandbox's name.
func (s *Sandbox) Name() string { return s.name }

// Mark returns what tokens issued in the sandbox contain; empty for the default sandbox.
func (s *Sandbox) Mark() string { return s.mark }

// World returns the present world.
func (s *Sandbox) World() *world.World { return s.world.Load() }

// Start returns the state to which a reset returns.
func (s *Sandbox) Start() *Start { return s.start.Load() }

// Rules returns the armed fault rules.
func (s *Sandbox) Rules() *ruleset.Set { return &s.faults }

// Journal returns the record of the sandbox's exchanges.
func (s *Sandbox) Journal() *recorder.Journal { return &s.journal }

// Gone returns a context that is cancelled when the sandbox is deleted.
func (s *Sandbox) Gone() context.Context { return s.gone }

// TTL returns how long the sandbox is kept while it is unused. 0 means until it is deleted.
func (s *Sandbox) TTL() time.Duration { return s.ttl }

// Now returns the time on the sandbox's clock, in UTC.
func (s *Sandbox) Now() time.Time {
	now, _ := s.clock.now()
	return now
}

// At returns the time on the sandbox's clock at a real time, in UTC, and whether the clock is
// frozen.
func (s *Sandbox) At(real time.Time) (now time.Time, frozen bool) { return s.clock.at(real) }

// parts are the parts to which a reset can be limited.
var parts = []string{"world", "faults", "journal", "clock"}

// Reset returns the sandbox to the state in which it started: the world with its ids and tokens,
// the faults with their counts, the journal and the clock. If only is not empty, Reset changes only
// these parts. If to is not empty, the world becomes that of the snapshot.
func (s *Sandbox) Reset(only []string, to string) error {
	for _, p := range only {
		if !slices.Contains(parts, p) {
			return fmt.Errorf("no part %q%s; there are %s", p, file.Hint(p, parts), strings.Join(parts, ", "))
		}
	}
	var w *world.World // nil means that of the start
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
		s.setWorld(restored)
	case has("world"):
		s.setWorld(st.World)
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

// Apply replaces the start of the sandbox by a plan. World, clock, faults and journal start again,
// and a reset returns to this state. What the plan leaves open is as the sandbox first started, so the
// zero plan takes back those that were applied.
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

// Arm adds rules after the armed ones. If it returns an error, it arms no rule.
func (s *Sandbox) Arm(rules ...fault.Rule) ([]fault.State, error) {
	checked, err := s.registry.catalog.Rules.Check(rules, s.RuleNames()...)
	if err != nil {
		return nil, err
	}
	return s.ArmChecked(checked)
}

// ArmChecked does what Arm does, for rules that were checked before.
func (s *Sandbox) ArmChecked(rules []fault.Rule) ([]fault.State, error) {
	states, err := s.faults.Arm(rules...)
	for _, st := range states {
		s.journal.Tell("armed", st.Name)
	}
	return states, err
}

// Disarm removes a rule, and releases the requests that wait because of it. It reports whether
// there was such a rule.
func (s *Sandbox) Disarm(name string) bool {
	ok := s.faults.Disarm(name)
	if ok {
		s.journal.Tell("removed", name)
	}
	return ok
}

// RuleNames returns the names of the armed rules.
func (s *Sandbox) RuleNames() []string {
	var names []string
	for _, st := range s.faults.States() {
		names = append(names, st.Name)
	}
	return names
}

// Advance moves the clock. A negative duration moves it back. A frozen clock stays frozen.
func (s *Sandbox) Advance(d time.Duration) {
	s.clock.advance(d)
	s.tellClock()
}

// Freeze stops the clock at a time; nil means at its present time.
func (s *Sandbox) Freeze(at *time.Time) {
	if at == nil {
		s.clock.stop()
	} else {
		s.clock.freeze(*at)
	}
	s.tellClock()
}

// Resume lets a frozen clock run from its present time.
func (s *Sandbox) Resume() {
	s.clock.resume()
	s.tellClock()
}

// SetClock sets the clock to a time. A frozen clock stays frozen.
func (s *Sandbox) SetClock(at time.Time) {
	s.clock.to(at)
	s.tellClock()
}

// Clock returns the setting of the clock.
func (s *Sandbox) Clock() Setting { return s.clock.get() }

func (s *Sandbox) tellClock() { s.journal.Tell("clock", s.Now().Format(time.RFC3339Nano)) }

// maxSnapshots is the maximum number of snapshots of a sandbox.
const maxSnapshots = 1000

// Snapshot stores the present world under a name. It replaces a snapshot of the same name.
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

// Restore replaces the world by that of a snapshot. It does not change faults, journal and clock.
func (s *Sandbox) Restore(name string) error { return s.Reset([]string{"world"}, name) }

func (s *Sandbox) snapshot(name string) *world.World {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshots[name]
}

// ErrNotFound marks errors about a sandbox or a snapshot that does not exist.
var ErrNotFound = errors.New("not found")

func (s *Sandbox) noSnapshot(name string) error {
	return fmt.Errorf("no snapshot %q%s: %w", name, file.Hint(name, s.Snapshots()), ErrNotFound)
}

// Snapshots returns the sorted names of the snapshots.
func (s *Sandbox) Snapshots() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.snapshots))
}

// DropSnapshot deletes a snapshot.
func (s *Sandbox) DropSnapshot(name string) error {
	if s.snapshot(name) == nil {
		return s.noSnapshot(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.snapshots, name)
	return nil
}

// Catalog returns the catalog of the sandbox's emulator.
func (s *Sandbox) Catalog() *catalog.Catalog { return s.registry.catalog }
