// Package explore finds out what a client does on each documented failure at each request that it
// makes.
//
// The client first runs without failures: the baseline. Then it runs again and again, each time
// with one failure at one of its requests. What it leaves in the world is compared with what the
// baseline left, so that a client which succeeds and has lost a record is found. Nobody instruments
// the client, and nobody writes an assertion.
//
// A Session knows the baseline, the cases that follow from it, and how a run is judged. It does not
// run clients: an Exploration runs commands, with workers, and Call runs a function, as package
// emulator/explore does in a test.
package explore

import (
	"slices"
	"time"

	"standin/internal/command"
	"standin/internal/compare"
	"standin/internal/core"
	"standin/internal/ruleset"
	"standin/internal/sandbox"
	"standin/internal/world"
)

// Options say what is explored. The zero Options explore everything with depth 1.
type Options struct {
	Plan     sandbox.Plan // how each run starts
	Only     string       // globs of operations; empty means all
	Failures string       // globs of failures; empty means all but those that only a wrong request brings
	All      bool         // do not prune
	Depth    int          // how many failures a run has at most: 1 (also 0) or 2
	MaxRuns  int          // the maximum number of runs with failures; 0 means no limit
}

// A Session explores one client.
type Session struct {
	options Options
	start   *sandbox.Start // of each run; without rules
	loader  *world.Loader
	rules   *ruleset.Catalogue
	known   map[string][]ruleset.Failure // the documented failures, by operation

	base    *baseline
	plan    plan
	results map[key]*Result // of the runs that were judged
}

// NewSession returns a session. Its error lists the mistakes in fixtures and options.
func NewSession(o Options) (*Session, error) {
	e, err := core.New(core.Options{Plan: o.Plan, Sandboxes: sandbox.Options{Fixture: "default"}})
	if err != nil {
		return nil, err
	}
	s := From(e)
	s.options = o
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// From returns a session whose runs start as an emulator did, without the rules of its scenario.
func From(e *core.Emulator) *Session {
	start := *e.Sandboxes.Origin()
	start.Rules, start.Expect = nil, nil
	s := &Session{
		start: &start, loader: e.Catalog.Loader, rules: e.Catalog.Rules, known: map[string][]ruleset.Failure{}, results: map[key]*Result{},
	}
	for _, f := range s.rules.Failures() {
		s.known[f.Operation] = append(s.known[f.Operation], f)
	}
	return s
}

// Seed returns the seed of each run.
func (s *Session) Seed() int64 { return s.start.World.Seed() }

// The default time limit of a run is slack and factor times the time of the baseline. The slack
// lets a client whose own time limit is half a minute notice an answer that never comes.
const (
	slack  = 45 * time.Second
	factor = 10
)

// Limit returns the default time limit of a run.
func (s *Session) Limit() time.Duration { return slack + factor*s.base.took }

// A baseline is the two runs without failures.
type baseline struct {
	requests int
	took     time.Duration
	busy     time.Duration // the processor time of the client
	points   []*point
	history  map[string][]*compare.Picture // of each sandbox that both runs used, world after world
	masks    map[string]*compare.Mask      // of each of these sandboxes
	drawn    bool                          // the runs used other sandboxes
	broken   map[string]bool               // rules for retries that fail without failures
	notes    []string                      // why the points are to be taken with caution
}

// SetBaseline takes the two runs without failures. The client must have succeeded in both.
func (s *Session) SetBaseline(a, b *Observation) error {
	for _, o := range []*Observation{a, b} {
		switch {
		case !o.succeeded():
			return &BaselineError{o.Ending}
		case len(o.entries) == 0:
			return &BaselineError{command.Ending{Found: "it sends no request", Output: o.Output}}
		}
	}
	x := &baseline{requests: len(a.entries), took: max(a.Took, b.Took), busy: max(a.Busy, b.Busy), broken: map[string]bool{}}
	s.picture(x, a, b)
	for _, r := range slices.Concat(a.retries.Failed(), b.retries.Failed()) {
		x.broken[string(r.ID)] = true
	}
	x.notes = differ(a, b)
	if x.drawn {
		x.notes = append(x.notes, "the names of sandboxes differ in the two runs without failures; what is in these sandboxes is not compared")
	}
	x.points = s.points(a, b)
	if err := s.selects(x, a); err != nil {
		return err
	}
	s.base = x
	return nil
}

// picture keeps what the runs without failures had in the sandboxes that both used.
func (s *Session) picture(x *baseline, a, b *Observation) {
	x.history, x.masks = map[string][]*compare.Picture{}, map[string]*compare.Mask{}
	for name := range b.worlds {
		x.drawn = x.drawn || len(a.worlds[name]) == 0
	}
	for name, worlds := range a.worlds {
		if len(b.worlds[name]) == 0 {
			x.drawn = true
			continue
		}
		for _, w := range worlds {
			x.history[name] = append(x.history[name], compare.Of(s.loader, w))
		}
		x.masks[name] = compare.NewMask(x.history[name][0], s.last(a, name), s.last(b, name))
	}
}

// masked returns the members that are not compared, sorted.
func (x *baseline) masked() (all []string) {
	for _, m := range x.masks {
		all = append(all, m.Members()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Begun reports whether the session has its runs without failures.
func (s *Session) Begun() bool { return s.base != nil }

// last returns the picture of the world that a run left in a sandbox. A run that did not use the
// sandbox left the world of the start.
func (s *Session) last(o *Observation, box string) *compare.Picture {
	all := o.worlds[box]
	if len(all) == 0 {
		return compare.Of(s.loader, s.start.World)
	}
	return compare.Of(s.loader, all[len(all)-1])
}

// A BaselineError says that a client fails without failures, so that nothing can be explored.
type BaselineError struct{ command.Ending }

// Error says how the client ended.
func (e *BaselineError) Error() string {
	return "the run without failures must succeed, and it did not: " + e.Found
}
