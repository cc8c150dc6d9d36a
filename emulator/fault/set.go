package fault

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"standin/emulator/contract"
	"standin/emulator/service"
)

// A Set holds the rules of one sandbox, in order, and counts for them. The zero
// Set has none. Its methods may be used from many goroutines.
type Set struct {
	mu    sync.Mutex // guards the rules and all that they count
	rules []*Armed
	index atomic.Pointer[index] // nil while there are no rules
	named int                   // how many rules were given a name by the set

	ctx    context.Context //nolint:containedctx // of the rules that single requests have
	cancel context.CancelFunc
}

// MostRules bounds the rules of a set.
const MostRules = 10_000

// An Armed rule is one that a Set holds, with its counts.
type Armed struct {
	Rule
	conditions []condition
	ctx        context.Context //nolint:containedctx // ends with the rule: who waits because of it stops waiting
	cancel     context.CancelFunc

	matched, fired, asked uint64 // asked: for the operation of When.After
	meters                map[string]*meter
}

// Done ends when the rule is removed.
func (a *Armed) Done() context.Context { return a.ctx }

// End ends a rule of a request's own.
func (a *Armed) End() { a.cancel() }

// A State is a rule and what it has counted.
type State struct {
	Rule
	Matched uint64 `json:"matched"` // requests that its where fitted
	Fired   uint64 `json:"fired"`
}

// index finds the rules of an operation. Rules never move inside of one: a
// change makes another.
type index struct {
	rules []*Armed
	after []*Armed // those that wait for requests of an operation
	byOp  sync.Map // operationId → []*Armed, filled as operations are asked for
}

func (x *index) of(op *contract.Operation) []*Armed {
	id := ""
	if op != nil {
		id = op.ID
	}
	if list, ok := x.byOp.Load(id); ok {
		return list.([]*Armed)
	}
	var list []*Armed
	for _, a := range x.rules {
		if a.about(op) {
			list = append(list, a)
		}
	}
	x.byOp.Store(id, list)
	return list
}

// about tells that the rule is about the operation; nil is none.
func (a *Armed) about(op *contract.Operation) bool {
	return a.Where.Operation == "" || op != nil && contract.NewGlob(a.Where.Operation).Match(op.ID)
}

// Arm adds rules behind those that are there. They must have been checked; all
// are added or, if there are too many or a name is taken, none.
func (s *Set) Arm(rules ...Rule) ([]State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(s.rules, namer{count: s.named}, rules)
}

