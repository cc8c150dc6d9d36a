package journal

import (
	"fmt"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// An Expectation is one thing that is expected of the client. It is a number of requests that match
// a pattern, an order of requests, or that every request matches an operation.
type Expectation struct {
	Pattern
	// Requests is how many requests match the pattern. The default is at least one.
	Requests *Range `json:"requests,omitempty"`
	// Attempts is how many times the client sent the same request while it failed.
	Attempts *Range `json:"attempts,omitempty"`
	// Sequence lists patterns that requests match in this order. Other requests may come in
	// between.
	Sequence []Pattern `json:"sequence,omitempty"`
	// NoUnmatched expects that every request matches an operation.
	NoUnmatched bool `json:"no_unmatched,omitempty"`
	// Retries judges how the client retried.
	Retries *Grading `json:"retries,omitempty"`
	// Exit is the exit code that standin run expects of its command. The default is 0. Only standin
	// run judges it.
	Exit Exit `json:"exit,omitempty"`
}

// A Pattern describes requests. A request matches if it matches all members that are given.
type Pattern struct {
	Operation string `json:"operation,omitempty"` // the operations, as operationId or glob, as in the where of a rule
	Method    string `json:"method,omitempty"`    // GET, POST…
	Path      string `json:"path,omitempty"`      // a glob that matches the path with or without its prefixes
	Status    string `json:"status,omitempty"`    // the status of the reply, such as 503 or 5xx; "none" if no reply was sent
	Fault     string `json:"fault,omitempty"`     // the name of a rule that fired; "*" for any rule
}

// String describes the pattern.
func (p *Pattern) String() string {
	var words []string
	for _, w := range []struct{ name, text string }{
		{"", p.Operation}, {"method ", p.Method}, {"path ", p.Path}, {"status ", p.Status}, {"fault ", p.Fault},
	} {
		if w.text != "" {
			words = append(words, w.name+w.text)
		}
	}
	if len(words) == 0 {
		return "any request"
	}
	return strings.Join(words, ", ")
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

// UnmarshalNode reads an expectation. The members of its pattern are members of the mapping.
func (e *Expectation) UnmarshalNode(n file.Node) error {
	var rest struct {
		Requests    *Range    `json:"requests"`
		Attempts    *Range    `json:"attempts"`
		Sequence    []Pattern `json:"sequence"`
		NoUnmatched bool      `json:"no_unmatched"`
		Retries     *Grading  `json:"retries"`
		Exit        Exit      `json:"exit"`
	}
	own := []string{"requests", "attempts", "sequence", "no_unmatched", "retries", "exit"}
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
	e.Requests, e.Attempts, e.Sequence, e.NoUnmatched, e.Retries, e.Exit = rest.Requests, rest.Attempts, rest.Sequence, rest.NoUnmatched, rest.Retries, rest.Exit
	return nil
}

// UnmarshalNode reads a pattern. A status may be written as a number.
func (p *Pattern) UnmarshalNode(n file.Node) error {
	var plain struct {
		Operation contract.Patterns `json:"operation"`
		Method    string            `json:"method"`
		Path      string            `json:"path"`
		Status    statusWords       `json:"status"`
		Fault     string            `json:"fault"`
	}
	if err := n.Decode(&plain); err != nil {
		return err
	}
	*p = Pattern{string(plain.Operation), plain.Method, plain.Path, string(plain.Status), plain.Fault}
	return nil
}

// statusWords is a status in files: 503, 5xx or none.
type statusWords string

func (s *statusWords) UnmarshalText(text []byte) error {
	t := strings.ToLower(string(text))
	ok := t == none || len(t) == 3 && t[0] >= '1' && t[0] <= '9' && (t[1:] == "xx" || isDigit(t[1]) && isDigit(t[2]))
	if !ok {
		return fmt.Errorf("expected a status such as 503, 5xx or none, got %q", text)
	}
	*s = statusWords(t)
	return nil
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// JSONSchema returns a JSON Schema of an expectation.
func (*Expectation) JSONSchema() *value.Object {
	o := (*Pattern)(nil).JSONSchema()
	properties := o.Object("properties")
	properties.Set("requests", (*Range)(nil).JSONSchema())
	properties.Set("attempts", (*Range)(nil).JSONSchema())
	properties.Set("sequence", value.NewObject(
		value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: (*Pattern)(nil).JSONSchema()},
	))
	properties.Set("no_unmatched", value.NewObject(value.Member{Name: "type", Value: "boolean"}))
	properties.Set("retries", (*Grading)(nil).JSONSchema())
	properties.Set("exit", (*Exit)(nil).JSONSchema())
	return o
}

// JSONSchema returns a JSON Schema of a pattern.
func (*Pattern) JSONSchema() *value.Object {
	properties := value.NewObject()
	for _, name := range file.Keys[Pattern]() {
		properties.Set(name, value.NewObject(value.Member{Name: "type", Value: "string"}))
	}
	properties.Set("operation", (*contract.Patterns)(nil).JSONSchema())
	properties.Set("status", value.NewObject(value.Member{Name: "type", Value: []any{"string", "integer"}}))
	return value.NewObject(
		value.Member{Name: "type", Value: "object"},
		value.Member{Name: "properties", Value: properties},
		value.Member{Name: "additionalProperties", Value: false},
	)
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
