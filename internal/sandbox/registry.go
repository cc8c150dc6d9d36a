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
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/service"
)

// Default is the name of the sandbox of requests that name none.
const Default = "default"

// The defaults of Options.
const (
	DefaultMax = 10_000
	DefaultTTL = time.Hour
)

// Options are those of all sandboxes of an emulator.
type Options struct {
	Journal     journal.Limits
	Max         *int           // sandboxes other than the default one; nil: DefaultMax
	TTL         *time.Duration // of sandboxes made by their first use, since the last; 0 keeps them; nil: DefaultTTL
	Fixture     string         // where nobody names one; empty: "empty"
	KeepRemoved bool           // the journals of those that are deleted, for VerifyAll, AllRequests and AllJournals
}

// A Registry has the sandboxes of an emulator: the default one, and others by name. Its methods
// may be used from many goroutines.
type Registry struct {
	catalog *catalog.Catalog
	options Options
	plan    Plan
	budget  *recorder.Budget // of all journals
	first   *Sandbox         // the default one

	mu     sync.RWMutex
	byName map[string]*Sandbox // other than the default one
	byMark map[string]*Sandbox
	some   atomic.Bool   // there is or was one
	swept  int           // from how many on those that have expired are looked for
	made   atomic.Uint64 // names that were made up
	kept   *kept         // nil unless removed ones are judged at the end
}

// NewRegistry makes the default sandbox by a plan. The others start like it.
func NewRegistry(c *catalog.Catalog, o Options, p Plan) (*Registry, error) {
	if o.Max == nil {
		o.Max = new(DefaultMax)
	}
	if o.TTL == nil {
		o.TTL = new(DefaultTTL)
	}
	r := &Registry{catalog: c, options: o, plan: p, budget: recorder.NewBudget(o.Journal.AllBytes)}
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

// Default is the sandbox of requests that name none.
func (r *Registry) Default() *Sandbox { return r.first }

// Origin is how the emulator started, and how sandboxes start.
func (r *Registry) Origin() *Start { return r.first.origin.Load() }

// Budget is that of all journals.
func (r *Registry) Budget() *recorder.Budget { return r.budget }

// Reload reads the files of the scenario and of the fixtures again and starts the default
// sandbox anew, and every other one that is made from now on. If there is a mistake, nothing
// changes.
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

// goodName reports whether a sandbox or a snapshot can have the name: it stands in paths.
func goodName(name string) bool {
	return name != "" && len(name) <= 100 && !strings.ContainsAny(name[:1], "._-") &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
		})
}

func badName(what, name string) error {
	return fmt.Errorf("the name %q of a %s: expected letters, digits, dots, dashes and underscores, at most 100", name, what)
}

// The marks of errors.
var (
	ErrTooMany = errors.New("too many")           // a bound was reached
	ErrTaken   = errors.New("there already is a") // a name is in use
)

// Problem gives an error its status: one about sandboxes, 400 to any other but a *service.Error.
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
	case errors.Is(err, ErrTooMany):
		kind = service.TooMany
	}
	return service.Errorf(kind, "", "%s", err.Error())
}

// minSwept is how many sandboxes there may be before expired ones are looked for.
const minSwept = 64

// inUse finds a sandbox other than the default one and counts an exchange in it; nil if there is
// none, or it has expired.
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

// Undo removes a sandbox again that only the request that made it has used.
func (r *Registry) Undo(s *Sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[s.name] == s && s.serving.Load() == 1 {
		r.remove(s)
	}
}

// Some reports whether there is or was a sandbox other than the default one.
func (r *Registry) Some() bool { return r.some.Load() }

// OfToken is the name of the sandbox that a token was issued in; empty if it was none but the
// default one.
func (r *Registry) OfToken(token string) string {
	mark := identity.MarkOf(token)
	if mark == "" {
		return ""
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.byMark[mark]; s != nil {
		return s.name
	}
	return ""
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
		return fmt.Errorf("%w sandboxes: there are %d, which is the bound; delete some, or raise it with --sandboxes", ErrTooMany, most)
	}
	if r.byName == nil {
		r.byName, r.byMark = map[string]*Sandbox{}, map[string]*Sandbox{}
	}
	r.byName[s.name], r.byMark[string(s.mark)] = s, s
	r.budget.Join(&s.journal)
	r.some.Store(true)
	return nil
}

// sweep removes sandboxes that nobody has used for longer than their ttl. The lock
// is held.
func (r *Registry) sweep(now time.Time) {
	for _, s := range r.byName {
		if s.expired(now) {
			r.remove(s)
		}
	}
}

