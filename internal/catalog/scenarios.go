package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/world"
	"standin/scenarios"
)

// ScenarioNames returns the names of the built-in scenarios.
func ScenarioNames() []string {
	files, _ := fs.Glob(scenarios.FS, "*.yaml")
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f, ".yaml"))
	}
	return names
}

// Scenarios reads the built-in scenarios.
func Scenarios() ([]*scenario.Scenario, error) {
	k, err := Rules()
	if err != nil {
		return nil, err
	}
	var all []*scenario.Scenario
	for _, name := range ScenarioNames() {
		s, err := readScenario(k, name)
		if err != nil {
			return nil, err
		}
		all = append(all, s.Scenario)
	}
	return all, nil
}

// A ScenarioFile is a scenario and the file it was read from.
type ScenarioFile struct {
	*scenario.Scenario
	File string // empty if the scenario is built in
}

// Scenario reads a built-in scenario, or a file. Fixtures in a file are relative to its folder; the
// result names them as Load reads them.
func (c *Catalog) Scenario(name string) (ScenarioFile, error) { return readScenario(c.Rules, name) }

func readScenario(k *ruleset.Catalogue, name string) (ScenarioFile, error) {
	if data, err := fs.ReadFile(scenarios.FS, name+".yaml"); err == nil {
		s, _, err := scenario.Read(k, "scenarios/"+name+".yaml", data)
		return ScenarioFile{s, ""}, err
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ScenarioFile{}, fmt.Errorf("scenario %q: no such file, and no built-in scenario of that name%s (built in: %s)",
			name, file.Hint(name, ScenarioNames()), strings.Join(ScenarioNames(), ", "))
	}
	if err != nil {
		return ScenarioFile{}, err
	}
	s, _, err := scenario.Read(k, name, data)
	if err != nil {
		return ScenarioFile{}, err
	}
	s.Fixture = located(NewLoader(), s.Fixture, filepath.Dir(name))
	return ScenarioFile{s, name}, nil
}

// BuiltinScenario returns an error for names of files, since a request must not name files.
func BuiltinScenario(name string) error {
	if names := ScenarioNames(); !slices.Contains(names, name) {
		return fmt.Errorf("no built-in scenario %q%s; there are %s", name, file.Hint(name, names), strings.Join(names, ", "))
	}
	return nil
}

// CheckScenario reads a scenario file and its fixtures. It returns every mistake, and warnings
// about what is probably not intended.
func CheckScenario(name string, data []byte) (warnings []error, err error) {
	k, err := Rules()
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
		return nil // reported before
	}
	at, ok := root.Get("fixture")
	if !ok || at.Decode(&fixtures) != nil {
		return nil
	}
	l := NewLoader()
	_, err = l.Load(located(l, fixtures, filepath.Dir(name))...)
	if err != nil && !errors.As(err, new(*file.Error)) { // the mistake is the name of the fixture, not its content
		err = at.Errorf("%s", err)
	}
	return err
}

// located returns the names of fixtures. Files are relative to dir. A name that does not look like
// a file name is returned unchanged.
func located(l *world.Loader, names []string, dir string) []string {
	names = slices.Clone(names)
	for i, n := range names {
		if !slices.Contains(l.Names(), n) && !filepath.IsAbs(n) && strings.ContainsAny(n, `./\`) {
			names[i] = filepath.Join(dir, n)
		}
	}
	return names
}
