package openstack_test

import (
	"strings"
	"testing"

	"standin/internal/service/openstack"
	"standin/internal/value"
)

// shelf is a schema that has every keyword.
var shelf = &openstack.Schema{
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "name", Needed: true, Schema: openstack.Schema{Types: []string{"string", "null"}, MinLength: 1, MaxLength: 5}},
		{Name: "kind", Schema: openstack.Schema{Enum: []string{"oak", "pine"}}},
		{Name: "code", Schema: openstack.Schema{Types: []string{"string"}, Pattern: openstack.NewPattern(`^[a-z]+$`)}},
		{Name: "width", Schema: openstack.Schema{Types: []string{"integer"}, Minimum: 1, Maximum: 100}},
		{Name: "books", Schema: openstack.Schema{Types: []string{"array"}, Items: &openstack.Schema{Types: []string{"string"}}}},
		{Name: "first", Schema: openstack.Schema{First: &openstack.Schema{Types: []string{"boolean"}}}},
		{Name: "one", Schema: openstack.Schema{Types: []string{"object"}, Single: true}},
	},
	Required: []string{"kind"},
	Closed:   true,
}

// Ensure a fault has the message of jsonschema and its place. Ensure best_match prefers the fault
// nearest to the top, then the first wrong type.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct{ json, first, best string }{
		{`{"name":"a","kind":"oak","code":"b\n","width":1.0e2,"books":["c"],"first":[true,5],"one":{"d":1}}`, "", ""},
		{`[]`, ": [] is not of type 'object'", ": [] is not of type 'object'"},
		{`{}`, "name: 'name' is a required property", ": 'kind' is a required property"},
		{`{"name":null,"kind":"ash"}`, "kind: 'ash' is not one of ['oak', 'pine']", "kind: 'ash' is not one of ['oak', 'pine']"},
		{`{"name":"","kind":"oak"}`, "name: '' is too short", "name: '' is too short"},
		{`{"name":"ééééé","kind":"oak"}`, "", ""},
		{`{"name":"éééééé","kind":"oak","width":"x"}`, "name: 'éééééé' is too long", "width: 'x' is not of type 'integer'"},
		{`{"name":5,"kind":"oak"}`, "name: 5 is not of type 'string', 'null'", "name: 5 is not of type 'string', 'null'"},
		{`{"name":"a","kind":"oak","code":"B"}`, "code: 'B' does not match '^[a-z]+$'", "code: 'B' does not match '^[a-z]+$'"},
		{`{"name":"a","kind":"oak","width":0}`, "width: 0 is less than the minimum of 1", "width: 0 is less than the minimum of 1"},
		{`{"name":"a","kind":"oak","width":101.0}`, "width: 101.0 is greater than the maximum of 100", "width: 101.0 is greater than the maximum of 100"},
		{`{"name":"a","kind":"oak","width":1.5}`, "width: 1.5 is not of type 'integer'", "width: 1.5 is not of type 'integer'"},
		{`{"name":"a","kind":"oak","width":1e400}`, "width: inf is not of type 'integer'", "width: inf is not of type 'integer'"},
		{`{"name":"a","kind":"oak","width":true}`, "width: True is not of type 'integer'", "width: True is not of type 'integer'"},
		{`{"name":"a","kind":"oak","books":["b",5,null]}`, "books.1: 5 is not of type 'string'", "books.1: 5 is not of type 'string'"},
		{`{"name":"a","kind":"oak","books":{}}`, "books: {} is not of type 'array'", "books: {} is not of type 'array'"},
		{`{"name":"a","kind":"oak","first":["x"]}`, "first.0: 'x' is not of type 'boolean'", "first.0: 'x' is not of type 'boolean'"},
		{`{"name":"a","kind":"oak","one":{}}`, "one: {} does not have enough properties", "one: {} does not have enough properties"},
		{`{"name":"a","kind":"oak","one":{"a":1,"b":2}}`, "one: {'a': 1, 'b': 2} has too many properties", "one: {'a': 1, 'b': 2} has too many properties"},
		{`{"name":"a","kind":"oak","z":1}`, ": Additional properties are not allowed ('z' was unexpected)", ": Additional properties are not allowed ('z' was unexpected)"},
		{`{"name":5,"kind":"oak","z":1,"y":2}`, "name: 5 is not of type 'string', 'null'", ": Additional properties are not allowed ('y', 'z' were unexpected)"},
	}
	text := func(f *openstack.Fault) string {
		if f == nil {
			return ""
		}
		return strings.Join(f.Path, ".") + ": " + f.Message
	}
	first, best := &openstack.Validator{}, &openstack.Validator{Prefer: openstack.BestMatch}
	for _, tt := range tests {
		v, err := value.Parse([]byte(tt.json))
		if err != nil {
			t.Fatal(err)
		}
		if got := text(first.Find(shelf, v)); got != tt.first {
			t.Errorf("%s: the first fault is %q, want %q", tt.json, got, tt.first)
		}
		if got := text(best.Find(shelf, v)); got != tt.best {
			t.Errorf("%s: the best match is %q, want %q", tt.json, got, tt.best)
		}
	}
}

// Ensure a string is checked against the schema of the named member. It has no fault if there is
// no such member.
func TestTextFault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"code", "abc", ""},
		{"code", "a c", "'a c' does not match '^[a-z]+$'"},
		{"name", "too long", "'too long' is too long"},
		{"other", "too long", ""},
	} {
		if got := shelf.TextFault(tt.name, tt.text); got != tt.want {
			t.Errorf("%s=%s: %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}
