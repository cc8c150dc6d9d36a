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

// A Plan says how a sandbox starts. The plan takes precedence over its scenario, and the scenario
// over the base. The zero plan starts like the base.
type Plan struct {
	Base     *Start                            // supplies what the plan leaves open; nil means the fixture of Options.Fixture, the real time and no rules
	Fixtures []string                          // built-in fixtures and files; later ones add records
	World    *world.World                      // in place of fixtures; the world of a fork
	Scenario string                            // name of a built-in scenario, or a file
	Content  *scenario.Scenario                // a scenario in place of a name
	Text     []byte                            // the text of a scenario file in place of a name
	Open     func(path string) ([]byte, error) // reads files of fixtures; nil means os.ReadFile
	Seed     *int64                            // of ids and secrets; nil means that of scenario, fixture or base
	Clock    *Setting                          // in place of that of the fixture and the scenario
	Profile  string                            // "documented" or "observed"; if given, it also drops the quirks that the base asked for
	Quirks   []string                          // more quirks to turn on; a dash before a name turns it off
	Rules    []fault.Rule                      // armed after those of the scenario; without a scenario, after those of the base
}

// A Start is the state to which a sandbox returns on reset.
type Start struct {
	World    *world.World
	Clock    Setting
	Rules    []fault.Rule
	Profile  string
	Asked    []string       // quirks asked for in addition to the profile
	Quirks   service.Quirks // all quirks that are on
	Scenario string         // name of the scenario; empty if there is none
	Expect   []journal.Expectation
	Exit     journal.Exit     // expected of the command of standin run; empty if nothing is expected
	Outcome  journal.Outcomes // expected of the run of standin run; empty if nothing is expected
	Files    []string         // the files that were read; built-in ones are not files
}

// start returns the start that a plan describes. Its error lists the mistakes in files, with line
// and column.
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
	return st, new(ruleset.Set).Replace(st.Rules...) // fails on too many rules, or on a name used twice
}

// scenario reads the plan's scenario, and stores its rules and expectations in the start. If there
// is none, it returns an empty scenario.
func (r *Registry) scenario(st *Start, p *Plan) (*scenario.Scenario, error) {
	s, from, err := r.read(p)
	if err != nil || s == nil {
		return &scenario.Scenario{}, err
	}
	if from != "" {
		st.Files = append(st.Files, from)
	}
	st.Scenario, st.Rules, st.Expect, st.Exit, st.Outcome = s.Name, s.Faults, nil, "", nil
	for _, e := range s.Expect {
		switch {
		case e.Exit != "":
			st.Exit = e.Exit
		case len(e.Outcome) > 0:
			st.Outcome = e.Outcome
		default:
			st.Expect = append(st.Expect, e)
		}
	}
	return s, nil
}

// read reads the plan's scenario and returns the file it was read from. The scenario is nil if
// there is none. The file is empty for a scenario that is built in or given by value.
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

// load stores a world in the start. It takes the first of these that is given: the plan's fixtures,
// the plan's world, the scenario's fixtures, the base, the default fixture.
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

// clockOf returns the setting of the plan, of the scenario, or else the present one.
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

// behave sets the profile of the start, unless profile is empty, and adds quirks.
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
