package sandbox

import (
	"strings"
	"testing"
	"time"

	"standin/emulator/fault"
	"standin/internal/catalog"
	"standin/internal/identity"
)

// These are the fixture of the base, the scenario and the fixture of the scenario.
const (
	ofFixture = `
seed: 11
clock: {freeze: 2001-01-01T00:00:00Z}
identity: {domains: [{id: of-fixture, name: of-fixture}]}`
	ofScenario = `
name: s
fixture: of-scenario
seed: 22
clock: {freeze: 2002-02-02T00:00:00Z}
profile: observed
quirks: ["-freezer.*"]
faults: [{name: of-scenario, use: freezer.clients.create/503}]`
	scenarioFixture = `
seed: 33
clock: {freeze: 2003-03-03T00:00:00Z}
identity: {domains: [{id: of-scenario, name: of-scenario}]}`
)

// files returns the fixtures that the plans name.
func files(path string) ([]byte, error) {
	return []byte(map[string]string{"of-fixture": ofFixture, "of-scenario": scenarioFixture}[path]), nil
}

// An outcome is what a start begins with. It has the name of the world's one domain, the seed, the
// year of the clock, the profile, whether quirks of Freezer and Barbican are on, and the rules.
type outcome struct {
	world            string
	seed             int64
	year             int
	profile          string
	freezer, bar     bool
	rules, scenarios string
}

func outcomeOf(st *Start) outcome {
	d := identity.First(identity.AllDomains, st.World, "")
	t := outcome{world: d.ID, seed: st.World.Seed(), profile: st.Profile, scenarios: st.Scenario}
	t.year = st.Clock.Now().Year()
	for name := range st.Quirks {
		t.freezer = t.freezer || strings.HasPrefix(name, "freezer.")
		t.bar = t.bar || strings.HasPrefix(name, "barbican.")
	}
	var names []string
	for _, r := range st.Rules {
		names = append(names, r.Name)
	}
	t.rules = strings.Join(names, " ")
	return t
}

// Ensure a plan takes precedence over its scenario, and the scenario over the base. This holds for
// the world, the seed, the clock, the profile, the quirks and the rules.
func TestPlanPrecedence(t *testing.T) {
	t.Parallel()
	c, err := catalog.New(catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRegistry(c, Options{}, Plan{Fixtures: []string{"of-fixture"}, Open: files, Profile: "observed", Quirks: []string{"-barbican.*"}})
	if err != nil {
		t.Fatal(err)
	}
	base := r.Origin()
	if got, want := outcomeOf(base), (outcome{"of-fixture", 11, 2001, "observed", true, false, "", ""}); got != want {
		t.Fatalf("the base: %+v, want %+v", got, want)
	}
	other := *base.World.WithSeed(77)
	at := FrozenAt(time.Date(2044, 4, 4, 0, 0, 0, 0, time.UTC))
	rule := fault.Rule{Name: "of-plan", Use: "freezer.clients.create/401"}
	text := []byte(ofScenario)
	for _, tt := range []struct {
		name string
		plan Plan
		want outcome
	}{
		{"nothing", Plan{}, outcome{"of-fixture", 11, 2001, "observed", true, false, "", ""}},
		{"a seed", Plan{Seed: new(int64(5))}, outcome{"of-fixture", 5, 2001, "observed", true, false, "", ""}},
		{"a fixture takes its clock along", Plan{Fixtures: []string{"of-scenario"}}, outcome{"of-scenario", 33, 2003, "observed", true, false, "", ""}},
		{"a fixture and a seed", Plan{Fixtures: []string{"of-scenario"}, Seed: new(int64(5))}, outcome{"of-scenario", 5, 2003, "observed", true, false, "", ""}},
		{"a clock", Plan{Clock: &at}, outcome{"of-fixture", 11, 2044, "observed", true, false, "", ""}},
		{"a fixture and a clock", Plan{Fixtures: []string{"of-scenario"}, Clock: &at}, outcome{"of-scenario", 33, 2044, "observed", true, false, "", ""}},
		{"a profile ends the quirks of the base", Plan{Profile: "documented"}, outcome{"of-fixture", 11, 2001, "documented", false, false, "", ""}},
		{"quirks go on from those of the base", Plan{Quirks: []string{"-freezer.*"}}, outcome{"of-fixture", 11, 2001, "observed", false, false, "", ""}},
		{"a profile and quirks", Plan{Profile: "documented", Quirks: []string{"freezer.*"}}, outcome{"of-fixture", 11, 2001, "documented", true, false, "", ""}},
		{"rules", Plan{Rules: []fault.Rule{rule}}, outcome{"of-fixture", 11, 2001, "observed", true, false, "of-plan", ""}},

		{"a scenario", Plan{Text: text}, outcome{"of-scenario", 22, 2002, "observed", false, true, "of-scenario", "s"}},
		{"a scenario and a seed", Plan{Text: text, Seed: new(int64(5))}, outcome{"of-scenario", 5, 2002, "observed", false, true, "of-scenario", "s"}},
		{"a scenario and a fixture", Plan{Text: text, Fixtures: []string{"of-fixture"}}, outcome{"of-fixture", 22, 2002, "observed", false, true, "of-scenario", "s"}},
		{"a scenario and a clock", Plan{Text: text, Clock: &at}, outcome{"of-scenario", 22, 2044, "observed", false, true, "of-scenario", "s"}},
		{"a scenario and a profile", Plan{Text: text, Profile: "documented"}, outcome{"of-scenario", 22, 2002, "documented", false, false, "of-scenario", "s"}},
		{"a scenario and quirks", Plan{Text: text, Quirks: []string{"freezer.*"}}, outcome{"of-scenario", 22, 2002, "observed", true, true, "of-scenario", "s"}},
		{"a scenario and rules", Plan{Text: text, Rules: []fault.Rule{rule}}, outcome{"of-scenario", 22, 2002, "observed", false, true, "of-scenario of-plan", "s"}},

		{"a fork keeps its world", Plan{World: &other, Text: text}, outcome{"of-fixture", 22, 2002, "observed", false, true, "of-scenario", "s"}},
		{"a fork without a scenario", Plan{World: &other}, outcome{"of-fixture", 77, 2001, "observed", true, false, "", ""}},
	} {
		tt.plan.Base, tt.plan.Open = base, files
		st, err := r.start(tt.plan)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := outcomeOf(st); got != tt.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
	if got := outcomeOf(base); got.seed != 11 || got.rules != "" {
		t.Errorf("the base has changed: %+v", got)
	}
}
