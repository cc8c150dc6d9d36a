package emulator

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/control"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/service"
)

// mostOverHTTP is how many records a request may have made up in one block.
const mostOverHTTP = 100_000

// host is the emulator as the control API sees it.
type host struct{ e *Emulator }

func (h host) Contracts() []*contract.Contract {
	var all []*contract.Contract
	for _, b := range h.e.routes.services {
		all = append(all, b.contract)
	}
	return all
}

func (h host) Version() string                          { return Version() }
func (h host) AllowedHosts() []string                   { return h.e.config.controlHosts }
func (h host) Token() string                            { return h.e.config.controlToken }
func (h host) Schema(name string) []byte                { return Schema(name) }
func (h host) CA() []byte                               { return h.e.CA() }
func (h host) Catalogue() *ruleset.Catalogue            { return h.e.catalogue }
func (h host) Scenarios() ([]*scenario.Scenario, error) { return BuiltinScenarios() }
func (h host) DeleteSandbox(name string) bool           { return h.e.DeleteSandbox(name) }

// Health is read from counters: it waits for nothing that a request holds.
func (h host) Health() control.Health {
	return control.Health{
		Status: "ok", Version: Version(), Violations: h.e.Violations(), Unchecked: h.e.unchecked.Load(),
		Sandboxes: h.e.others.count() + 1, JournalBytes: h.e.budget.Used(), JournalLimit: h.e.budget.Limit(),
		Connections: h.e.transport.Connections(),
	}
}

func (h host) Sections() []string {
	var names []string
	for _, s := range h.e.loader.Sections {
		names = append(names, s.Name)
	}
	return names
}

func (h host) Sandbox(name string) (control.Sandbox, error) {
	s, err := h.e.existing(name)
	if err != nil {
		return nil, problem(err)
	}
	return box{s}, nil
}

func (h host) Sandboxes() []control.Sandbox {
	all := []control.Sandbox{box{h.e.Sandbox}}
	for _, s := range h.e.others.list() {
		all = append(all, box{s})
	}
	return all
}

// NewSandbox takes built-in fixtures and scenarios only: no path comes over HTTP.
func (h host) NewSandbox(spec control.Spec) (control.Sandbox, error) {
	for _, f := range spec.Fixture {
		if err := h.e.builtinFixture(f); err != nil {
			return nil, err
		}
	}
	opts := []Option{WithFixture(spec.Fixture...)}
	if spec.Seed != nil {
		opts = append(opts, WithSeed(*spec.Seed))
	}
	if spec.Scenario != "" {
		if err := builtinScenario(spec.Scenario); err != nil {
			return nil, err
		}
		opts = append(opts, WithScenario(spec.Scenario))
	}
	opts = append(opts, WithProfile(spec.Profile), WithQuirks(spec.Quirks...))
	if spec.Clock != nil {
		opts = append(opts, withSetting(settingOf(spec.Clock)))
	}
	base := h.e.origin.Load()
	if spec.Fork != "" {
		var err error
		if base, err = h.fork(spec); err != nil {
			return nil, problem(err)
		}
		opts = append(opts, withItsWorld())
	}
	s, err := h.e.named(spec, func(name string) (*Sandbox, error) {
		return h.e.newSandbox(name, base, time.Duration(spec.TTL), opts...)
	})
	if err != nil {
		return nil, problem(err)
	}
	return box{s}, nil
}

// fork is a start from another sandbox as it is now, or from its snapshot. Faults
// and journal are not taken along.
func (h host) fork(spec control.Spec) (*start, error) {
	s, err := h.e.existing(spec.Fork)
	if err != nil {
		return nil, err
	}
	was := s.start.Load()
	st := &start{world: s.world.Load(), clock: s.clock.get(), profile: was.profile, asked: was.asked}
	if spec.Snapshot != "" {
		if st.world = s.snapshot(spec.Snapshot); st.world == nil {
			return nil, s.noSnapshot(spec.Snapshot)
		}
	}
	return st, nil
}

// problem gives an error its status.
func problem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNotFound):
		return service.Errorf(service.NotFound, "", "%s", err.Error())
	case errors.Is(err, errTaken):
		return service.Errorf(service.Conflict, "", "%s", err.Error())
	case errors.Is(err, errTooMany):
		return service.Errorf(http.StatusTooManyRequests, "", "%s", err.Error())
	default:
		return service.Errorf(service.Invalid, "", "%s", err.Error())
	}
}

// box is a sandbox as the control API sees it.
type box struct{ *Sandbox }

func (b box) Gone() context.Context               { return b.gone }
func (b box) Journal() *recorder.Journal          { return &b.journal }
func (b box) Load(section string, d []byte) error { return b.load(section, d) }
func (b box) Snapshots() []string                 { return b.snapshotNames() }
func (b box) Restore(name string) error           { return problem(b.Sandbox.Restore(name)) }
func (b box) DropSnapshot(name string) error      { return problem(b.dropSnapshot(name)) }

func (b box) Arm(rules []fault.Rule) ([]fault.State, error) { return b.arm(rules) }
func (b box) ApplyContent(s *scenario.Scenario) error       { return b.applyContent(s) }

// Access is how clients reach the sandbox at a URL, and log in.
func (b box) Access(url string) control.Access {
	env := map[string]string{}
	for _, v := range b.environment(url) {
		name, text, _ := strings.Cut(v, "=")
		env[name] = text
	}
	return control.Access{Environment: env, Token: identity.MemberToken(b.world.Load())}
}

func (b box) Info() control.Info {
	st := b.start.Load()
	return control.Info{
		Name: b.name, Scenario: st.scenario, Seed: b.world.Load().Seed(),
		Profile: st.profile, Quirks: slices.Sorted(maps.Keys(st.quirks)),
		Faults: len(b.Faults()), Requests: b.journal.Last(), Clock: b.Clock(), TTL: b.ttl,
	}
}

func (b box) Dump(snapshot, section string) (func(io.Writer) error, error) {
	w := b.world.Load()
	if snapshot != "" {
		if w = b.snapshot(snapshot); w == nil {
			return nil, problem(b.noSnapshot(snapshot))
		}
	}
	return b.dump(w, section), nil
}

func (b box) Reset(only []string, to string) error { return problem(b.reset(only, to)) }

// Apply takes the names of built-in scenarios only.
func (b box) Apply(name string) error {
	if err := builtinScenario(name); err != nil {
		return err
	}
	return b.Sandbox.Apply(name)
}

func (b box) Clock() control.Clock {
	s := b.clock.get()
	c := control.Clock{Now: s.now(), Mode: "real"}
	switch {
	case s.frozen:
		c.Mode = "frozen"
	case !s.since.IsZero():
		c.Mode, c.Offset = "offset", s.offset()
	}
	return c
}

func (b box) SetClock(c control.Change) {
	switch {
	case c.Freeze != nil && !c.Freeze.Now:
		b.clock.freeze(c.Freeze.At)
		b.tellClock()
	case c.Freeze != nil:
		b.Freeze(time.Time{})
	case c.Set != nil:
		b.setClock(*c.Set)
	case c.Advance != nil:
		b.Advance(time.Duration(*c.Advance))
	default:
		b.Resume()
	}
}

func (b box) Verify(expect []journal.Expectation) (bool, []journal.Judgement) {
	if expect == nil {
		expect = b.start.Load().expect
	}
	v := b.verify(expect)
	return v.Passed, v.Judgements
}
