package ruleset

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"standin/emulator/fault"
	"standin/internal/service"
)

// A Firing is a rule that fires for a request.
type Firing struct {
	*Armed
	Delay time.Duration
	Reply *service.Reply  // of a Func
	Err   error           // error or panic of a Func
	Extra service.Headers // of a rate limit
	draws draws
}

// Bytes returns n random bytes. They are the same in every call.
func (f *Firing) Bytes(n int) []byte { return f.draws.bytes("bytes", n) }

// A Verdict is what one rule decided about a request that matches its where.
type Verdict struct {
	Rule  string   `json:"rule"`
	Match uint64   `json:"match"` // which matching request this was, counting from 1
	Fired bool     `json:"fired"`
	Draw  *float64 `json:"draw,omitempty"` // compared with the probability
	Why   string   `json:"why,omitempty"`  // why the rule did not fire
}

// A Decision is what the rules decided about one request.
type Decision struct {
	Fired    []*Firing
	Verdicts []Verdict
	Misses   []string        // rules that almost matched, and why they did not
	Headers  service.Headers // of rate limits that let the request pass
}

const maxMisses = 3

// Acts reports whether a rule changes the exchange.
func (d *Decision) Acts() bool { return len(d.Fired) > 0 || len(d.Headers) > 0 }

// Decide decides which rules fire for a request. It tries the request's own rule first, if own is
// not nil, then the rules of the set. Every rule that matches counts the request. The first rule
// that fires takes effect. Rules before it with Continue take effect too.
func (s *Set) Decide(c *service.Call, sandbox string, own *Armed) Decision {
	var d Decision
	x := s.index.Load()
	if x == nil && own == nil {
		return d
	}
	subject, over := &subject{Call: c}, false
	consider := func(a *Armed) {
		ok, near := a.fit(subject)
		if !ok {
			if near != nil && len(d.Misses) < maxMisses {
				d.Misses = append(d.Misses, "rule "+a.Name+": "+near.why(subject))
			}
			return
		}
		f, v := s.count(a, c, sandbox, over, &d)
		d.Verdicts = append(d.Verdicts, v)
		if f != nil {
			d.Fired = append(d.Fired, f)
			over = !a.Continue
		}
	}
	switch {
	case own == nil:
	case own.about(c.Operation):
		consider(own)
	default:
		d.Misses = append(d.Misses, "the header "+fault.Header+" names a failure of "+own.Where.Operation)
	}
	if x != nil {
		x.of(c.Operation).each(subject, func() bool { return len(d.Misses) < maxMisses }, consider)
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
		if a.after.Match(operation) {
			a.asked++
		}
	}
}

// count counts a request that matches a rule, and returns a Firing if the rule fires. If over is
// true, another rule has fired already, and this one does not. A Func is called without the lock,
// since it is code of the user.
func (s *Set) count(a *Armed, c *service.Call, sandbox string, over bool, d *Decision) (*Firing, Verdict) {
	f, v := s.admit(a, c, sandbox, over, d)
	if f == nil || a.Func == nil {
		return f, v
	}
	f.Reply, f.Err = ask(a.Func, c, sandbox)
	if f.Reply == nil && f.Err == nil {
		s.Undo(f)
		v.Fired, v.Why = false, "the function let it pass"
		return nil, v
	}
	return f, v
}

// ask calls a Func with a copy of the request. It returns an error if the Func panics.
func ask(f fault.Func, c *service.Call, sandbox string) (r *service.Reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a fault.Func: %v\n%s", p, debug.Stack())
		}
	}()
	q := &fault.Request{Sandbox: sandbox, Method: c.Method, Path: c.Path, Query: c.Query(), Header: c.Header, Body: c.Body, Now: c.Now}
	if c.Operation != nil {
		q.Operation = c.Operation.ID
	}
	if c.Caller != nil {
		q.Caller = c.Caller.Name
	}
	reply, err := f(q)
	if err != nil {
		return nil, fmt.Errorf("fault.Func: %w", err)
	}
	if reply == nil {
		return nil, nil
	}
	return converted(reply), nil
}

// converted returns the reply of a Func as a reply of a service, with its headers sorted by name.
func converted(reply *fault.Reply) *service.Reply {
	r := &service.Reply{Status: cmp.Or(reply.Status, http.StatusOK), Body: reply.Body}
	for _, name := range slices.Sorted(maps.Keys(reply.Header)) {
		key := http.CanonicalHeaderKey(name)
		for _, v := range reply.Header[name] {
			if key == "Content-Type" && r.ContentType == "" {
				r.ContentType = v
			} else {
				r.Header = append(r.Header, service.Field{Name: key, Value: v})
			}
		}
	}
	return r
}

// Undo removes a firing from the counts. It is called when the firing had no effect.
func (s *Set) Undo(f *Firing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.fired--
}

// admit counts a request for a rule. If the rule's when matches, it also counts the rule as fired.
func (s *Set) admit(a *Armed, c *service.Call, sandbox string, over bool, d *Decision) (*Firing, Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.matched++; a.matched == 1 {
		a.first = c.Now
	}
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
		f.Delay = drawDelay(a.What.Delay, u)
	}
	if a.What.RateLimit != nil {
		m := a.meter(c)
		f.Extra = limitHeaders(a.What.RateLimit, m)
		if !m.refused {
			v.Why, d.Headers = "within the rate", append(d.Headers, f.Extra...)
			return nil, v
		}
	}
	a.fired++
	v.Fired = true
	return f, v
}

// holds checks the rule's when for its present match. It returns the random number, if there is
// one, and why the rule does not fire; why is empty if it fires.
func (s *Set) holds(a *Armed, c *service.Call, u draws) (draw *float64, why string) {
	w, n := &a.When, a.matched
	var drawn float64
	if w.Probability != nil {
		drawn = u.float("probability", 0)
		draw = &drawn
	}
	most, shut := times(&a.Rule), ""
	if w.During != nil {
		shut = closed(w.During, c.Now, a.armed, a.first)
	}
	switch {
	case n <= uint64(w.Skip):
		why = fmt.Sprintf("skipped, %d of %d", n, w.Skip)
	case most > 0 && a.fired >= uint64(most):
		why = fmt.Sprintf("has fired %d of %d times", a.fired, most)
	case w.Every > 0 && (n-uint64(w.Skip))%uint64(w.Every) != 0:
		why = fmt.Sprintf("fires at every %d", w.Every)
	case len(w.Calls) > 0 && !slices.Contains(w.Calls, int(n)):
		why = fmt.Sprintf("not a call of %v", w.Calls)
	case shut != "":
		why = shut
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
		return a.asked >= count(w)
	}
	i := slices.IndexFunc(s.rules, func(o *Armed) bool { return o.Name == w.Fault })
	return i >= 0 && s.rules[i].fired >= count(w)
}
