package barbican

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"standin/emulator/service"
	"standin/emulator/value"
)

// A shape is what a JSON schema of the server demands of a value. The keywords of the
// schema are the fields; the server looks at them in this order.
type shape struct {
	types       []string   // the names of the types that are allowed
	max, min    int        // code points of a string; a max of 0 is no bound
	values      []string   // the strings that are allowed; none: all are
	least, most int64      // bounds of an integer; a most of 0 is no bound
	members     []property // of an object, in the order of the schema
	needs       []string   // members that an object must have
	closed      bool       // an object has no members but those above
	items       *shape     // of all elements of an array
	first       *shape     // of the first element of an array; the others are not looked at
}

// A property is a member of an object. One that is needed is demanded by its own
// schema, as in draft 3, and not by the object's.
type property struct {
	name   string
	needed bool
	shape
}

// check returns the fault that the server tells, as an error of the schema.
func (s *shape) check(schema string, v any) error {
	w := walk{}
	s.look(&w, v)
	if !w.found {
		return nil
	}
	return invalid(schema, w.message, w.property)
}

// textFault returns what is wrong with a string as the member of that name; empty if
// nothing is.
func (s *shape) textFault(name, text string) string {
	w := walk{}
	for _, p := range s.members {
		if p.name == name {
			p.lookAtString(&w, text)
		}
	}
	return w.message
}

// A walk visits a value and keeps the fault that jsonschema calls the best match: the
// one nearest to the top, of these the first with a wrong type, else the first.
type walk struct {
	depth    int
	top      string // the member at the top in which the walk is
	found    bool
	at       int  // depth of the fault
	mistyped bool // the value of the fault is of a wrong type
	message  string
	property string
}

func (w *walk) fault(mistyped bool, message func() string) {
	better := !w.found || w.depth < w.at || w.depth == w.at && mistyped && !w.mistyped
	if better {
		w.found, w.at, w.mistyped, w.message, w.property = true, w.depth, mistyped, message(), w.top
	}
}

// into runs f one level deeper, in the member of that name.
func (w *walk) into(name string, f func()) {
	before := w.top
	if w.depth == 0 {
		w.top = name
	}
	w.depth++
	f()
	w.depth--
	w.top = before
}

func (s *shape) look(w *walk, v any) {
	mistyped := !slices.ContainsFunc(s.types, func(t string) bool { return isOf(v, t) })
	if mistyped {
		w.fault(true, func() string {
			return fmt.Sprintf("%s is not of type '%s'", service.Repr(v), strings.Join(s.types, "', '"))
		})
		return // other keywords say less
	}
	switch x := v.(type) {
	case string:
		s.lookAtString(w, x)
	case value.Number:
		s.lookAtNumber(w, x)
	case *value.Object:
		s.lookAtObject(w, x)
	case []any:
		for i, e := range x {
			if s.items != nil {
				w.into("", func() { s.items.look(w, e) })
			}
			if s.first != nil && i == 0 {
				w.into("", func() { s.first.look(w, e) })
			}
		}
	}
}

func (s *shape) lookAtString(w *walk, text string) {
	n := utf8.RuneCountInString(text)
	if s.max > 0 && n > s.max {
		w.fault(false, func() string { return service.Repr(text) + " is too long" })
	}
	if n < s.min {
		w.fault(false, func() string { return service.Repr(text) + " is too short" })
	}
	if len(s.values) > 0 && !slices.Contains(s.values, text) {
		w.fault(false, func() string {
			return fmt.Sprintf("%s is not one of %s", service.Repr(text), service.Repr(value.List(s.values)))
		})
	}
}

func (s *shape) lookAtNumber(w *walk, n value.Number) {
	whole, ok := parseWhole(n)
	switch {
	case !ok || s.most == 0:
	case whole.Cmp(big.NewInt(s.least)) < 0:
		w.fault(false, func() string { return fmt.Sprintf("%s is less than the minimum of %d", service.Repr(n), s.least) })
	case whole.Cmp(big.NewInt(s.most)) > 0:
		w.fault(false, func() string { return fmt.Sprintf("%s is greater than the maximum of %d", service.Repr(n), s.most) })
	}
}

func (s *shape) lookAtObject(w *walk, o *value.Object) {
	for _, p := range s.members {
		v, ok := o.Get(p.name)
		w.into(p.name, func() {
			switch {
			case ok:
				p.look(w, v)
			case p.needed:
				w.fault(false, required(p.name))
			}
		})
	}
	for _, name := range s.needs {
		if _, ok := o.Get(name); !ok {
			w.fault(false, required(name))
		}
	}
	if s.closed {
		s.lookForMore(w, o)
	}
}

func required(name string) func() string {
	return func() string { return "'" + name + "' is a required property" }
}

// lookForMore finds members that a closed object does not have.
func (s *shape) lookForMore(w *walk, o *value.Object) {
	var more []string
	for _, m := range o.Members() {
		if !slices.ContainsFunc(s.members, func(p property) bool { return p.name == m.Name }) {
			more = append(more, service.Repr(m.Name))
		}
	}
	if len(more) == 0 {
		return
	}
	slices.Sort(more)
	were := "was"
	if len(more) > 1 {
		were = "were"
	}
	w.fault(false, func() string {
		return fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(more, ", "), were)
	})
}

// isOf reports whether the value is of a type of JSON schema. 1.0 is an integer.
func isOf(v any, kind string) bool {
	switch x := v.(type) {
	case nil:
		return kind == "null"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case value.Number:
		_, whole := parseWhole(x)
		return kind == "integer" && whole
	case []any:
		return kind == "array"
	case *value.Object:
		return kind == "object"
	}
	return false
}

// parseWhole is the value of a number that has no fraction. A number that is written
// with a point or an exponent is a float on the server, and one out of its range is
// infinite there.
func parseWhole(n value.Number) (*big.Int, bool) {
	if !strings.ContainsAny(string(n), ".eE") {
		return new(big.Int).SetString(string(n), 10)
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || f != math.Trunc(f) {
		return nil, false
	}
	i, _ := big.NewFloat(f).Int(nil)
	return i, true
}
