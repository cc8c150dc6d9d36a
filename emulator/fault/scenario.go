package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// A Scenario is a state to start from, the rules by which requests fail, and
// what is expected of the client.
type Scenario struct {
	Name    string                `json:"name" fixture:"required"`
	About   string                `json:"about,omitempty"`
	Fixture Names                 `json:"fixture,omitempty"` // built-in fixtures or files; later ones add
	Seed    *int64                `json:"seed,omitempty"`
	Clock   *Clock                `json:"clock,omitempty"`
	Profile string                `json:"profile,omitempty"` // documented or observed; empty: the emulator's
	Quirks  []string              `json:"quirks,omitempty"`  // more of them: names and globs; -NAME is off
	Faults  []Rule                `json:"faults,omitempty"`
	Expect  []journal.Expectation `json:"expect,omitempty"`
}

// Names are one name, or several of them.
type Names []string

// UnmarshalNode reads a name or a list of names.
func (n *Names) UnmarshalNode(at file.Node) error {
	if at.IsMapping() {
		return at.Errorf("expected a name, or a list of names")
	}
	if _, err := at.Items(); err == nil {
		return at.Decode((*[]string)(n))
	}
	var one string
	if err := at.Decode(&one); err != nil {
		return err
	}
	*n = Names{one}
	return nil
}

// JSONSchema describes the spellings of names.
func (*Names) JSONSchema() *value.Object {
	word := value.NewObject(value.Member{Name: "type", Value: "string"})
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		word, value.NewObject(value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: word}),
	}})
}

// A Clock says where a sandbox's clock begins: it is frozen at Freeze, it runs from
// Start, or it runs at an Offset from the real one. Without any of them it is the
// real clock.
type Clock struct {
	Freeze *time.Time `json:"freeze,omitempty"`
	Start  *time.Time `json:"start,omitempty"`
	Offset *Offset    `json:"offset,omitempty"`
}

// Check returns an error if more than one member is given.
func (c *Clock) Check() error {
	given := 0
	for _, is := range []bool{c.Freeze != nil, c.Start != nil, c.Offset != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return errors.New("a clock has one of freeze, start and offset")
	}
	return nil
}

// An Offset is a duration that may be negative.
type Offset time.Duration

// UnmarshalText reads 1h, -30m.
func (o *Offset) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(strings.TrimPrefix(string(text), "+"))
	if err != nil {
		return fmt.Errorf("expected a duration such as 90s or -1h, up to 2562047h, got %q", text)
	}
	*o = Offset(d)
	return nil
}

// MarshalText writes the offset as UnmarshalText reads it.
func (o Offset) MarshalText() ([]byte, error) { return []byte(time.Duration(o).String()), nil }

// Scenario reads a scenario. The error lists every mistake. Warnings are about what is allowed
// and perhaps not meant. The fixtures are not looked at.
func (k *Catalogue) Scenario(name string, data []byte) (s *Scenario, warnings []error, err error) {
	if file.Empty(data) {
		return nil, nil, &file.Error{File: name, Line: 1, Column: 1, Message: `the file is empty; a scenario has at least a name`}
	}
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	s = &Scenario{}
	c := &checker{catalogue: k}
	c.add(root.Without(func(key string) bool { return key == "faults" }).Decode(s))
	if list, ok := root.Get("faults"); ok && !list.IsNull() {
		at, err := list.Items()
		if err != nil {
			return nil, nil, err
		}
		s.Faults = c.read(list, at)
	}
	c.clock(s, root)
	if err := k.KnownProfile(s.Profile); err != nil {
		c.add(root.At("profile").Errorf("%s", err))
	}
	for i, q := range s.Quirks {
		if _, err := k.Quirks(Documented, q); err != nil {
			c.add(root.At("quirks", i).Errorf("%s", err))
		}
	}
	exits := 0
	c.scenario = s
	for i := range s.Expect {
		c.expectation(&s.Expect[i], root.At("expect", i))
		if s.Expect[i].Exit != "" {
			if exits++; exits > 1 {
				c.add(root.At("expect", i, "exit").Errorf("exit is given twice"))
			}
		}
	}
	if err := c.err(); err != nil {
		return nil, nil, err
	}
	file.Sort(c.warnings)
	return s, c.warnings, nil
}

// clock checks the clock, and warns of windows that only a change of the clock ends.
func (c *checker) clock(s *Scenario, root file.Node) {
	if s.Clock == nil {
		return
	}
	if err := s.Clock.Check(); err != nil {
		c.add(root.At("clock").Errorf("%s", err))
	}
	for i, r := range s.Faults {
		if w := r.When.During; s.Clock.Freeze != nil && w != nil && w.relative() && w.ends() {
			c.warnings = append(c.warnings, root.At("faults", i, "when", "during").Errorf("warning: the clock is frozen: the window ends only when the clock is advanced; clock: {start: TIME} runs"))
		}
	}
}

// MostPatterns bounds the patterns of all expectations of a scenario, or of a verification:
// each is held to every entry of the journal.
const MostPatterns = 200

// expectation checks the names in an expectation.
func (c *checker) expectation(e *journal.Expectation, at file.Node) {
	before := c.patterns
	if c.patterns += len(e.Patterns()); c.patterns > MostPatterns {
		if before <= MostPatterns {
			c.add(at.Errorf("more than %d patterns are expected in all", MostPatterns))
		}
		return
	}
	c.add(e.Check(at))
	for i, p := range e.Patterns() {
		n := at
		if len(e.Sequence) > 0 {
			n = at.At("sequence", i)
		}
		if p.Operation != "" && len(c.catalogue.matching(p.Operation)) == 0 {
			c.add(c.catalogue.noOperation(n.At("operation"), p.Operation))
		}
		if err := contract.CheckGlob(p.Path); err != nil {
			c.add(n.At("path").Errorf("%s", err))
		}
		c.expectable(e, &p, n)
		if p.Fault != "" && p.Fault != "*" && !slices.Contains(c.names, p.Fault) {
			c.add(n.At("fault").Errorf("no rule %q%s", p.Fault, file.Hint(p.Fault, c.names)))
		}
	}
}

// Expectations reads what POST verify asks for: an expectation, a list of them, or a
// mapping with such a list as its member "expect". Names of rules are those armed.
func (k *Catalogue) Expectations(name string, data []byte, rules []string) ([]journal.Expectation, error) {
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	if _, listed := root.Get("expect"); root.IsMapping() && !listed {
		var one journal.Expectation
		c := &checker{catalogue: k, names: rules}
		if c.add(root.Decode(&one)); len(c.errs) == 0 {
			c.demanded(&one, root)
		}
		return []journal.Expectation{one}, c.err()
	}
	if root.IsMapping() {
		var doc struct {
			Expect file.Node `json:"expect" fixture:"required"`
		}
		if err := root.Decode(&doc); err != nil {
			return nil, err
		}
		root = doc.Expect
	}
	var list []journal.Expectation
	c := &checker{catalogue: k, names: rules}
	c.add(root.Decode(&list))
	if len(c.errs) == 0 {
		for i := range list {
			c.demanded(&list[i], root.At(i))
		}
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return list, nil
}

// demanded checks an expectation that a request asks about.
func (c *checker) demanded(e *journal.Expectation, at file.Node) {
	if c.expectation(e, at); e.Exit != "" {
		c.add(at.At("exit").Errorf("exit is judged by standin run only"))
	}
}
