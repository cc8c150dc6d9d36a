package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"standin/internal/catalog"
	"standin/internal/file"
)

// scenarioKeys are the keys of which a scenario has at least one, and a fixture none.
var scenarioKeys = []string{"faults", "expect", "name", "fixture"}

// isScenario reports whether a file is a scenario and not a fixture.
func isScenario(root file.Node) bool {
	return slices.ContainsFunc(scenarioKeys, func(key string) bool { _, ok := root.Get(key); return ok })
}

// scenarioFiles replaces each folder by its scenarios, sorted by name. It keeps the names of
// built-in scenarios.
func scenarioFiles(names []string) ([]string, error) {
	var all []string
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || !info.IsDir() || slices.Contains(catalog.ScenarioNames(), name) {
			all = append(all, name)
			continue
		}
		found, err := scenariosIn(name)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// scenariosIn returns the scenarios of a folder. It skips fixtures. It returns a file that is
// neither YAML nor JSON, so that its mistake is reported.
func scenariosIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)) {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if root, err := file.Parse(name, data); err != nil || isScenario(root) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("folder %s: no scenario in it; expected files *.yaml, *.yml or *.json with a name", dir)
	}
	return found, nil
}
