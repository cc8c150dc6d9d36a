package control

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/internal/catalog"
	"standin/internal/sandbox"
	"standin/internal/scenario"
	"standin/internal/service"
)

// sandboxOperations returns the operations on sandboxes.
func (a *api) sandboxOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.sandboxes.list", Do: a.listSandboxes, Sandbox: service.IgnoresSandbox},
		{ID: "control.sandboxes.create", Do: a.createSandbox, Sandbox: service.IgnoresSandbox},
		{ID: "control.sandboxes.show", Do: a.showSandbox, Sandbox: service.IgnoresSandbox},
		{ID: "control.sandboxes.delete", Do: a.deleteSandbox, Sandbox: service.IgnoresSandbox},
	}
}

// A Spec says how a new sandbox starts. A member that is absent is as the emulator started.
type Spec struct {
	Name     string          `json:"name"`     // letters, digits, dots, dashes and underscores; default: a generated name
	For      string          `json:"for"`      // any text from which the name is made, such as the name of a test
	Fixture  scenario.Names  `json:"fixture"`  // the built-in fixtures to start from; later ones add records
	Fork     string          `json:"fork"`     // the name of a sandbox to copy in its present state
	Snapshot string          `json:"snapshot"` // the name of a snapshot of that sandbox, to copy in place of its present state
	Scenario string          `json:"scenario"` // the name of a built-in scenario
	Seed     *int64          `json:"seed"`     // the seed of generated records, ids and random draws
	Clock    *scenario.Clock `json:"clock"`    // where the clock begins; at most one member is given
	Profile  string          `json:"profile"`  // which quirks are on: documented (none) or observed
	Quirks   []string        `json:"quirks"`   // more quirks, as names or globs; -NAME turns one off
	TTL      fault.Duration  `json:"ttl"`      // how long an unused sandbox is kept; 0 means until it is deleted
}

// An Info describes a sandbox.
type Info struct {
	Name     string        `json:"name"`               // the name of the sandbox
	URL      string        `json:"url"`                // the address at which clients reach the sandbox
	Scenario string        `json:"scenario,omitempty"` // the name of the scenario with which it started
	Seed     int64         `json:"seed"`               // the seed of generated records, ids and random draws
	Profile  string        `json:"profile"`            // the profile with which it started
	Quirks   []string      `json:"quirks,omitempty"`   // the names of all quirks that are on
	Faults   int           `json:"faults"`             // the number of armed rules
	Requests uint64        `json:"requests"`           // the number of requests since it started, or since its journal was cleared
	Clock    Clock         `json:"clock"`              // its clock
	TTL      time.Duration `json:"ttl_ns,omitempty"`   // how long it is kept while unused, in nanoseconds; absent means until it is deleted
	*Access                // nil in lists
}

// Access says how clients reach a sandbox and log in.
type Access struct {
	Environment map[string]string `json:"environment"`     // the environment variables with which clients reach the sandbox and log in; absent in lists
	Token       string            `json:"token,omitempty"` // a fixed token of the user in environment, for X-Auth-Token or Authorization: Bearer
}

// in returns a handler that calls h with the sandbox of the call.
func (a *api) in(h func(c *service.Call, s *sandbox.Sandbox) (service.Reply, error)) service.Handler {
	return func(c *service.Call) (service.Reply, error) {
		s, err := a.Sandboxes.Find(c.Sandbox)
		if err != nil {
			return service.Reply{}, mistake(err)
		}
		return h(c, s)
	}
}

func (a *api) info(c *service.Call, s *sandbox.Sandbox) Info {
	st := s.Start()
	i := Info{
		Name: s.Name(), Scenario: st.Scenario, Seed: s.World().Seed(), Profile: st.Profile, Quirks: slices.Sorted(maps.Keys(st.Quirks)),
		Faults: len(s.Rules().States()), Requests: s.Journal().Last(), Clock: clockOf(s), TTL: s.TTL(),
	}
	root := strings.TrimSuffix(c.Root(), "/~"+c.Chosen)
	i.URL = root
	if i.Name != sandbox.Default {
		i.URL += "/~" + i.Name
	}
	return i
}

// accessible returns the info of a sandbox, with how clients reach it.
func (a *api) accessible(c *service.Call, s *sandbox.Sandbox) Info {
	i := a.info(c, s)
	env := map[string]string{}
	for _, v := range s.Environment(i.URL) {
		name, text, _ := strings.Cut(v, "=")
		env[name] = text
	}
	i.Access = &Access{Environment: env, Token: s.MemberToken()}
	return i
}

