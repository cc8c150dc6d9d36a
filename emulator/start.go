package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"standin/emulator/journal"
	"standin/internal/file"
	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/world"
	"standin/scenarios"
	"standin/schemas"
)

// Schema is the JSON Schema of the files of a name, "scenario" or "fixture", by which
// editors complete and check them. It is nil if there is none.
func Schema(name string) []byte {
	text, err := fs.ReadFile(schemas.FS, name+".schema.json")
	if err != nil {
		return nil
	}
	return text
}

// ScenarioNames lists the built-in scenarios.
func ScenarioNames() []string {
	files, _ := fs.Glob(scenarios.FS, "*.yaml")
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, ".yaml"))
	}
	return names
}

// BuiltinScenarios reads the built-in scenarios.
func BuiltinScenarios() ([]*scenario.Scenario, error) {
	k, err := Catalogue()
	if err != nil {
		return nil, err
	}
	var all []*scenario.Scenario
	for _, name := range ScenarioNames() {
		s, _, err := readScenario(k, name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// readScenario reads a built-in scenario or a file, and tells in which folder its
// fixtures are looked for.
func readScenario(k *ruleset.Catalogue, name string) (s *scenario.Scenario, dir string, err error) {
	if data, err := fs.ReadFile(scenarios.FS, name+".yaml"); err == nil {
		s, _, err := scenario.Read(k, "scenarios/"+name+".yaml", data)
		return s, ".", err
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("scenario %q: no such file, and no built-in scenario of that name%s (built in: %s)",
			name, file.Hint(name, ScenarioNames()), strings.Join(ScenarioNames(), ", "))
	}
	if err != nil {
		return nil, "", err
	}
	s, _, err = scenario.Read(k, name, data)
	return s, filepath.Dir(name), err
}

// CheckScenario reads a scenario file and the fixtures that it names. It tells
// every mistake, and warns of what is perhaps not meant.
func CheckScenario(name string, data []byte) (warnings []error, err error) {
	k, err := Catalogue()
	if err != nil {
		return nil, err
	}
	_, warnings, err = scenario.Read(k, name, data)
	return warnings, file.Sorted(errors.Join(err, checkFixtures(name, data)))
}

// checkFixtures loads the fixtures that a scenario names.
func checkFixtures(name string, data []byte) error {
	var fixtures scenario.Names
	root, err := file.Parse(name, data)
	if err != nil {
		return nil // it has been told
	}
	at, ok := root.Get("fixture")
	if !ok || at.Decode(&fixtures) != nil {
		return nil
	}
	l := NewLoader()
	_, err = l.Load(located(l, fixtures, filepath.Dir(name))...)
	if err != nil && !errors.As(err, new(*file.Error)) { // it is not in the fixture, but in its name
		err = at.Errorf("%s", err)
	}
	return err
}

// located are the names of fixtures, files among them as seen from a folder. A
// name that does not look like a file's is left as it is.
func located(l *world.Loader, names []string, dir string) []string {
	names = slices.Clone(names)
	for i, n := range names {
		if !slices.Contains(l.Names(), n) && !filepath.IsAbs(n) && strings.ContainsAny(n, `./\`) {
			names[i] = filepath.Join(dir, n)
		}
	}
	return names
}

// startWith is a start from options; what they leave open is the base's. A nil
// base is the fixture empty.
func (e *Emulator) startWith(base *start, opts ...Option) (*start, error) {
	c := config{ofSandbox: true}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&c); err != nil {
			return nil, err
		}
	}
	return e.startOf(base, &c)
}

func (e *Emulator) startOf(base *start, c *config) (*start, error) {
	st := &start{}
	if base != nil {
		*st = *base
	}
	seed := c.seed
	profile, quirks := c.profile, c.quirks
	if c.scenario != "" || c.content != nil {
		s, dir := c.content, "."
		if s == nil {
			var err error
			if s, dir, err = readScenario(e.catalogue, c.scenario); err != nil {
				return nil, err
			}
			if builtinScenario(c.scenario) != nil {
				st.files = append(st.files, c.scenario)
			}
		}
		if seed == nil {
			seed = s.Seed
		}
		fixtures := c.fixtures
		if len(fixtures) == 0 && !c.itsWorld {
			fixtures = located(e.loader, s.Fixture, dir)
		}
		if err := e.load(st, fixtures, seed); err != nil {
			return nil, err
		}
		if s.Clock != nil {
			st.clock = settingOf(s.Clock)
		}
		st.scenario, st.rules, st.expect = s.Name, s.Faults, s.Expect
		st.exit = ""
		if i := slices.IndexFunc(s.Expect, func(e journal.Expectation) bool { return e.Exit != "" }); i >= 0 {
			st.exit, st.expect = s.Expect[i].Exit, slices.Concat(s.Expect[:i], s.Expect[i+1:])
		}
		profile, quirks = cmp.Or(profile, s.Profile), slices.Concat(s.Quirks, quirks)
	} else if err := e.load(st, c.fixtures, seed); err != nil {
		return nil, err
	}
	if c.clock != nil {
		st.clock = *c.clock
	}
	if err := e.behave(st, profile, quirks); err != nil {
		return nil, err
	}
	if len(c.rules) > 0 {
		rules, err := e.catalogue.Check(slices.Concat(st.rules, c.rules))
		if err != nil {
			return nil, err
		}
		st.rules = rules
	}
	return st, new(ruleset.Set).Replace(st.rules...) // too many, or a name twice
}

// behave puts a profile, in place of the start's unless it is empty, and more quirks
// into a start.
func (e *Emulator) behave(st *start, profile string, quirks []string) error {
	if profile != "" {
		st.asked = nil
	}
	st.profile = cmp.Or(profile, st.profile, ruleset.Documented)
	st.asked = slices.Concat(st.asked, quirks)
	var err error
	st.quirks, err = e.catalogue.Quirks(st.profile, st.asked...)
	return err
}

// load puts the world of fixtures into a start; without any, its world stays, with
// another seed perhaps.
func (e *Emulator) load(st *start, fixtures []string, seed *int64) error {
	if len(fixtures) == 0 && st.world != nil {
		if seed != nil {
			st.world = st.world.WithSeed(*seed)
		}
		return nil
	}
	if len(fixtures) == 0 {
		fixtures = []string{cmp.Or(e.config.usual, "empty")}
	}
	fx, err := e.loadBuiltin(fixtures, seed)
	if err == nil && fx == nil {
		loader := *e.loader
		loader.Seed = seed
		fx, err = loader.Load(fixtures...)
	}
	if err != nil {
		return err
	}
	st.world, st.clock = fx.World, freezeOf(fx)
	st.files = append(st.files, fx.Files...)
	return nil
}

// builtins are the built-in fixtures that were loaded in this process, by their names
// and the seed. A world does not change: every emulator may start from the same one.
var builtins = struct {
	sync.Mutex
	loaded map[string]*world.Fixture
}{loaded: map[string]*world.Fixture{}}

// mostBuiltins bounds how many are kept.
const mostBuiltins = 64

// loadBuiltin loads built-in fixtures once; nil if one of them is a file.
func (e *Emulator) loadBuiltin(names []string, seed *int64) (*world.Fixture, error) {
	for _, n := range names {
		if !slices.Contains(e.loader.Names(), n) {
			return nil, nil //nolint:nilnil // a file is for the loader
		}
	}
	key := strings.Join(names, ",")
	if seed != nil {
		key = fmt.Sprintf("%s@%d", key, *seed)
	}
	builtins.Lock()
	defer builtins.Unlock()
	if fx := builtins.loaded[key]; fx != nil {
		return fx, nil
	}
	loader := *e.loader
	loader.Seed = seed
	fx, err := loader.Load(names...)
	if err != nil {
		return nil, err
	}
	if len(builtins.loaded) >= mostBuiltins {
		clear(builtins.loaded)
	}
	builtins.loaded[key] = fx
	return fx, nil
}

// Reload reads the files of the scenario and of the fixtures again and starts the
// default sandbox anew, and every other one that is made from now on. If there is a mistake,
// nothing changes.
func (e *Emulator) Reload() error {
	st, err := e.startOf(nil, &e.config)
	if err != nil {
		return err
	}
	e.origin.Store(st)
	e.begin(st)
	e.journal.Tell("reload", st.scenario)
	return nil
}

// Files lists the files that the emulator's start was read from.
func (e *Emulator) Files() []string { return e.origin.Load().files }

// Apply puts a scenario in place of what the sandbox started with, by the name of
// a built-in one or of a file: world, clock, faults and journal start anew, and Reset comes
// back to there.
func (s *Sandbox) Apply(scenario string) error {
	return s.apply(&config{scenario: scenario})
}

func (s *Sandbox) apply(c *config) error {
	st, err := s.emulator.startOf(s.origin.Load(), c)
	if err != nil {
		return err
	}
	s.begin(st)
	s.journal.Tell("scenario", st.scenario)
	return nil
}

// applyContent is Apply with a scenario that came over HTTP: it names built-in
// fixtures only.
func (s *Sandbox) applyContent(sc *scenario.Scenario) error {
	for _, f := range sc.Fixture {
		if err := s.emulator.builtinFixture(f); err != nil {
			return err
		}
	}
	return s.apply(&config{content: sc})
}

// builtinScenario refuses names of files: none is taken from a request.
func builtinScenario(name string) error {
	if names := ScenarioNames(); !slices.Contains(names, name) {
		return fmt.Errorf("no built-in scenario %q%s; there are %s", name, file.Hint(name, names), strings.Join(names, ", "))
	}
	return nil
}

// builtinFixture refuses names of files: none is taken from a request.
func (e *Emulator) builtinFixture(name string) error {
	if names := e.loader.Names(); !slices.Contains(names, name) {
		return fmt.Errorf("no built-in fixture %q%s; there are %s", name, file.Hint(name, names), strings.Join(names, ", "))
	}
	return nil
}
