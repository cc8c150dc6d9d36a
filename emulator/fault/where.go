package fault

import (
	"bytes"
	"encoding/json"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// Where says which requests a rule applies to. A request must match all members that are given.
// Strings are globs: "*" matches any text.
type Where struct {
	// Operation is an operationId or a glob: freezer.clients.create, freezer.*, *.create. Several
	// are separated by commas. One that begins with "!" excludes: "freezer.*, !freezer.health.*".
	// Files may write a list.
	Operation string              `json:"operation,omitempty"`
	Method    string              `json:"method,omitempty"` // GET, POST… or a glob
	Path      string              `json:"path,omitempty"`   // a glob that matches the path with or without its prefixes; {name} matches one segment
	Query     map[string]*string  `json:"query,omitempty"`  // query parameters, by name; null means absent
	Header    map[string]*string  `json:"header,omitempty"` // request headers, by name; null means absent
	Caller    Caller              `json:"caller,omitzero"`  // who sends the request
	Body      map[string]BodyTest `json:"body,omitempty"`   // tests of a JSON body, by JSON pointer, such as /client/hostname
	// Sandbox is the name of a sandbox, or a glob. It is of use in a scenario, whose rules every sandbox
	// has: "default" keeps a rule out of the others.
	Sandbox string `json:"sandbox,omitempty"`
}

// Caller says whose requests a rule applies to. All members that are given must match.
type Caller struct {
	User    string `json:"user,omitempty"`    // the name or id of the user
	Token   string `json:"token,omitempty"`   // the token as sent in the request
	Project string `json:"project,omitempty"` // the name or id of the project
}

// A BodyTest tests one value in a JSON body. All members that are given must match. In a file, a
// value in place of the members is that of Equals. The value of
// Equals has a type of package value.
type BodyTest struct {
	Equals  any     `json:"equals,omitempty"`  // the JSON value that it must equal
	Exists  *bool   `json:"exists,omitempty"`  // true if the value must exist, false if it must not
	Matches *string `json:"matches,omitempty"` // a regular expression that the text of the value must match
}

// UnmarshalNode reads a test. Any value but a mapping stands for the value that it must equal.
func (t *BodyTest) UnmarshalNode(n file.Node) error {
	type plain BodyTest
	if *t = (BodyTest{}); n.IsMapping() {
		return n.Decode((*plain)(t))
	}
	return n.Decode(&t.Equals)
}

// JSONSchema returns a JSON Schema of a test.
func (*BodyTest) JSONSchema() *value.Object {
	type plain BodyTest
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "type", Value: value.List([]string{"string", "number", "boolean", "array"})}), file.SchemaFor[plain](),
	}})
}

// UnmarshalNode reads a Where. The operation is a string or a list of strings.
func (w *Where) UnmarshalNode(n file.Node) error {
	type plain Where
	return contract.DecodeOperation(n, &w.Operation, (*plain)(w))
}

// MarshalJSON writes a Where in the form that UnmarshalNode reads.
func (w Where) MarshalJSON() ([]byte, error) {
	type plain Where
	return unescaped(struct {
		Operation contract.Patterns `json:"operation,omitempty"`
		plain
	}{contract.Patterns(w.Operation), plain(w)})
}

// JSONSchema returns a JSON Schema of a Where.
func (*Where) JSONSchema() *value.Object {
	type plain Where
	return withOperation(file.SchemaFor[plain]())
}

// unescaped returns JSON without HTML escapes.
func unescaped(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// withOperation lets the operation in a schema be a string or a list of strings.
func withOperation(o *value.Object) *value.Object {
	o.Object("properties").Set("operation", (*contract.Patterns)(nil).JSONSchema())
	return o
}