func (a *api) listSandboxes(c *service.Call) (service.Reply, error) {
	all := []Info{}
	for _, s := range a.Sandboxes.List() {
		all = append(all, a.info(c, s))
	}
	return reply(http.StatusOK, all)
}

func (a *api) createSandbox(c *service.Call) (service.Reply, error) {
	var spec Spec
	if err := decode(c, &spec); err != nil {
		return service.Reply{}, err
	}
	if spec.Snapshot != "" && spec.Fork == "" {
		spec.Fork = c.Sandbox
	}
	if spec.Fork != "" && len(spec.Fixture) > 0 {
		return service.Reply{}, service.Errorf(service.Invalid, "", "fixture and fork cannot both be given")
	}
	if spec.Clock != nil {
		if err := spec.Clock.Check(); err != nil {
			return service.Reply{}, mistake(err)
		}
	}
	if spec.Name != "" && spec.For != "" {
		return service.Reply{}, service.Errorf(service.Invalid, "", `name and for cannot both be given`)
	}
	if err := spec.atHome(c); err != nil {
		return service.Reply{}, err
	}
	s, err := a.create(&spec, c.Slot)
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	return reply(http.StatusCreated, a.accessible(c, s))
}

// atHome returns an error if the new sandbox belongs on another replica than this one, as far as the
// proxy could see: see service.Call.Slot. A fork is on the replica of its original, and a name may belong
// elsewhere.
func (s *Spec) atHome(c *service.Call) error {
	home := cmp.Or(s.Name, s.Fork)
	switch {
	case c.Slot == "" || home == "":
		return nil
	case s.Name != "" && s.Fork != "":
		return service.Errorf(service.Invalid, "", "Behind the proxy of several replicas, a fork cannot have a name of its own: give for in place of name.")
	case home == c.Chosen:
		return nil
	}
	if err := sandbox.CheckName(home); err != nil {
		return mistake(err)
	}
	err := service.Errorf(service.Misdirected, "", "The sandbox %[1]s may be on another replica: send the header X-Standin-Sandbox: %[1]s too.", home)
	return err.With(service.SandboxHeader, home)
}

// create creates a sandbox. It accepts built-in fixtures and scenarios only, since no file path may
// come over HTTP.
func (a *api) create(spec *Spec, slot string) (*sandbox.Sandbox, error) {
	if err := a.Catalog.BuiltinFixtures(spec.Fixture...); err != nil {
		return nil, err
	}
	p := sandbox.Plan{}
	if spec.Fork != "" {
		from, err := a.Sandboxes.Find(spec.Fork)
		if err != nil {
			return nil, err
		}
		if p, err = from.Fork(spec.Snapshot); err != nil {
			return nil, err
		}
	}
	if spec.Scenario != "" {
		if err := catalog.BuiltinScenario(spec.Scenario); err != nil {
			return nil, err
		}
	}
	p.Fixtures, p.Scenario, p.Seed, p.Profile, p.Quirks = spec.Fixture, spec.Scenario, spec.Seed, spec.Profile, spec.Quirks
	if spec.Clock != nil {
		at := sandbox.SettingOf(spec.Clock)
		p.Clock = &at
	}
	ttl := time.Duration(spec.TTL)
	switch {
	case spec.Name != "":
		return a.Sandboxes.New(spec.Name, p, ttl)
	case spec.For != "":
		return a.Sandboxes.NewFor(spec.For, slot, p, ttl)
	default:
		return a.Sandboxes.NewUnnamed(slot, p, ttl)
	}
}

func (a *api) showSandbox(c *service.Call) (service.Reply, error) {
	s, err := a.Sandboxes.Find(c.Vars["name"])
	if err != nil {
		return service.Reply{}, mistake(err)
	}
	return reply(http.StatusOK, a.accessible(c, s))
}

func (a *api) deleteSandbox(c *service.Call) (service.Reply, error) {
	name := c.Vars["name"]
	if name == sandbox.Default {
		return service.Reply{}, service.Errorf(service.Invalid, "", "The default sandbox cannot be deleted; POST /_standin/reset resets it.")
	}
	if !a.Sandboxes.Delete(name) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "No sandbox %q.", name)
	}
	return empty(), nil
}