func (r *Registry) remove(s *Sandbox) {
	delete(r.byName, s.name)
	delete(r.byMark, string(s.mark))
	if !r.kept.keep(s) {
		r.budget.Leave(&s.journal)
	}
	s.end()
	_ = s.faults.Replace()
}

// expired reports whether nobody has used the sandbox for its ttl. One that serves a
// request is in use.
func (s *Sandbox) expired(now time.Time) bool {
	return s.ttl > 0 && s.serving.Load() == 0 && now.UnixNano()-s.used.Load() > int64(s.ttl)
}

// Serving is how many exchanges are under way in the sandbox.
func (s *Sandbox) Serving() int { return int(s.serving.Load()) }

// Leave ends an exchange that Use or Enter has counted.
func (s *Sandbox) Leave() {
	if s.ttl > 0 { // before it is left: it must not seem unused in between
		s.used.Store(time.Now().UnixNano())
	}
	s.serving.Add(-1)
}

// Delete deletes a sandbox, and cuts the requests that wait in it. It reports whether there was
// one. The default sandbox stays.
func (r *Registry) Delete(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byName[name]
	if s != nil {
		r.remove(s)
	}
	return s != nil
}

// Count is how many there are, with the default one; some may have expired.
func (r *Registry) Count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byName) + 1
}

// names lists the names of all but the default one in order.
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

// List lists the sandboxes: the default one, then the others by name.
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

// Find finds a sandbox by name. It is ErrNotFound if there is none.
func (r *Registry) Find(name string) (*Sandbox, error) {
	s, err := r.Use(name)
	if err == nil {
		s.Leave()
	}
	return s, err
}

// Use finds a sandbox by name, and counts an exchange in it. It is ErrNotFound if there is
// none.
func (r *Registry) Use(name string) (*Sandbox, error) {
	if name == Default {
		r.first.serving.Add(1)
		return r.first, nil
	}
	if s := r.inUse(name); s != nil {
		return s, nil
	}
	names := append([]string{Default}, r.names()...)
	return nil, fmt.Errorf("no sandbox %q%s: %w", name, file.Hint(name, names), ErrNotFound)
}

// Enter is Use that makes the sandbox on its first use: it starts as the emulator does.
// It reports whether it was made.
func (r *Registry) Enter(name string) (s *Sandbox, made bool, err error) {
	if name == Default {
		s, err = r.Use(name)
		return s, false, err
	}
	if s := r.inUse(name); s != nil {
		return s, false, nil
	}
	if !goodName(name) {
		return nil, false, badName("sandbox", name)
	}
	s = newSandbox(r, name, r.Origin())
	s.ttl = *r.options.TTL
	s.serving.Add(1)
	s.used.Store(time.Now().UnixNano())
	if err := r.add(s); errors.Is(err, ErrTaken) { // another request was quicker
		s, err = r.Use(name)
		return s, false, err
	} else if err != nil {
		return nil, false, err
	}
	return s, true, nil
}

// New makes a sandbox by a plan, whose base is how the emulator started unless it has one. It is
// kept for a time when nobody uses it; 0: until it is deleted.
func (r *Registry) New(name string, p Plan, ttl time.Duration) (*Sandbox, error) {
	if !goodName(name) || name == Default {
		return nil, badName("sandbox", name)
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

// NewFor is New with a name that is made of any text, such as the name of a test.
func (r *Registry) NewFor(text string, p Plan, ttl time.Duration) (s *Sandbox, err error) {
	base := nameFor(text)
	err = ErrTaken
	if base != Default {
		s, err = r.New(base, p, ttl)
	}
	for n := 2; errors.Is(err, ErrTaken); n++ {
		s, err = r.New(fmt.Sprintf("%s-%d", base, n), p, ttl)
	}
	return s, err
}

// NewUnnamed is New with a name that is made up: sandbox-1, sandbox-2 and so on.
func (r *Registry) NewUnnamed(p Plan, ttl time.Duration) (s *Sandbox, err error) {
	for err = ErrTaken; errors.Is(err, ErrTaken); {
		s, err = r.New(fmt.Sprintf("sandbox-%d", r.made.Add(1)), p, ttl)
	}
	return s, err
}

// Fork is a plan that starts with the world and the clock of a sandbox as they are now, or with
// the world of its snapshot unless that is empty, and with its quirks. Faults and journal are
// not taken along.
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
