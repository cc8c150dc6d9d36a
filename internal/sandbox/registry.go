package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/coverage"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/service"
	"standin/internal/world"
)

// Default is the name of the sandbox that serves requests which name no sandbox.
const Default = "default"

// These are the defaults of Options.
const (
	DefaultMax = 10_000
	DefaultTTL = time.Hour
)

// Options are the options of all sandboxes of an emulator.
type Options struct {
	Journal     journal.Limits
	Max         *int           // maximum number of sandboxes, not counting the default one; nil means DefaultMax
	TTL         *time.Duration // how long a sandbox created on first use is kept after its last use; 0 means until it is deleted; nil means DefaultTTL
	Fixture     string         // used if no fixture is named; empty means "empty"
	RefuseLost  bool           // refuse the use of a sandbox that does not exist with ErrGone, in place of creating it
	KeepRemoved bool           // keep the journals of deleted sandboxes, for VerifyAll, AllRequests and AllJournals
	// Published is called with each world that a sandbox gets, in their order. It must not wait: the
	// sandbox accepts no other write meanwhile. It may be nil.
	Published func(sandbox string, w *world.World)
}

// A Registry holds the sandboxes of an emulator: the default sandbox, and others by name. Its
// methods may be called by several goroutines at once.
type Registry struct {
	catalog *catalog.Catalog
	options Options
	plan    Plan
	budget  *recorder.Budget // of all journals
	covered *coverage.Counts // of all sandboxes, including deleted ones
	first   *Sandbox         // the default sandbox

	mu     sync.RWMutex
	byName map[string]*Sandbox // without the default sandbox
	byMark map[string]*Sandbox
	some   atomic.Bool   // another sandbox than the default exists or existed
	swept  int           // number of sandboxes from which add looks for expired ones
	made   atomic.Uint64 // number of generated names
	kept   *kept         // nil unless Options.KeepRemoved is set
}

// NewRegistry returns a registry. A plan describes the start of the default sandbox. Other
// sandboxes start in the same way.
func NewRegistry(c *catalog.Catalog, o Options, p Plan) (*Registry, error) {
	if o.Max == nil {
		o.Max = new(DefaultMax)
	}
	if o.TTL == nil {
		o.TTL = new(DefaultTTL)
	}
	r := &Registry{catalog: c, options: o, plan: p, budget: recorder.NewBudget(o.Journal.AllBytes), covered: coverage.New(coverage.Large)}
	if o.KeepRemoved {
		r.kept = &kept{}
	}
	st, err := r.start(p)
	if err != nil {
		return nil, err
	}
	r.first = newSandbox(r, Default, st)
	r.budget.Join(&r.first.journal)
	return r, nil
}

// Default returns the sandbox that serves requests which name no sandbox.
func (r *Registry) Default() *Sandbox { return r.first }

// Origin returns the state in which the emulator started, and in which new sandboxes start.
func (r *Registry) Origin() *Start { return r.first.origin.Load() }

// Budget returns the budget of all journals.
func (r *Registry) Budget() *recorder.Budget { return r.budget }

// Reload reads the files of the scenario and the fixtures again, and restarts the default sandbox.
// Sandboxes that are created later start from these files too. If there is a mistake, Reload
// changes nothing.
func (r *Registry) Reload() error {
	st, err := r.start(r.plan)
	if err != nil {
		return err
	}
	r.first.origin.Store(st)
	r.first.begin(st)
	r.first.journal.Tell("reload", st.Scenario)
	return nil
}

// CheckName returns an error if a name is not valid for a sandbox.
func CheckName(name string) error {
	if goodName(name) {
		return nil
	}
	return badName("sandbox", name)
}

// goodName reports whether a name is valid for a sandbox or a snapshot. Names are segments of
// paths.
func goodName(name string) bool {
	return name != "" && len(name) <= 100 && !strings.ContainsAny(name[:1], "._-") &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
		})
}

func badName(what, name string) error {
	return fmt.Errorf("%s name %q: expected at most 100 letters, digits, dots, dashes and underscores, with a letter or digit first", what, name)
}

// These errors mark the cause of other errors.
var (
	ErrTooMany = errors.New("too many")           // a limit was reached
	ErrTaken   = errors.New("there already is a") // a name is in use
	ErrGone    = errors.New("gone")               // see Options.RefuseLost
)

// Problem returns an error with an HTTP status. It adds the status of this package's errors, and
// 400 to any other error that is not a *service.Error.
func Problem(err error) error {
	kind := service.Invalid
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*service.Error)):
		return err
	case errors.Is(err, ErrNotFound):
		kind = service.NotFound
	case errors.Is(err, ErrTaken):
		kind = service.Conflict
	case errors.Is(err, ErrGone):
		kind = service.Gone
	case errors.Is(err, ErrTooMany):
		kind = service.TooMany
	}
	return service.Errorf(kind, "", "%s", err.Error())
}

// minSwept is the number of sandboxes below which add does not look for expired ones.
const minSwept = 64

// inUse finds a sandbox other than the default one, and counts an exchange in it. It returns nil if
// there is none, or if it has expired.
func (r *Registry) inUse(name string) *Sandbox {
	r.mu.RLock()
	defer r.mu.RUnlock()
	now := time.Now()
	s := r.byName[name]
	if s == nil || s.expired(now) {
		return nil
	}
	s.serving.Add(1)
	s.used.Store(now.UnixNano())
	return s
}

