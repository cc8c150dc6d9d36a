package control

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/catalog"
	"standin/internal/file"
	"standin/internal/sandbox"
	"standin/internal/scenario"
	"standin/internal/service"
)

// faultOperations returns the operations on the rules of a sandbox, and on scenarios.
func (a *api) faultOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.faults.list", Do: a.in(a.listFaults)},
		{ID: "control.faults.create", Do: a.in(a.createFaults), BodyLimit: scenarioLimit, Sandbox: service.CreatesSandbox},
		{ID: "control.faults.clear", Do: a.in(a.clearFaults)},
		{ID: "control.faults.show", Do: a.in(a.showFault)},
		{ID: "control.faults.delete", Do: a.in(a.deleteFault)},
		{ID: "control.scenarios.list", Do: a.listScenarios, Sandbox: service.IgnoresSandbox},
		{ID: "control.scenario.apply", Do: a.in(a.applyScenario), BodyLimit: scenarioLimit, Sandbox: service.CreatesSandbox},
		{ID: "control.scenario.remove", Do: a.in(a.removeScenario)},
	}
}

func (a *api) listFaults(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return reply(http.StatusOK, append([]fault.State{}, s.Rules().States()...))
}

// createFaults arms one rule, or a list of rules. If one rule is invalid, it arms none.
func (a *api) createFaults(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	if len(bytes.TrimSpace(c.Body)) == 0 {
		return service.Reply{}, service.Errorf(service.Invalid, "", `nothing was armed: the request has no body; expected a rule such as {"use":"freezer.clients.create/753"}`)
	}
	rules, err := a.Catalog.Rules.Parse(bodyName, c.Body, s.RuleNames()...)
	if err != nil {
		return service.Reply{}, service.Errorf(service.Invalid, "", "nothing was armed: %s", err.Error())
	}
	states, err := s.ArmChecked(rules)
	if err != nil {
		return service.Reply{}, service.Errorf(service.Invalid, "", "nothing was armed: %s", err.Error())
	}
	return reply(http.StatusCreated, states)
}

func (a *api) clearFaults(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	for _, name := range s.RuleNames() {
		s.Disarm(name)
	}
	return empty(), nil
}

// named returns the name of the rule in the path.
func named(c *service.Call) string { return strings.ReplaceAll(c.Vars["name"], slash, "/") }

func noFault(s *sandbox.Sandbox, name string) error {
	return service.Errorf(service.NotFound, "", "No rule %q%s.", name, strings.TrimSuffix(file.Hint(name, s.RuleNames()), "?"))
}

func (a *api) showFault(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	all, name := s.Rules().States(), named(c)
	i := slices.IndexFunc(all, func(st fault.State) bool { return st.Name == name })
	if i < 0 {
		return service.Reply{}, noFault(s, name)
	}
	return reply(http.StatusOK, all[i])
}

func (a *api) deleteFault(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	if name := named(c); !s.Disarm(name) {
		return service.Reply{}, noFault(s, name)
	}
	return empty(), nil
}

func (a *api) listScenarios(*service.Call) (service.Reply, error) {
	all, err := catalog.Scenarios()
	if err != nil {
		return service.Reply{}, err
	}
	return reply(http.StatusOK, all)
}

// applyScenario replaces the start of the sandbox by a scenario. If name is the only member of the
// body, it names a built-in scenario.
func (a *api) applyScenario(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	root, err := file.Parse(bodyName, c.Body)
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	if names, _, err := root.Members(); err == nil && len(names) == 1 && names[0].Key() == "name" {
		var spec struct {
			Name string `json:"name"`
		}
		if err := root.Decode(&spec); err != nil {
			return service.Reply{}, mistake(err)
		}
		return empty(), mistake(applyBuiltin(s, spec.Name))
	}
	sc, _, err := scenario.Read(a.Catalog.Rules, bodyName, c.Body)
	if err != nil {
		return service.Reply{}, service.Errorf(service.Invalid, "", "nothing was changed: %s", err.Error())
	}
	if err := a.Catalog.BuiltinFixtures(sc.Fixture...); err != nil {
		return service.Reply{}, mistake(err)
	}
	return empty(), mistake(s.Apply(sandbox.Plan{Content: sc}))
}

// removeScenario takes back the scenarios that were applied.
func (a *api) removeScenario(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return empty(), mistake(s.Apply(sandbox.Plan{}))
}

// applyBuiltin accepts names of built-in scenarios only, since no file path may come over HTTP.
func applyBuiltin(s *sandbox.Sandbox, name string) error {
	if err := catalog.BuiltinScenario(name); err != nil {
		return err
	}
	return s.Apply(sandbox.Plan{Scenario: name})
}

// reply returns an answer in JSON, without HTML escapes.
func reply(status int, v any) (service.Reply, error) {
	b, err := encode(v)
	return service.JSON(status, b), err
}

// encode returns a value as JSON.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
