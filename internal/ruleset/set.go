package ruleset

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/fault"
	"standin/internal/contract"
)

// A Set holds the rules of one sandbox, in order, with their counts. The zero Set has no rules. Its
// methods may be called by several goroutines at once.
type Set struct {
	// Clock returns the sandbox's time, so that rules know when they were armed. If it is nil, a
	// window since arming counts from the first request that matches the rule.
	Clock func() time.Time

	mu    sync.Mutex // guards the rules and all their counts
	rules []*Armed
	index atomic.Pointer[index] // nil if there are no rules
	named int                   // how many names the set has generated

	ctx    context.Context //nolint:containedctx // of the rules that single requests have
	cancel context.CancelFunc
}

// MaxRules is the maximum number of rules in a set.
const MaxRules = 10_000

// An Armed is a rule in a Set, with its counts.
type Armed struct {
	fault.Rule
	operation  contract.Globs // of the where
	after      contract.Globs // the operation for which When.After waits
	conditions []condition
	ctx        context.Context //nolint:containedctx // ends with the rule: who waits because of it stops waiting
	cancel     context.CancelFunc

	armed, first          time.Time // on the sandbox's clock; first is the time of the first matching request
	matched, fired, asked uint64    // asked counts requests to the operation of When.After
	meters                map[string]*meter
}

// Done returns a context that is cancelled when the rule is removed.
func (a *Armed) Done() context.Context { return a.ctx }

// End removes a rule that only one request has.
func (a *Armed) End() { a.cancel() }

// about reports whether the rule applies to the operation. The operation is nil if the request
// matches none.
func (a *Armed) about(op *contract.Operation) bool {
	return a.Where.Operation == "" || op != nil && a.operation.Match(op.ID)
}

// Arm adds rules after the present ones. The rules must come from Check or Parse. If there are too
// many rules, or a name is already in use, Arm adds none and returns an error.
func (s *Set) Arm(rules ...fault.Rule) ([]fault.State, error) {
	compiled := compile(rules)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(s.rules, compiled, namer{count: s.named})
}

// compile compiles rules. It is called before the lock is taken.
func compile(rules []fault.Rule) []*Armed {
	all := make([]*Armed, len(rules))
	for i, r := range rules {
		all[i] = newArmed(context.Background(), r)
	}
	return all
}

// Replace replaces all rules at once, and resets the counts. Every request finds either the old
// rules or the new ones. Requests that wait because of an old rule are released. If Replace returns
// an error, nothing changes.
func (s *Set) Replace(rules ...fault.Rule) error {
	compiled := compile(rules)
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.rules
	if _, err := s.add(nil, compiled, namer{}); err != nil {
		return err
	}
	for _, a := range old {
		a.cancel()
	}
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	return nil
}

// add appends rules to the present ones and stores both in the set. The caller holds the lock.
func (s *Set) add(present, rules []*Armed, n namer) ([]fault.State, error) {
	if len(present)+len(rules) > MaxRules {
		return nil, fmt.Errorf("%d rules; a sandbox has at most %d", len(present)+len(rules), MaxRules)
	}
	all, states := slices.Clone(present), []fault.State{}
	var now time.Time
	if s.Clock != nil && len(rules) > 0 {
		now = s.Clock()
	}
	n.taken, n.next = map[string]bool{}, map[string]int{}
	for _, a := range all {
		n.taken[a.Name] = true
	}
	for _, a := range rules {
		if err := n.name(&a.Rule); err != nil {
			return nil, err
		}
		a.armed = now
		all, states = append(all, a), append(states, fault.State{Rule: a.Rule})
	}
	s.named = n.count
	s.set(all)
	return states, nil
}

// Own returns a rule that only one request has. It ends when the rules of the set are replaced, or
// when the caller calls End.
func (s *Set) Own(r fault.Rule) *Armed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
	}
	return newArmed(s.ctx, r)
}

func newArmed(ctx context.Context, r fault.Rule) *Armed {
	a := &Armed{Rule: r, operation: contract.NewGlobs(r.Where.Operation), conditions: conditions(&r.Where)}
	if r.When.After != nil {
		a.after = contract.NewGlobs(r.When.After.Operation)
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// A namer names rules that have no name.
type namer struct {
	taken map[string]bool
	next  map[string]int // number of the next rule with the same use
	count int
}

func (n *namer) name(r *fault.Rule) error {
	switch {
	case r.Name == "" && r.Use != "":
		for r.Name == "" || n.taken[r.Name] {
			r.Name = numbered(r.Use, n.next[r.Use])
			n.next[r.Use]++
		}
	case r.Name == "":
		for r.Name == "" || n.taken[r.Name] {
			n.count++
			r.Name = fmt.Sprintf("rule-%d", n.count)
		}
	case n.taken[r.Name]:
		return fmt.Errorf("there is a rule %q already", r.Name)
	}
	n.taken[r.Name] = true
	return nil
}

// numbered returns the name of a rule with a use. The first rule has the name of the use.
func numbered(use string, earlier int) string {
	if earlier == 0 {
		return use
	}
	return fmt.Sprintf("%s#%d", use, earlier+1)
}

// set replaces the rules. The caller holds the lock.
func (s *Set) set(all []*Armed) {
	s.rules = all
	if len(all) == 0 {
		s.index.Store(nil)
		return
	}
	x := &index{rules: all}
	for _, a := range all {
		if a.When.After != nil && a.When.After.Operation != "" {
			x.after = append(x.after, a)
		}
	}
	s.index.Store(x)
}

// Disarm removes the rule with the given name, and releases the requests that wait because of it.
// It reports whether there was such a rule.
func (s *Set) Disarm(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.rules, func(a *Armed) bool { return a.Name == name })
	if i < 0 {
		return false
	}
	s.rules[i].cancel()
	s.set(slices.Concat(s.rules[:i], s.rules[i+1:]))
	return true
}

// States returns the rules with their counts, in order.
func (s *Set) States() []fault.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]fault.State, len(s.rules))
	for i, a := range s.rules {
		all[i] = fault.State{Rule: a.Rule, Matched: a.matched, Fired: a.fired}
	}
	return all
}

// Unfired returns the names of the rules that end, are not optional, and have not fired.
func (s *Set) Unfired() []string {
	var names []string
	for _, st := range s.States() {
		if ends(&st.Rule) && !st.Optional && st.Fired == 0 {
			names = append(names, st.Name)
		}
	}
	return names
}

// None reports whether there are no rules.
func (s *Set) None() bool { return s.index.Load() == nil }
