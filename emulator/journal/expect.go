package journal

import (
	"fmt"
	"slices"

	"standin/internal/file"
	"standin/internal/value"
)

// An Expectation is one thing that is expected of the client, or of the world that it leaves. It has
// a pattern of requests with what is expected of them, or one of Sequence, NoUnmatched, Retries,
// State, Unchanged, Exit and Outcome.
type Expectation struct {
	Pattern
	// Requests is how many requests match the pattern. The default is at least one.
	Requests *Range `json:"requests,omitempty"`
	// Attempts is how many times the client sent the same request while it failed.
	Attempts *Range `json:"attempts,omitempty"`
	// Waits is how long the client waits after a request that matches the pattern and fails, before
	// it sends the request again. Of a sequence, it is how long the client waits between the requests.
	Waits *Waits `json:"waits,omitempty"`
	// CreatedOnce expects that a request that matches the pattern and is sent again creates no second
	// record.
	CreatedOnce bool `json:"created_once,omitempty"`
	// Sequence lists patterns that requests match in this order. Other requests may come in
	// between.
	Sequence []Pattern `json:"sequence,omitempty"`
	// NoUnmatched expects that every request matches an operation.
	NoUnmatched bool `json:"no_unmatched,omitempty"`
	// Retries judges how the client retried.
	Retries *Grading `json:"retries,omitempty"`
	// State is which records there are at the end, by collection of the fixture format, such as
	// freezer.clients.
	State map[string]Records `json:"state,omitempty"`
	// Unchanged expects that the records at the end are those of the start. Tokens do not count.
	Unchanged bool `json:"unchanged,omitempty"`
	// Exit is the exit code that standin run expects of its command. The default is 0. Only standin
	// run judges it.
	Exit Exit `json:"exit,omitempty"`
	// Outcome is what the run may come to, compared with a run without the rules of the scenario.
	// Only standin run judges it: it runs the command twice.
	Outcome Outcomes `json:"outcome,omitempty"`
}

// A Range is a number, or the numbers from Min to Max. If Max is nil, there is no maximum.
type Range struct {
	Min int  `json:"min,omitempty"`
	Max *int `json:"max,omitempty"`
}

// Exactly returns the range of one number.
func Exactly(n int) *Range { return &Range{Min: n, Max: &n} }

// Has reports whether the number is in the range.
func (r *Range) Has(n int) bool { return n >= r.Min && (r.Max == nil || n <= *r.Max) }

// String describes the range.
func (r *Range) String() string {
	switch {
	case r.Max == nil:
		return fmt.Sprintf("at least %d", r.Min)
	case r.Min == *r.Max:
		return fmt.Sprint(r.Min)
	default:
		return fmt.Sprintf("%d to %d", r.Min, *r.Max)
	}
}

// UnmarshalNode reads a number, or a mapping with min and max.
func (r *Range) UnmarshalNode(n file.Node) error {
	type plain Range
	if n.IsMapping() {
		return n.Decode((*plain)(r))
	}
	var exact int
	if err := n.Decode(&exact); err != nil {
		return err
	}
	r.Min, r.Max = exact, &exact
	return nil
}

// JSONSchema returns a JSON Schema of a range.
func (*Range) JSONSchema() *value.Object {
	type plain Range
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "type", Value: "integer"}), file.SchemaFor[plain](),
	}})
}

// ofExpectation are the members of an expectation that are not those of its pattern.
type ofExpectation struct {
	Requests    *Range             `json:"requests"`
	Attempts    *Range             `json:"attempts"`
	Waits       *Waits             `json:"waits"`
	CreatedOnce bool               `json:"created_once"`
	Sequence    []Pattern          `json:"sequence"`
	NoUnmatched bool               `json:"no_unmatched"`
	Retries     *Grading           `json:"retries"`
	State       map[string]Records `json:"state"`
	Unchanged   bool               `json:"unchanged"`
	Exit        Exit               `json:"exit"`
	Outcome     Outcomes           `json:"outcome"`
}

// UnmarshalNode reads an expectation. The members of its pattern are members of the mapping.
func (e *Expectation) UnmarshalNode(n file.Node) error {
	var rest ofExpectation
	own := file.Keys[ofExpectation]()
	if !n.IsMapping() {
		return n.Errorf("expected a mapping such as {operation: freezer.clients.create, requests: 2}")
	}
	names, _, err := n.Members()
	if err != nil {
		return err
	}
	known := append(file.Keys[Pattern](), own...)
	for _, name := range names {
		if !slices.Contains(known, name.Key()) {
			return name.Unknown(known)
		}
	}
	if err := n.Without(func(key string) bool { return slices.Contains(own, key) }).Decode(&e.Pattern); err != nil {
		return err
	}
	if err := n.Without(func(key string) bool { return !slices.Contains(own, key) }).Decode(&rest); err != nil {
		return err
	}
	e.Requests, e.Attempts, e.Waits, e.CreatedOnce = rest.Requests, rest.Attempts, rest.Waits, rest.CreatedOnce
	e.Sequence, e.NoUnmatched, e.Retries = rest.Sequence, rest.NoUnmatched, rest.Retries
	e.State, e.Unchanged, e.Exit, e.Outcome = rest.State, rest.Unchanged, rest.Exit, rest.Outcome
	return nil
}

// JSONSchema returns a JSON Schema of an expectation.
func (*Expectation) JSONSchema() *value.Object {
	o := (*Pattern)(nil).JSONSchema()
	for _, m := range file.SchemaFor[ofExpectation]().Object("properties").Members() {
		o.Object("properties").Set(m.Name, m.Value)
	}
	return o
}

// Patterns returns the patterns of the expectation.
func (e *Expectation) Patterns() []Pattern {
	if len(e.Sequence) > 0 {
		return e.Sequence
	}
	return []Pattern{e.Pattern}
}

// A Judgement says whether one expectation was met.
type Judgement struct {
	Expectation string `json:"expectation"` // what is expected
	Met         bool   `json:"met"`         // the expectation is met
	Found       string `json:"found"`       // what was found
}
