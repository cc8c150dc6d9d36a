package explore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
)

// A Case is one run to make: a failure at a point, once or without end, and perhaps a second one.
type Case struct {
	Number int // from 1, in the order of the session; the runs without failures have the number 0

	point   *point
	failure failure
	forever bool
	first   *Case // the case to which this one adds a failure; nil with a single failure
}

// A key identifies a case.
type key struct {
	operation string
	nth       int
	failure   string
	forever   bool
	second    string
}

func (c *Case) key() key {
	if c.first == nil {
		return key{c.point.Operation, c.point.Nth, c.failure.name, c.forever, ""}
	}
	k := c.first.key()
	k.second = fmt.Sprintf("%s %d %s", c.point.Operation, c.point.Nth, c.failure.name)
	return k
}

// Rules returns the rules that make the requests of the case fail.
func (c *Case) Rules() []fault.Rule {
	r := c.failure.rule(c.point, c.forever)
	if c.first == nil {
		return []fault.Rule{r}
	}
	r.Name = secondRule
	return append(c.first.Rules(), r)
}

// secondRule is the name of the rule of a second failure.
const secondRule = ruleName + "-second"

// Name returns the name of the case, as a test has it: freezer.clients.create-1/lost-reply.
func (c *Case) Name() string {
	name := fmt.Sprintf("%s-%d/%s", c.point.Operation, c.point.Nth, c.short())
	if c.forever {
		name += "-" + Forever
	}
	if c.first != nil {
		name = c.first.Name() + "/" + name
	}
	return name
}

// The reasons for which cases are left out.
const (
	sameSite     = "call-site"     // the request comes after the same operations as one before
	sameReaction = "same-reaction" // at another request to the operation, the client reacts to the failure as to one that is tried
	noImpact     = "no-impact"     // the client does not send such a request again, so that a failure without end is the same as one
	unreachable  = "unreachable"   // the request did not come
	budget       = "budget"        // the number of runs or the time is used up
)

// A plan is the cases of a session, in stages. The cases of a stage follow from the results of the
// stages before it.
type plan struct {
	stage   int
	made    int // cases so far
	left    []Left
	reasons map[key]string  // why a case was left out
	covered map[string]bool // call sites of second failures
	unknown []*Case         // cases that were not run
}

// Next returns the cases of the next stage. It returns nil when all are done.
func (s *Session) Next() []*Case {
	stages := []func() []*Case{s.firstSites, s.otherSites, s.endless, s.second}
	for s.plan.stage < len(stages) {
		s.plan.stage++
		if all := s.within(stages[s.plan.stage-1]()); len(all) > 0 {
			return all
		}
	}
	return nil
}

// within numbers the cases, and leaves out those beyond the limit.
func (s *Session) within(all []*Case) []*Case {
	for i, c := range all {
		if most := s.options.MaxRuns; most > 0 && s.plan.made >= most {
			for _, c := range all[i:] {
				s.Leave(c)
			}
			return all[:i]
		}
		s.plan.made++
		c.Number = s.plan.made
	}
	return all
}

// Leave records that a case is left out because the runs or the time are used up.
func (s *Session) Leave(c *Case) { s.leave(budget, c) }

// Filtered records that a case was not run, and that nothing is known of it. The cases that depend
// on its result are then made.
func (s *Session) Filtered(c *Case) { s.plan.unknown = append(s.plan.unknown, c) }

// add adds a result. It is nil if the request of the case did not come.
func (s *Session) add(c *Case, r *Result) {
	if r == nil {
		s.leave(unreachable, c)
		return
	}
	s.results[c.key()] = r
}

// Add judges a run of a case and adds the result to the session. It returns nil if the request of the
// case did not come.
func (s *Session) Add(c *Case, o *Observation) *Result {
	r := s.Judge(c, o)
	s.add(c, r)
	return r
}

// leave records that a case is left out.
func (s *Session) leave(why string, c *Case) {
	if s.plan.reasons == nil {
		s.plan.reasons = map[key]string{}
	}
	s.plan.reasons[c.key()] = why
	s.count(why, c.point)
}

// count counts a case that is left out at a point.
func (s *Session) count(why string, p *point) {
	i := slices.IndexFunc(s.plan.left, func(l Left) bool { return l.Operation == p.Operation && l.Nth == p.Nth && l.Reason == why })
	if i < 0 {
		i = len(s.plan.left)
		s.plan.left = append(s.plan.left, Left{p.Operation, p.Nth, why, 0})
	}
	s.plan.left[i].Cases++
}