// Replace puts rules with fresh counts in place of all others, at once: no request
// finds none of them. Whoever waits because of the others is released. With an error nothing changes.
func (s *Set) Replace(rules ...Rule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.rules
	if _, err := s.add(nil, namer{}, rules); err != nil {
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

// add puts rules behind others and takes both for its own. The lock is held.
func (s *Set) add(present []*Armed, n namer, rules []Rule) ([]State, error) {
	if len(present)+len(rules) > MostRules {
		return nil, fmt.Errorf("%d rules; a sandbox has at most %d", len(present)+len(rules), MostRules)
	}
	all, states := slices.Clone(present), []State{}
	n.taken = map[string]bool{}
	for _, a := range all {
		n.taken[a.Name] = true
	}
	for _, r := range rules {
		if err := n.name(&r); err != nil {
			return nil, err
		}
		all, states = append(all, newArmed(context.Background(), r)), append(states, State{Rule: r})
	}
	s.named = n.count
	s.set(all)
	return states, nil
}

// Own is a rule that only one request has. It ends when the rules of the set are
// replaced; whoever asked for it ends it with End.
func (s *Set) Own(r Rule) *Armed {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
	}
	return newArmed(s.ctx, r)
}

func newArmed(ctx context.Context, r Rule) *Armed {
	a := &Armed{Rule: r, conditions: r.Where.conditions()}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// A namer gives names to rules that have none.
type namer struct {
	taken map[string]bool
	count int
}

func (n *namer) name(r *Rule) error {
	switch {
	case r.Name == "" && r.Use != "":
		r.Name = r.Use
		for i := 2; n.taken[r.Name]; i++ {
			r.Name = fmt.Sprintf("%s#%d", r.Use, i)
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

// set puts a list of rules in place of the present one. The lock is held.
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

// Disarm removes the rule of that name, and releases whoever waits because of it.
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

// States lists the rules in order.
func (s *Set) States() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]State, len(s.rules))
	for i, a := range s.rules {
		all[i] = State{Rule: a.Rule, Matched: a.matched, Fired: a.fired}
	}
	return all
}

// Unfired names the rules that end, are not optional, and have not fired.
func (s *Set) Unfired() []string {
	var names []string
	for _, st := range s.States() {
		if st.finite() && !st.Optional && st.Fired == 0 {
			names = append(names, st.Name)
		}
	}
	return names
}

// A Firing is a rule that fires for a request.
type Firing struct {
	*Armed
	Delay time.Duration
	Reply *service.Reply  // of a Func
	Err   error           // a Func's panic
	Extra service.Headers // of a rate limit
	draws draws
}

// Bytes are n random bytes of the firing, always the same ones.
func (f *Firing) Bytes(n int) []byte { return f.draws.bytes("bytes", n) }

// A Verdict is what one rule said of a request that its where fitted.
type Verdict struct {
	Rule  string   `json:"rule"`
	Match uint64   `json:"match"` // the how manieth such request
	Fired bool     `json:"fired"`
	Draw  *float64 `json:"draw,omitempty"` // against the probability
	Why   string   `json:"why,omitempty"`  // it did not fire
}

// A Decision is what the rules say of one request.
type Decision struct {
	Fired    []*Firing
	Verdicts []Verdict
	Misses   []string        // rules that nearly fitted, and why they did not
	Headers  service.Headers // of rate limits that let the request pass
}

const mostMisses = 3

// Decide asks the rules about a request: an extra rule of the request's own first,
// if there is one, then those of the set. All that fit count it; the first that
// fires, and those before it that let others continue, take effect.
func (s *Set) Decide(c *service.Call, sandbox string, own *Armed) Decision {
	var d Decision
	x := s.index.Load()
	if x == nil && own == nil {
		return d
	}
	var list []*Armed
	switch {
	case own == nil:
	case own.about(c.Operation):
		list = append(list, own)
	default:
		d.Misses = append(d.Misses, "the header "+Header+" names a failure of "+own.Where.Operation)
	}
	if x != nil {
		list = append(list, x.of(c.Operation)...)
	}
	subject, over := &subject{Call: c}, false
	for _, a := range list {
		ok, miss := a.fit(subject)
		if !ok {
			if miss != "" && len(d.Misses) < mostMisses {
				d.Misses = append(d.Misses, miss)
			}
			continue
		}
		f, v := s.count(a, c, sandbox, over, &d)
		d.Verdicts = append(d.Verdicts, v)
		if f != nil {
			d.Fired = append(d.Fired, f)
			over = !a.Continue
		}
	}
	if x != nil && c.Operation != nil {
		s.ask(x, c.Operation.ID)
	}
	return d
}

// ask counts a request for the rules that wait for its operation.
func (s *Set) ask(x *index, operation string) {
	if len(x.after) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range x.after {
		if contract.NewGlob(a.When.After.Operation).Match(operation) {
			a.asked++
		}
	}
}

// count counts a request that fits a rule and tells whether it fires, unless it
// is over: another one has. A function is asked without the lock: it is somebody else's.
func (s *Set) count(a *Armed, c *service.Call, sandbox string, over bool, d *Decision) (*Firing, Verdict) {
	f, v := s.admit(a, c, sandbox, over, d)
	if f == nil || a.ask == nil {
		return f, v
	}
	f.Reply, f.Err = ask(a.ask, c)
	if f.Reply == nil && f.Err == nil {
		s.Undo(f)
		v.Fired, v.Why = false, "the function let it pass"
		return nil, v
	}
	return f, v
}

// ask calls a function; a panic in it is an error like any other bug.
func ask(f func(*service.Call) *service.Reply, c *service.Call) (r *service.Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a fault.Func: %v\n%s", p, debug.Stack())
		}
	}()
	if r = f(c); r != nil && r.Status == 0 {
		r.Status = http.StatusOK
	}
	return r, nil
}

