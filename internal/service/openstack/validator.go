package openstack

import (
	"fmt"
	"slices"
	"strings"
)

// A Validator says how a server reports a value that does not match a schema: which fault it
// picks, and the text around the message of jsonschema.
type Validator struct {
	// Prefer reports whether the server picks fault f instead of one that jsonschema found
	// earlier. If it is nil, the server picks the first.
	Prefer func(f, earlier *Fault) bool

	// Frame returns the server's error for a fault.
	Frame func(s *Schema, f *Fault) error
}

// A Fault is a place where a value does not match its schema.
type Fault struct {
	Path     []string // from the top to the place of the fault
	Missing  string   // the name of a missing required member, or empty
	Message  string   // the message of jsonschema
	depth    int      // the length of the path
	mistyped bool     // the value has a wrong type
}

// BestMatch is the Prefer of servers that use best_match of jsonschema. It picks one of the
// faults nearest to the top: the first wrong type, or else the first fault.
func BestMatch(f, earlier *Fault) bool {
	return f.depth < earlier.depth || f.depth == earlier.depth && f.mistyped && !earlier.mistyped
}

// Check returns the server's error for a value that does not match the schema, or nil.
func (d *Validator) Check(s *Schema, v any) error {
	if f := d.Find(s, v); f != nil {
		return d.Frame(s, f)
	}
	return nil
}

// Find returns the fault that the server picks, or nil if the value matches the schema.
func (d *Validator) Find(s *Schema, v any) *Fault {
	w := walk{prefer: d.Prefer}
	s.look(&w, v)
	return w.found
}

// TextFault returns the message for a string as the value of the named member. It returns an
// empty string if there is no fault.
func (s *Schema) TextFault(name, text string) string {
	var w walk
	for _, p := range s.Members {
		if p.Name == name {
			p.lookAtString(&w, text)
		}
	}
	if w.found == nil {
		return ""
	}
	return w.found.Message
}

// A walk visits a value and keeps one fault.
type walk struct {
	prefer func(f, earlier *Fault) bool
	found  *Fault
	path   [8]string // an array avoids an allocation; no schema is deeper
	depth  int       // length of the path
}

// fault keeps a fault at the current path, if the server would pick it.
func (w *walk) fault(f Fault, message func() string) {
	f.depth = w.depth
	if w.found == nil || w.prefer != nil && w.prefer(&f, w.found) {
		f.Path, f.Message = slices.Clone(w.path[:w.depth]), message()
		w.found = &f
	}
}

// into calls f one level deeper.
func (w *walk) into(name string, f func()) {
	w.path[w.depth] = name
	w.depth++
	f()
	w.depth--
}

// The messages of jsonschema.

// NotOfType returns the message for a value of a wrong type.
func NotOfType(v any, types ...string) string {
	return fmt.Sprintf("%s is not of type '%s'", Repr(v), strings.Join(types, "', '"))
}

// Required returns the message for an object without a required member.
func Required(name string) string { return "'" + name + "' is a required property" }

func additional(names []string) string {
	were := "was"
	if len(names) > 1 {
		were = "were"
	}
	return fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(names, ", "), were)
}
