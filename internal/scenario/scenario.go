// Package scenario reads scenario files.
package scenario

import (
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/file"
	"standin/internal/ruleset"
	"standin/internal/value"
)

// A Scenario has a state to start from, rules that make requests fail, and expectations of the
// client.
type Scenario struct {
	Name    string                `json:"name" fixture:"required"` // the name of the scenario; if no other member is given, it names a built-in scenario
	About   string                `json:"about,omitempty"`         // what the scenario is for
	Fixture Names                 `json:"fixture,omitempty"`       // built-in fixtures or files; later ones add records
	Seed    *int64                `json:"seed,omitempty"`          // the seed of generated records, ids and random draws
	Clock   *Clock                `json:"clock,omitempty"`         // where the clock begins; at most one member is given
	Profile string                `json:"profile,omitempty"`       // which quirks are on: documented (none) or observed; default: that of the emulator
	Quirks  []string              `json:"quirks,omitempty"`        // more quirks, as names or globs; -NAME turns one off
	Faults  []fault.Rule          `json:"faults,omitempty"`        // the rules that make requests fail
	Expect  []journal.Expectation `json:"expect,omitempty"`        // what is expected of the client
}

// Names is one name, or several names.
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

// JSONSchema returns a JSON Schema of names.
func (*Names) JSONSchema() *value.Object {
	word := value.NewObject(value.Member{Name: "type", Value: "string"})
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		word, value.NewObject(value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: word}),
	}})
}

// A reader reads a scenario, or expectations, and collects errors.
type reader struct {
	*ruleset.Checker
	catalogue *ruleset.Catalogue
	patterns  int       // in the expectations read so far
	scenario  *Scenario // nil if only expectations are read
}

// Read reads a scenario. The error lists every mistake. The warnings are about what is allowed but
// probably not intended. Read does not read the fixtures.
func Read(k *ruleset.Catalogue, name string, data []byte) (s *Scenario, warnings []error, err error) {
	if file.Empty(data) {
		return nil, nil, &file.Error{File: name, Line: 1, Column: 1, Message: `the file is empty; a scenario has at least a name`}
	}
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, nil, err
	}
	s = &Scenario{}
	c := &reader{Checker: k.NewChecker(), catalogue: k, scenario: s}
	c.Add(root.Without(func(key string) bool { return key == "faults" || key == "expect" }).Decode(s))
	if list, ok := root.Get("faults"); ok && !list.IsNull() {
		at, err := list.Items()
		if err != nil {
			return nil, nil, err
		}
		s.Faults = c.Read(list, at)
	}
	c.clock(s, root)
	if err := k.KnownProfile(s.Profile); err != nil {
		c.Add(root.At("profile").Errorf("%s", err))
	}
	for i, q := range s.Quirks {
		if _, err := k.Quirks(ruleset.Documented, q); err != nil {
			c.Add(root.At("quirks", i).Errorf("%s", err))
		}
	}
	if list, ok := root.Get("expect"); ok {
		exits, outcomes := 0, 0
		s.Expect = c.expectations(list, func(e *journal.Expectation, at file.Node) {
			c.expectation(e, at)
			c.once(&exits, e.Exit != "", "exit", at)
			c.once(&outcomes, len(e.Outcome) > 0, "outcome", at)
		})
	}
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	return s, c.Warnings(), nil
}

// once counts a member of expectations that may be given once.
func (c *reader) once(count *int, given bool, name string, at file.Node) {
	if !given {
		return
	}
	if *count++; *count > 1 {
		c.Add(at.At(name).Errorf("%s is given twice", name))
	}
}

// clock checks the clock, and warns of windows that do not end unless the clock is changed.
func (c *reader) clock(s *Scenario, root file.Node) {
	if s.Clock == nil {
		return
	}
	if err := s.Clock.Check(); err != nil {
		c.Add(root.At("clock").Errorf("%s", err))
	}
	for i, r := range s.Faults {
		if w := r.When.During; s.Clock.Freeze != nil && w != nil && w.Relative() && ruleset.Ends(w) {
			c.Warn(root.At("faults", i, "when", "during").Errorf("warning: the clock is frozen: the window ends only when the clock is advanced; clock: {start: TIME} is a clock that runs"))
		}
	}
}