// Undo removes a sandbox if only the request that created it has used it.
func (r *Registry) Undo(s *Sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[s.name] == s && s.serving.Load() == 1 {
		r.remove(s)
	}
}

// ReadsTokens reports whether OfToken can return anything else than the default sandbox.
func (r *Registry) ReadsTokens() bool { return r.some.Load() || r.options.RefuseLost }

// OfToken returns the name of the sandbox in which a token was issued; empty for the default
// sandbox. With Options.RefuseLost, a token of a sandbox that does not exist is ErrGone.
func (r *Registry) OfToken(token string) (string, error) {
	mark := identity.MarkOf(token)
	if mark == "" {
		return "", nil
	}
	if s := r.marked(mark); s != nil {
		return s.name, nil
	}
	if r.options.RefuseLost && identity.IsMark(mark) {
		return "", fmt.Errorf("the sandbox that issued the token is %w: %s, and log in to it", ErrGone, whatToDo)
	}
	return "", nil
}

func (r *Registry) marked(mark string) *Sandbox {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byMark[mark]
}

func (r *Registry) add(s *Sandbox) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, most := time.Now(), *r.options.Max
	if old := r.byName[s.name]; old != nil && old.expired(now) {
		r.remove(old)
	} else if old != nil {
		return fmt.Errorf("%w sandbox %q", ErrTaken, s.name)
	}
	if len(r.byName) >= most || len(r.byName) >= r.swept {
		r.sweep(now)
		r.swept = max(minSwept, 2*len(r.byName))
	}
	if len(r.byName) >= most {
		return fmt.Errorf("%w sandboxes: the limit is %d; delete some, or raise the limit with --sandboxes", ErrTooMany, most)
	}
	if r.byName == nil {
		r.byName, r.byMark = map[string]*Sandbox{}, map[string]*Sandbox{}
	}
	r.byName[s.name], r.byMark[s.mark] = s, s
	r.budget.Join(&s.journal)
	r.some.Store(true)
	return nil
}

// sweep removes the sandboxes that were unused for longer than their TTL. The caller holds the
// lock.
func (r *Registry) sweep(now time.Time) {
	for _, s := range r.byName {
		if s.expired(now) {
			r.remove(s)
		}
	}
}

func (r *Registry) remove(s *Sandbox) {
	delete(r.byName, s.name)
	delete(r.byMark, s.mark)
	if !r.kept.keep(s) {
		r.budget.Leave(&s.journal)
	}
	s.end()
	_ = s.faults.Replace()
}

// expired reports whether the sandbox was unused for its TTL. A sandbox that serves a request is in
// use.
func (s *Sandbox) expired(now time.Time) bool {
	return s.ttl > 0 && s.serving.Load() == 0 && now.UnixNano()-s.used.Load() > int64(s.ttl)
}

// Serving returns how many exchanges are in progress in the sandbox.
func (s *Sandbox) Serving() int { return int(s.serving.Load()) }

// Leave ends an exchange that Use or Enter has counted.
func (s *Sandbox) Leave() {
	if s.ttl > 0 { // set before serving is decremented, so that the sandbox is never taken for unused
		s.used.Store(time.Now().UnixNano())
	}
	s.serving.Add(-1)
}

// Delete deletes a sandbox, and ends the requests that wait in it. It reports whether the sandbox
// existed. It does not delete the default sandbox.
func (r *Registry) Delete(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byName[name]
	if s != nil {
		r.remove(s)
	}
	return s != nil
}

// Count returns the number of sandboxes, including the default one. Some of them may have expired.
func (r *Registry) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byName) + 1
}

// names returns the sorted names of all sandboxes except the default one.
func (r *Registry) names() []string {
	names := r.unordered()
	slices.Sort(names)
	return names
}

func (r *Registry) unordered() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Collect(maps.Keys(r.byName))
}

// List returns the sandboxes: the default one, then the others by name.
func (r *Registry) List() []*Sandbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	all := []*Sandbox{r.first}
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		all = append(all, r.byName[name])
	}
	return all
}

// Find returns the sandbox with the given name. It returns ErrNotFound if there is none.
func (r *Registry) Find(name string) (*Sandbox, error) {
	s, err := r.Use(name)
	if err == nil {
		s.Leave()
	}
	return s, err
}

// Use does what Find does, and counts an exchange in the sandbox.
func (r *Registry) Use(name string) (*Sandbox, error) {
	if name == Default {
		r.first.serving.Add(1)
		return r.first, nil
	}
	if s := r.inUse(name); s != nil {
		return s, nil
	}
	if r.options.RefuseLost {
		return nil, lost(name)
	}
	names := append([]string{Default}, r.names()...)
	return nil, fmt.Errorf("no sandbox %q%s: %w", name, file.Hint(name, names), ErrNotFound)
}

// Fork returns a plan that starts from a copy of the sandbox: its world, its clock and its quirks.
// If snapshot is not empty, the world is that of the snapshot. Faults and journal are not copied.
func (s *Sandbox) Fork(snapshot string) (Plan, error) {
	w := s.World()
	if snapshot != "" {
		if w = s.snapshot(snapshot); w == nil {
			return Plan{}, s.noSnapshot(snapshot)
		}
	}
	was := s.start.Load()
	return Plan{World: w, Base: &Start{Clock: s.clock.get(), Profile: was.Profile, Asked: was.Asked}}, nil
}