// Undo takes back that a rule fired: it came to nothing.
func (s *Set) Undo(f *Firing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.fired--
}

// admit counts a request for a rule, and the rule as fired if its when holds.
func (s *Set) admit(a *Armed, c *service.Call, sandbox string, over bool, d *Decision) (*Firing, Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.matched++
	v := Verdict{Rule: a.Name, Match: a.matched}
	u := draws{seed: c.Seed, sandbox: sandbox, rule: a.Name, match: a.matched}
	v.Draw, v.Why = s.holds(a, c, u)
	if over && v.Why == "" {
		v.Why = "another rule fired"
	}
	if v.Why != "" {
		return nil, v
	}
	f := &Firing{Armed: a, draws: u}
	if a.What.Delay != nil {
		f.Delay = a.What.Delay.draw(u)
	}
	if a.What.RateLimit != nil {
		m := a.meter(c)
		f.Extra = a.What.RateLimit.headers(m)
		if !m.refused {
			v.Why, d.Headers = "within the rate", append(d.Headers, f.Extra...)
			return nil, v
		}
	}
	a.fired++
	v.Fired = true
	return f, v
}

// holds tells whether the rule's when holds for its present match; why not, if it
// does not, and what was drawn.
func (s *Set) holds(a *Armed, c *service.Call, u draws) (draw *float64, why string) {
	w, n := &a.When, a.matched
	var drawn float64
	if w.Probability != nil {
		drawn = u.float("probability", 0)
		draw = &drawn
	}
	times := a.times()
	switch {
	case n <= uint64(w.Skip):
		why = fmt.Sprintf("skipped, %d of %d", n, w.Skip)
	case times > 0 && a.fired >= uint64(times):
		why = fmt.Sprintf("has fired %d of %d times", a.fired, times)
	case w.Every > 0 && (n-uint64(w.Skip))%uint64(w.Every) != 0:
		why = fmt.Sprintf("fires at every %d", w.Every)
	case len(w.Calls) > 0 && !slices.Contains(w.Calls, int(n)):
		why = fmt.Sprintf("not a call of %v", w.Calls)
	case w.During != nil && !w.During.From.IsZero() && c.Now.Before(w.During.From):
		why = "the window is not open yet"
	case w.During != nil && !w.During.To.IsZero() && !c.Now.Before(w.During.To):
		why = "the window is over"
	case w.After != nil && !s.happened(a):
		why = "waits for " + w.After.Fault + w.After.Operation
	case draw != nil && drawn >= *w.Probability:
		why = fmt.Sprintf("drew %.4f against %g", drawn, *w.Probability)
	}
	return draw, why
}

func (s *Set) happened(a *Armed) bool {
	w := a.When.After
	if w.Operation != "" {
		return a.asked >= w.count()
	}
	i := slices.IndexFunc(s.rules, func(o *Armed) bool { return o.Name == w.Fault })
	return i >= 0 && s.rules[i].fired >= w.count()
}

// mostMeters bounds the keys that a rate limit counts.
const mostMeters = 10_000

func (a *Armed) meter(c *service.Call) metering {
	l := a.What.RateLimit
	key := l.key(c)
	m := a.meters[key]
	if m == nil {
		if a.meters == nil || len(a.meters) >= mostMeters {
			a.meters = map[string]*meter{}
		}
		m = &meter{}
		a.meters[key] = m
	}
	return l.take(m, c.Now)
}

// None tells that there are no rules.
func (s *Set) None() bool { return s.index.Load() == nil }
