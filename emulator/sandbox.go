package emulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/world"
)

// A Sandbox is one isolated emulation: a world, faults and their counts, a
// journal, a clock, a seed, tokens. Others do not see what happens in it. Its
// methods may be used from many goroutines.
type Sandbox struct {
	// URL leads into the sandbox; empty without a server. TLSURL does by TLS.
	URL, TLSURL string

	name     string
	mark     []byte // in tokens; nil in the default sandbox
	emulator *Emulator
	tb       TB                    // of RunT; nil outside of it
	origin   atomic.Pointer[start] // its first one; the default one's is how others start
	start    atomic.Pointer[start]
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
	unfired []string      // rules that had not fired when it was removed; of kept ones
	serving atomic.Int64  // requests under way
}

// A start is the state that a sandbox goes back to.
type start struct {
	world    *world.World
	clock    setting
	rules    []fault.Rule
	profile  string
	asked    []string       // quirks that were asked for beyond the profile
	quirks   service.Quirks // all that are on
	scenario string         // its name; empty if there is none
	expect   []journal.Expectation
	exit     journal.Exit // of the command of standin run
	files    []string     // that it was read from, but for built-in ones
}

// newSandbox makes a sandbox that is not registered.
func newSandbox(e *Emulator, name string, st *start) *Sandbox {
	s := &Sandbox{name: name, emulator: e, tb: e.config.tb}
	s.origin.Store(st)
	if name != defaultSandbox {
		s.mark = identity.NewMark(name)
	}
	s.journal.Limits, s.journal.Sandbox = e.config.journal, name
	s.faults.Clock = s.Now
	s.gone, s.end = context.WithCancel(context.Background())
	s.begin(st)
	return s
}

// begin puts the sandbox into a state, and has reset go back there.
func (s *Sandbox) begin(st *start) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.start.Store(st)
	s.world.Store(st.world)
	s.clock.set(st.clock)
	_ = s.faults.Replace(st.rules...) // they were armed before, or checked
	s.journal.Clear()
}

// Name is the sandbox's name.
func (s *Sandbox) Name() string { return s.name }

// Reset goes back to the state in which the sandbox started: world with its ids
// and tokens, faults with their counts, journal, clock.
func (s *Sandbox) Reset() {
	s.begin(s.start.Load())
	s.journal.Tell("reset", "")
}

// parts are what a reset can be limited to.
var parts = []string{"world", "faults", "journal", "clock"}

