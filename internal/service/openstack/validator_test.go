package openstack_test

import (
	"errors"
	"strings"
	"testing"

	"standin/internal/service/openstack"
	"standin/internal/value"
)

var shape = &openstack.Schema{
	Title: "Thing",
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "in", Schema: openstack.Schema{Types: []string{"object"}, Required: []string{"id"}}},
		{Name: "name", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 3, Pattern: openstack.PatternFunc(`^\w$`, func(s string) bool { return s != "-" })}},
	},
	Required: []string{"name"},
}

func framed(s *openstack.Schema, f *openstack.Fault) error {
	return errors.New(s.Title + " " + strings.Join(f.Path, "/") + " " + f.Missing + ": " + f.Message)
}

// Ensure that a server picks its fault of several, and adds its text.
func TestValidator(t *testing.T) {
	t.Parallel()
	first := &openstack.Validator{Frame: framed}
	best := &openstack.Validator{Frame: framed, Prefer: openstack.BestMatch}
	for _, tt := range []struct {
		by         *openstack.Validator
		body, want string
	}{
		{first, `{"in":{},"name":5}`, "Thing in id: 'id' is a required property"},
		{best, `{"in":{},"name":5}`, "Thing name : 5 is not of type 'string'"},
		{best, `{"in":{}}`, "Thing  name: 'name' is a required property"},
		{first, `{"name":"long-"}`, "Thing name : 'long-' is too long"},
		{first, `{"name":"-"}`, `Thing name : '-' does not match '^\\w$'`},
		{first, `[]`, "Thing  : [] is not of type 'object'"},
		{first, `{"name":"x","in":{"id":null}}`, ""},
	} {
		v, err := value.Parse([]byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := tt.by.Check(shape, v); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.body, got, tt.want)
		}
	}
}

// Ensure that checking a valid value allocates no memory.
func TestValidatorAllocatesNothing(t *testing.T) {
	v, err := value.Parse([]byte(`{"name":"x","in":{"id":"y"}}`))
	if err != nil {
		t.Fatal(err)
	}
	d := &openstack.Validator{Frame: framed, Prefer: openstack.BestMatch}
	if n := testing.AllocsPerRun(100, func() { _ = d.Check(shape, v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
