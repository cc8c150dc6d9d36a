package emulator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"standin/internal/file"
	"standin/internal/identity"
)

// defaultSandbox is the name of the sandbox of requests that name none.
const defaultSandbox = "default"

// The usual bounds of sandboxes.
const (
	usualSandboxes = 10_000
	usualTTL       = time.Hour // of sandboxes made by their first use, since the last
)

// goodName tells that a sandbox or a snapshot can have the name: it stands in paths.
func goodName(name string) bool {
	return name != "" && len(name) <= 100 && !strings.ContainsAny(name[:1], "._-") &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
		})
}

func badName(what, name string) error {
	return fmt.Errorf("the name %q of a %s: expected letters, digits, dots, dashes and underscores, at most 100", name, what)
}

// errTooMany marks the error of a bound that was reached.
var errTooMany = errors.New("too many")

// sandboxes are those beside the default one.
type sandboxes struct {
	mu     sync.RWMutex
	byName map[string]*Sandbox
	byMark map[string]*Sandbox
	some   atomic.Bool   // there is or was one
	swept  int           // from how many on those that have expired are looked for
	made   atomic.Uint64 // names that were made up
	kept   *kept         // nil unless removed ones are judged at the end
}

// leastSwept is how many sandboxes there may be before expired ones are looked for.
const leastSwept = 64

// errTaken marks the error of a name that is in use.
var errTaken = errors.New("there already is a")

// use finds a sandbox and counts an exchange in it; nil if there is none, or it has expired.
func (r *sandboxes) use(name string) *Sandbox {
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

// undo removes a sandbox again that only the request that made it has used.
func (r *sandboxes) undo(s *Sandbox) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byName[s.name] == s && s.serving.Load() == 1 {
		r.remove(s)
	}
}

// ofToken finds the sandbox that a token was issued in; nil if it was none of these.
func (r *sandboxes) ofToken(token string) *Sandbox {
	mark := identity.MarkOf(token)
	if mark == "" {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byMark[mark]
}

func (r *sandboxes) add(s *Sandbox, most int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if old := r.byName[s.name]; old != nil && old.expired(now) {
		r.remove(old)
	} else if old != nil {
		return fmt.Errorf("%w sandbox %q", errTaken, s.name)
	}
	if len(r.byName) >= most || len(r.byName) >= r.swept {
		r.sweep(now)
		r.swept = max(leastSwept, 2*len(r.byName))
	}
	if len(r.byName) >= most {
		return fmt.Errorf("%w sandboxes: there are %d, which is the bound; delete some, or raise it with --sandboxes", errTooMany, most)
	}
	if r.byName == nil {
		r.byName, r.byMark = map[string]*Sandbox{}, map[string]*Sandbox{}
	}
	r.byName[s.name], r.byMark[string(s.mark)] = s, s
	s.emulator.budget.Join(&s.journal)
	r.some.Store(true)
	return nil
}

// sweep removes sandboxes that nobody has used for longer than their ttl. The lock
// is held.
func (r *sandboxes) sweep(now time.Time) {
	for _, s := range r.byName {
		if s.expired(now) {
			r.remove(s)
		}
	}
}

func (r *sandboxes) remove(s *Sandbox) {
	delete(r.byName, s.name)
	delete(r.byMark, string(s.mark))
	if !r.kept.keep(s) {
		s.emulator.budget.Leave(&s.journal)
	}
	s.end()
	_ = s.faults.Replace()
}

// expired reports whether nobody has used the sandbox for its ttl. One that serves a
// request is in use.
func (s *Sandbox) expired(now time.Time) bool {
	return s.ttl > 0 && s.serving.Load() == 0 && now.UnixNano()-s.used.Load() > int64(s.ttl)
}

// leave ends an exchange that was counted.
func (s *Sandbox) leave() {
	if s.ttl > 0 { // before it is left: it must not seem unused in between
		s.used.Store(time.Now().UnixNano())
	}
	s.serving.Add(-1)
}

// drop removes the sandbox of that name and tells whether there was one.
func (r *sandboxes) drop(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byName[name]
	if s != nil {
		r.remove(s)
	}
	return s != nil
}

// count is how many there are; some may have expired.
func (r *sandboxes) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.byName)
}

// names lists the names in order.
func (r *sandboxes) names() []string {
	names := r.unordered()
	slices.Sort(names)
	return names
}

func (r *sandboxes) unordered() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Collect(maps.Keys(r.byName))
}

// list lists the sandboxes by name.
func (r *sandboxes) list() []*Sandbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	all := []*Sandbox{}
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		all = append(all, r.byName[name])
	}
	return all
}

// existing finds a sandbox by name. It is an error if there is none.
func (e *Emulator) existing(name string) (*Sandbox, error) {
	s, err := e.use(name)
	if err == nil {
		s.leave()
	}
	return s, err
}

// use finds a sandbox by name, and counts an exchange in it. It is an error if there is
// none.
func (e *Emulator) use(name string) (*Sandbox, error) {
	if name == defaultSandbox {
		e.serving.Add(1)
		return e.Sandbox, nil
	}
	if s := e.others.use(name); s != nil {
		return s, nil
	}
	names := append([]string{defaultSandbox}, e.others.names()...)
	return nil, fmt.Errorf("no sandbox %q%s: %w", name, file.Hint(name, names), errNotFound)
}

// enter is use that makes the sandbox on its first use: it starts as the emulator does.
// It reports whether it was made.
func (e *Emulator) enter(name string) (s *Sandbox, made bool, err error) {
	if name == defaultSandbox {
		s, err = e.use(name)
		return s, false, err
	}
	if s := e.others.use(name); s != nil {
		return s, false, nil
	}
	if !goodName(name) {
		return nil, false, badName("sandbox", name)
	}
	s = newSandbox(e, name, e.origin.Load())
	s.ttl = e.config.sandboxTTL
	s.serving.Add(1)
	s.used.Store(time.Now().UnixNano())
	if err := e.others.add(s, e.config.sandboxes); errors.Is(err, errTaken) { // another request was quicker
		s, err = e.use(name)
		return s, false, err
	} else if err != nil {
		return nil, false, err
	}
	return s, true, nil
}

// NewSandbox makes a sandbox. It starts as the emulator does, unless options say
// otherwise: those about fixtures, scenario, seed, clock and faults. It stays until it is
// deleted.
func (e *Emulator) NewSandbox(name string, opts ...Option) (*Sandbox, error) {
	return e.newSandbox(name, e.origin.Load(), 0, opts...)
}

func (e *Emulator) newSandbox(name string, base *start, ttl time.Duration, opts ...Option) (*Sandbox, error) {
	if !goodName(name) || name == defaultSandbox {
		return nil, badName("sandbox", name)
	}
	st, err := e.startWith(base, opts...)
	if err != nil {
		return nil, err
	}
	s := newSandbox(e, name, st)
	s.ttl = ttl
	s.used.Store(time.Now().UnixNano())
	return s, e.others.add(s, e.config.sandboxes)
}

// DeleteSandbox deletes a sandbox, and cuts the requests that wait in it. It reports whether
// there was one. The default sandbox stays.
func (e *Emulator) DeleteSandbox(name string) bool { return e.others.drop(name) }