// reset is Reset of some parts; the world may go back to a snapshot instead.
func (s *Sandbox) reset(only []string, to string) error {
	for _, p := range only {
		if !slices.Contains(parts, p) {
			return fmt.Errorf("no part %q%s; there are %s", p, file.Hint(p, parts), strings.Join(parts, ", "))
		}
	}
	st := *s.start.Load()
	if to != "" {
		w := s.snapshot(to)
		if w == nil {
			return s.noSnapshot(to)
		}
		st.world = w
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	has := func(part string) bool { return len(only) == 0 || slices.Contains(only, part) }
	if has("world") || to != "" {
		s.world.Store(st.world)
	}
	if has("faults") {
		_ = s.faults.Replace(st.rules...)
	}
	if has("clock") {
		s.clock.set(st.clock)
	}
	if has("journal") {
		s.journal.Clear()
	}
	s.journal.Tell("reset", strings.Join(append(slices.Clone(only), to), " "))
	return nil
}

// Fault arms rules behind those that are armed already, all of them or, with an
// error, none. Under RunT an error also fails the test.
func (s *Sandbox) Fault(rules ...fault.Rule) error {
	checked, err := s.emulator.catalogue.Check(rules, s.ruleNames()...)
	if err == nil {
		_, err = s.arm(checked)
	}
	if err != nil && s.tb != nil {
		s.tb.Helper()
		s.tb.Errorf("standin: %v", err)
	}
	return err
}

// arm arms rules that were checked.
func (s *Sandbox) arm(rules []fault.Rule) ([]fault.State, error) {
	states, err := s.faults.Arm(rules...)
	for _, st := range states {
		s.journal.Tell("armed", st.Name)
	}
	return states, err
}

// RemoveFault removes a rule, and releases the requests that wait because of it. It reports
// whether there was one.
func (s *Sandbox) RemoveFault(name string) bool {
	ok := s.faults.Disarm(name)
	if ok {
		s.journal.Tell("removed", name)
	}
	return ok
}

// Faults lists the rules with what they have counted.
func (s *Sandbox) Faults() []fault.State { return s.faults.States() }

func (s *Sandbox) ruleNames() []string {
	var names []string
	for _, st := range s.faults.States() {
		names = append(names, st.Name)
	}
	return names
}

// Requests lists the exchanges that fit all of the filter's members; without a
// filter all that the journal still holds, oldest first.
func (s *Sandbox) Requests(filter ...journal.Filter) []journal.Entry {
	var f journal.Filter
	if len(filter) > 0 {
		f = filter[0]
	}
	return s.journal.Find(f).Entries
}

// Await waits until there are so many exchanges that fit, or the context ends,
// and lists those there are.
func (s *Sandbox) Await(ctx context.Context, f journal.Filter, atLeast int) []journal.Entry {
	return s.journal.Wait(ctx, f, atLeast, longestWait).Entries
}

// longestWait bounds long polls.
const longestWait = 5 * time.Minute

// Journal writes the journal in its canonical form, in which two runs compare.
func (s *Sandbox) Journal() []byte { return journal.Canonical(s.Requests()) }

// A Verdict is what a verification found.
type Verdict struct {
	Passed     bool                `json:"passed"`
	Judgements []journal.Judgement `json:"judgements"`
}

// String is the verdict in lines, what was not met first.
func (v Verdict) String() string {
	var b strings.Builder
	for _, met := range []bool{false, true} {
		for _, j := range v.Judgements {
			if j.Met == met {
				word := map[bool]string{false: "NOT MET  ", true: "met      "}[met]
				b.WriteString("\n" + word + j.Expectation + " (" + j.Found + ")")
			}
		}
	}
	return strings.TrimPrefix(b.String(), "\n")
}

// Verify holds the journal to expectations; without any, to those of the scenario.
// It also fails if a rule that ends has never fired, unless the rule is optional, and if
// entries have fallen out of the journal.
func (s *Sandbox) Verify(expect ...journal.Expectation) Verdict {
	if len(expect) == 0 {
		expect = s.start.Load().expect
	}
	return s.verify(expect)
}

// verify holds the journal to just these expectations.
func (s *Sandbox) verify(expect []journal.Expectation) Verdict {
	v := Verdict{Judgements: s.journal.Judge(expect)}
	for _, name := range s.faults.Unfired() {
		v.Judgements = append(v.Judgements, unfired(name))
	}
	v.Passed = !slices.ContainsFunc(v.Judgements, func(j journal.Judgement) bool { return !j.Met })
	return v
}

// Now is the time on the sandbox's clock, in UTC.
func (s *Sandbox) Now() time.Time {
	now, _ := s.clock.now()
	return now
}

// Advance moves the clock forward, or back. Whether it runs stays as it was.
func (s *Sandbox) Advance(d time.Duration) {
	s.clock.advance(d)
	s.tellClock()
}

// Freeze stops the clock at a time; at its present one if that is zero.
func (s *Sandbox) Freeze(at time.Time) {
	if at.IsZero() {
		s.clock.stop()
	} else {
		s.clock.freeze(at)
	}
	s.tellClock()
}

// Resume lets the clock run on from where it stands.
func (s *Sandbox) Resume() {
	s.clock.resume()
	s.tellClock()
}

// setClock sets the clock to a time.
func (s *Sandbox) setClock(at time.Time) {
	s.clock.to(at)
	s.tellClock()
}

func (s *Sandbox) tellClock() { s.journal.Tell("clock", s.Now().Format(time.RFC3339Nano)) }

// mostSnapshots bounds the snapshots of a sandbox.
const mostSnapshots = 1000

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
	if _, ok := s.snapshots[name]; !ok && len(s.snapshots) >= mostSnapshots {
		return fmt.Errorf("a sandbox has at most %d snapshots", mostSnapshots)
	}
	s.snapshots[name] = s.world.Load()
	return nil
}

// Restore goes back to the world of a snapshot. Faults, journal and clock stay.
func (s *Sandbox) Restore(name string) error { return s.reset([]string{"world"}, name) }

func (s *Sandbox) snapshot(name string) *world.World {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshots[name]
}

// errNotFound marks errors about what is not there.
var errNotFound = errors.New("not found")

func (s *Sandbox) noSnapshot(name string) error {
	return fmt.Errorf("no snapshot %q%s: %w", name, file.Hint(name, s.snapshotNames()), errNotFound)
}

func (s *Sandbox) snapshotNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.snapshots))
}

func (s *Sandbox) dropSnapshot(name string) error {
	if s.snapshot(name) == nil {
		return s.noSnapshot(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.snapshots, name)
	return nil
}

// Client is an ordinary client for the sandbox's URL. It shares no connections
// with others and asks no proxy.
func (s *Sandbox) Client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	return &http.Client{Transport: t}
}
