package openstack

import (
	"fmt"
	"slices"
	"strings"
)

// A Validator is how one server reports a value that does not match a schema: which of the
// faults it picks, and what it says as well as jsonschema's sentence.
type Validator struct {
	// Prefer reports whether the server picks the fault f rather than one that jsonschema
	// found earlier. If it is nil, the server picks the first.
	Prefer func(f, earlier *Fault) bool

	// Frame returns the server's error for the fault.
	Frame func(s *Schema, f *Fault) error
}

// A Fault is a place where a value breaks a schema.
type Fault struct {
	Path     []string // to the place of the fault, from the top
	Missing  string   // the member that the object there must have, if that is the fault
	Message  string   // as jsonschema words it
	depth    int      // the length of the path
	mistyped bool     // the value there is of a wrong type
}

// BestMatch is the Prefer of servers that report what jsonschema's best_match returns. That is
// one of the faults nearest to the top: the first wrong type, or else the first fault.
func BestMatch(f, earlier *Fault) bool {
	return f.depth < earlier.depth || f.depth == earlier.depth && f.mistyped && !earlier.mistyped
}

// Check returns the server's error for a value that does not match the schema. It returns nil
// for a value that does.
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

// TextFault returns the message of the fault of a string as the member of that name. It
// returns an empty string if there is no fault.
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

// A walk visits a value and keeps one of the faults.
type walk struct {
	prefer func(f, earlier *Fault) bool
	found  *Fault
	path   [8]string // an array, so that a walk allocates nothing; no schema is deeper
	depth  int       // of the path
}

// fault keeps a fault of the value at the path, if it is the one to pick.
func (w *walk) fault(f Fault, message func() string) {
	f.depth = w.depth
	if w.found == nil || w.prefer != nil && w.prefer(&f, w.found) {
		f.Path, f.Message = slices.Clone(w.path[:w.depth]), message()
		w.found = &f
	}
}

// into runs f one level deeper.
func (w *walk) into(name string, f func()) {
	w.path[w.depth] = name
	w.depth++
	f()
	w.depth--
}

// The sentences of jsonschema.

// NotOfType returns the sentence for a value of another type than those of JSON schema.
func NotOfType(v any, types ...string) string {
	return fmt.Sprintf("%s is not of type '%s'", Repr(v), strings.Join(types, "', '"))
}

// Required returns the sentence for an object that lacks a member.
func Required(name string) string { return "'" + name + "' is a required property" }

func additional(names []string) string {
	were := "was"
	if len(names) > 1 {
		were = "were"
	}
	return fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(names, ", "), were)
}