// firstSites returns each failure once, at the first request to each operation; without pruning, at
// each request.
func (s *Session) firstSites() (all []*Case) {
	for _, p := range s.base.points {
		failures := s.failures(p)
		switch {
		case p.first || s.options.All:
			for _, f := range failures {
				all = append(all, &Case{point: p, failure: f})
			}
		case p.repeats:
			for _, f := range failures {
				s.leave(sameSite, &Case{point: p, failure: f})
			}
		}
	}
	return all
}

// otherSites returns the failures at the other requests to each operation. Of the failures to which
// the client reacts in the same way at the first request, it returns one.
func (s *Session) otherSites() (all []*Case) {
	if s.options.All {
		return nil
	}
	for _, p := range s.base.points {
		if p.first || p.repeats {
			continue
		}
		first := s.base.points[slices.IndexFunc(s.base.points, func(o *point) bool { return o.Operation == p.Operation })]
		seen := map[string]bool{}
		for _, f := range s.failures(p) {
			r := s.results[(&Case{point: first, failure: f}).key()]
			if r != nil && !f.keeps {
				class := fmt.Sprint(f.after, r.Reaction)
				if seen[class] {
					s.leave(sameReaction, &Case{point: p, failure: f})
					continue
				}
				seen[class] = true
			}
			all = append(all, &Case{point: p, failure: f})
		}
	}
	return all
}

// endless returns the failures without end, where the client sends such a request again.
func (s *Session) endless() (all []*Case) {
	for _, r := range s.inOrder() {
		switch c := r.Case; {
		case !c.failure.endless || c.first != nil:
		case r.Again || s.options.All:
			all = append(all, &Case{point: c.point, failure: c.failure, forever: true})
		default:
			s.leave(noImpact, &Case{point: c.point, failure: c.failure, forever: true})
		}
	}
	for _, c := range s.plan.unknown {
		if c.failure.endless && c.first == nil && !c.forever {
			all = append(all, &Case{point: c.point, failure: c.failure, forever: true})
		}
	}
	return all
}

// second returns the cases with two failures. A second failure comes where the first one changed
// what followed, and the client went on.
func (s *Session) second() (all []*Case) {
	if s.options.Depth < 2 {
		return nil
	}
	s.plan.covered = map[string]bool{}
	for _, r := range s.inOrder() {
		if r.Case.forever || r.Case.first != nil {
			continue
		}
		if !r.Changed {
			s.count(noImpact, r.Case.point)
			continue
		}
		all = append(all, s.secondOf(r)...)
	}
	return all
}

// secondOf returns the cases that add a failure to a case: at each request after the first
// failure, but once at each call site.
func (s *Session) secondOf(r *Result) (all []*Case) {
	earlier := r.Case.point.before.then(r.Case.point.Operation)
	nth, only := map[string]int{}, contract.NewGlobs(s.options.Only)
	for i := range r.entries {
		e := &r.entries[i]
		nth[e.Operation]++
		if i <= r.at || e.Operation == "" || !only.Match(e.Operation) {
			continue
		}
		site := strings.Join([]string{r.Case.failure.name, e.Operation, earlier[0], earlier[1]}, " ")
		p := newPoint(e, earlier)
		if p.Nth = nth[e.Operation]; !strings.ContainsAny(e.Request.Path, "*{") {
			p.path = e.Request.Path
		}
		p.choose(r.entries[:i], r.entries)
		earlier = earlier.then(e.Operation)
		if s.plan.covered[site] && !s.options.All {
			s.count(sameSite, p)
			continue
		}
		s.plan.covered[site] = true
		for _, f := range s.failures(p) {
			if f.name == LostReply || f.name == Reset || strings.HasSuffix(f.name, "/503") || strings.HasSuffix(f.name, "/401") {
				all = append(all, &Case{point: p, failure: f, first: r.Case})
			}
		}
	}
	return all
}

// inOrder returns the results in the order of their numbers.
func (s *Session) inOrder() []*Result {
	all := make([]*Result, 0, len(s.results))
	for _, r := range s.results {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *Result) int { return cmp.Compare(a.Number, b.Number) })
	return all
}
