package fault

import (
	"bytes"
	"encoding/json"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// Where says which requests a rule is about: those that all of its members fit.
// Texts are globs: "*" stands for anything.
type Where struct {
	// Operation is an operationId or a glob: freezer.clients.create, freezer.*, *.create. Several
	// have commas between them. One that begins with "!" excludes: "freezer.*, !freezer.health.*".
	// Files may write several as a list.
	Operation string              `json:"operation,omitempty"`
	Method    string              `json:"method,omitempty"` // GET, POST, a glob…
	Path      string              `json:"path,omitempty"`   // the path, with or without prefixes; {name} is one segment
	Query     map[string]*string  `json:"query,omitempty"`  // parameters of the query; null: absent
	Header    map[string]*string  `json:"header,omitempty"` // request headers; null: absent
	Caller    Caller              `json:"caller,omitzero"`  // whose requests
	Body      map[string]BodyTest `json:"body,omitempty"`   // tests of a JSON body, by JSON pointer: /client/hostname
}

// Caller says whose requests a rule is about.
type Caller struct {
	User    string `json:"user,omitempty"`    // the name or id of the user
	Token   string `json:"token,omitempty"`   // the token, as the request shows it
	Project string `json:"project,omitempty"` // the name or id of the project
}

// A BodyTest looks at one place in a JSON body. All members that are given must hold. The
// value of Equals is in the types of package value.
type BodyTest struct {
	Equals  any     `json:"equals,omitempty"`  // a JSON value
	Exists  *bool   `json:"exists,omitempty"`  // whether the body has such a value
	Matches *string `json:"matches,omitempty"` // a regular expression, on the text of the value
}

// UnmarshalNode reads a Where. The operation is a text, or a list of texts.
func (w *Where) UnmarshalNode(n file.Node) error {
	type plain Where
	return contract.DecodeOperation(n, &w.Operation, (*plain)(w))
}

// MarshalJSON writes a Where as UnmarshalNode reads it.
func (w Where) MarshalJSON() ([]byte, error) {
	type plain Where
	return unescaped(struct {
		Operation contract.Patterns `json:"operation,omitempty"`
		plain
	}{contract.Patterns(w.Operation), plain(w)})
}

// JSONSchema describes a Where.
func (*Where) JSONSchema() *value.Object {
	type plain Where
	return withOperation(file.SchemaFor[plain]())
}

// unescaped writes JSON without HTML's escapes.
func unescaped(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// withOperation has the schema of a mapping take patterns as its operation.
func withOperation(o *value.Object) *value.Object {
	o.Object("properties").Set("operation", (*contract.Patterns)(nil).JSONSchema())
	return o
}
