package sandbox

import (
	"cmp"
	"slices"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/service"
	"standin/internal/world"
)

// A Plan says how a sandbox starts. What it says counts before what its scenario says, and
// that before the base. The zero plan starts like the base.
type Plan struct {
	Base     *Start                            // what the plan leaves open; nil: the fixture of Options.Fixture, the real time, no rules
	Fixtures []string                          // built-in ones and files, each on top of those before it
	World    *world.World                      // in place of fixtures: that of a fork
	Scenario string                            // a built-in one, or a file
	Content  *scenario.Scenario                // a scenario that is at hand, in place of a name
	Text     []byte                            // a scenario file that is at hand, in place of a name
	Open     func(path string) ([]byte, error) // reads files of fixtures; nil: os.ReadFile
	Seed     *int64                            // of ids and secrets
	Clock    *Setting                          // in place of that of fixture and scenario
	Profile  string                            // "documented" or "observed"; the quirks of the base that were asked for do not count then
	Quirks   []string                          // on, or with a dash before them off, beyond profile, base and scenario
	Rules    []fault.Rule                      // armed after those of the scenario or, without one, of the base
}

// A Start is the state that a sandbox goes back to.
type Start struct {
	World    *world.World
	Clock    Setting
	Rules    []fault.Rule
	Profile  string
	Asked    []string       // quirks that were asked for beyond the profile
	Quirks   service.Quirks // all that are on
	Scenario string         // its name; empty if there is none
	Expect   []journal.Expectation
	Exit     journal.Exit // that is expected of the command of standin run; empty: nothing is
	Files    []string     // that it was read from, but for built-in ones
}

// start carries a plan out. Its error lists the mistakes in files, with line and column.
func (r *Registry) start(p Plan) (*Start, error) {
	st := &Start{}
	if p.Base != nil {
		*st = *p.Base
		st.Files = nil
	}
	if p.World != nil {
		st.World = p.World
	}
	s, err := r.scenario(st, &p)
	if err != nil {
		return nil, err
	}
	if err := r.load(st, &p, s); err != nil {
		return nil, err
	}
	st.Clock = clockOf(st.Clock, s.Clock, p.Clock)
	if err := r.behave(st, cmp.Or(p.Profile, s.Profile), slices.Concat(s.Quirks, p.Quirks)); err != nil {
		return nil, err
	}
	if len(p.Rules) > 0 {
		rules, err := r.catalog.Rules.Check(slices.Concat(st.Rules, p.Rules))
		if err != nil {
			return nil, err
		}
		st.Rules = rules
	}
	return st, new(ruleset.Set).Replace(st.Rules...) // too many, or a name twice
}

// scenario reads the plan's scenario, an empty one if it has none, and puts its rules and
// expectations into a start.
func (r *Registry) scenario(st *Start, p *Plan) (*scenario.Scenario, error) {
	s, from, err := r.read(p)
	if err != nil || s == nil {
		return &scenario.Scenario{}, err
	}
	if from != "" {
		st.Files = append(st.Files, from)
	}
	st.Scenario, st.Rules, st.Expect, st.Exit = s.Name, s.Faults, s.Expect, ""
	if i := slices.IndexFunc(s.Expect, func(e journal.Expectation) bool { return e.Exit != "" }); i >= 0 {
		st.Exit, st.Expect = s.Expect[i].Exit, slices.Concat(s.Expect[:i], s.Expect[i+1:])
	}
	return s, nil
}

// read reads the plan's scenario, nil if it has none, and returns the file that it was read from;
// empty of one that is built in or at hand.
func (r *Registry) read(p *Plan) (s *scenario.Scenario, from string, err error) {
	switch {
	case p.Content != nil:
		return p.Content, "", nil
	case p.Text != nil:
		s, _, err = scenario.Read(r.catalog.Rules, "(scenario data)", p.Text)
		return s, "", err
	case p.Scenario != "":
		read, err := r.catalog.Scenario(p.Scenario)
		return read.Scenario, read.File, err
	default:
		return nil, "", nil
	}
}

// load puts a world into the start: that of the plan's fixtures, of a fork, of the scenario's
// fixtures, of the base, or of the fixture where nobody names one.
func (r *Registry) load(st *Start, p *Plan, s *scenario.Scenario) error {
	seed := p.Seed
	if seed == nil {
		seed = s.Seed
	}
	names := p.Fixtures
	if len(names) == 0 && p.World == nil {
		names = s.Fixture
	}
	if len(names) == 0 && st.World != nil {
		if seed != nil {
			st.World = st.World.WithSeed(*seed)
		}
		return nil
	}
	if len(names) == 0 {
		names = []string{cmp.Or(r.options.Fixture, "empty")}
	}
	fx, err := r.catalog.Load(names, seed, p.Open)
	if err != nil {
		return err
	}
	st.World, st.Clock = fx.World, frozenBy(fx)
	st.Files = append(st.Files, fx.Files...)
	return nil
}

// clockOf is the last setting that is given.
func clockOf(present Setting, ofScenario *scenario.Clock, ofPlan *Setting) Setting {
	switch {
	case ofPlan != nil:
		return *ofPlan
	case ofScenario != nil:
		return SettingOf(ofScenario)
	default:
		return present
	}
}

// behave puts a profile, in place of the start's unless it is empty, and more quirks
// into a start.
func (r *Registry) behave(st *Start, profile string, quirks []string) error {
	if profile != "" {
		st.Asked = nil
	}
	st.Profile = cmp.Or(profile, st.Profile, ruleset.Documented)
	st.Asked = slices.Concat(st.Asked, quirks)
	var err error
	st.Quirks, err = r.catalog.Rules.Quirks(st.Profile, st.Asked...)
	return err
}
