package openstack

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"standin/internal/late"
	"standin/internal/value"
)

// A Schema is a JSON schema of a Python server. Its fields are keywords, in the order in which
// jsonschema checks them.
type Schema struct {
	Title     string     // the name of the schema in the server's errors
	Types     []string   // the allowed types; empty: all
	MaxLength int        // max code points of a string (0 = no limit)
	MinLength int        // min code points of a string
	Enum      []string   // the allowed strings; empty: all
	Pattern   *Pattern   // a string must contain a match
	Minimum   int64      // min value of an integer; used only with a Maximum
	Maximum   int64      // max value of an integer (0 = no limits)
	Members   []Property // members of an object, in the order of the schema
	Required  []string   // required members of an object
	Single    bool       // an object must have exactly one member
	Closed    bool       // an object may have only Members
	Items     *Schema    // the schema of all elements of an array
	First     *Schema    // the schema of the first element of an array; others are not checked
}

// A Pattern is a Python regular expression.
type Pattern struct {
	text    string
	matches func(string) bool
}

// NewPattern returns a pattern for an expression that means the same in Go and in Python. The
// exception is a $ at its end: in Python it also matches before a final line break.
func NewPattern(text string) *Pattern {
	is := text
	if body, ok := strings.CutSuffix(text, "$"); ok {
		is = body + `\n?$`
	}
	compiled := late.Regexp(is)
	return &Pattern{text, func(s string) bool { return compiled().MatchString(s) }}
}

// PatternFunc returns a pattern for an expression that Go does not support. matches reports
// whether a string matches.
func PatternFunc(text string, matches func(string) bool) *Pattern {
	return &Pattern{text, matches}
}

// A Property is a member of an object. Needed marks it as required in its own schema, as draft 3
// does. Later drafts have Required in the schema of the object.
type Property struct {
	Name   string
	Needed bool
	Schema
}

func (s *Schema) look(w *walk, v any) {
	mistyped := len(s.Types) > 0 && !slices.ContainsFunc(s.Types, func(t string) bool { return isOf(v, t) })
	if mistyped {
		w.fault(Fault{mistyped: true}, func() string { return NotOfType(v, s.Types...) })
		return // jsonschema reports the wrong type first
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
			if s.Items != nil {
				w.into(strconv.Itoa(i), func() { s.Items.look(w, e) })
			}
			if s.First != nil && i == 0 {
				w.into(strconv.Itoa(i), func() { s.First.look(w, e) })
			}
		}
	}
}

func (s *Schema) lookAtString(w *walk, text string) {
	if s.MaxLength > 0 && len(text) > s.MaxLength && utf8.RuneCountInString(text) > s.MaxLength { // a string has at most as many code points as bytes
		w.fault(Fault{}, func() string { return Repr(text) + " is too long" })
	}
	if s.MinLength > 0 && utf8.RuneCountInString(text) < s.MinLength {
		w.fault(Fault{}, func() string { return Repr(text) + " is too short" })
	}
	if s.Pattern != nil && !s.Pattern.matches(text) {
		w.fault(Fault{}, func() string { return Repr(text) + " does not match " + Repr(s.Pattern.text) })
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		w.fault(Fault{}, func() string {
			return fmt.Sprintf("%s is not one of %s", Repr(text), Repr(value.List(s.Enum)))
		})
	}
}

func (s *Schema) lookAtNumber(w *walk, n value.Number) {
	whole, ok := ParseWhole(n)
	switch {
	case !ok || s.Maximum == 0:
	case whole.Cmp(big.NewInt(s.Minimum)) < 0:
		w.fault(Fault{}, func() string { return fmt.Sprintf("%s is less than the minimum of %d", Repr(n), s.Minimum) })
	case whole.Cmp(big.NewInt(s.Maximum)) > 0:
		w.fault(Fault{}, func() string { return fmt.Sprintf("%s is greater than the maximum of %d", Repr(n), s.Maximum) })
	}
}

func (s *Schema) lookAtObject(w *walk, o *value.Object) {
	for i := range s.Members {
		p := &s.Members[i] // a copy would be allocated for the closure
		v, ok := o.Get(p.Name)
		w.into(p.Name, func() {
			switch {
			case ok:
				p.look(w, v)
			case p.Needed:
				w.fault(Fault{Missing: p.Name}, func() string { return Required(p.Name) })
			}
		})
	}
	for _, name := range s.Required {
		if !o.Has(name) {
			w.fault(Fault{Missing: name}, func() string { return Required(name) })
		}
	}
	switch n := o.Len(); {
	case s.Single && n == 0:
		w.fault(Fault{}, func() string { return Repr(o) + " does not have enough properties" })
	case s.Single && n > 1:
		w.fault(Fault{}, func() string { return Repr(o) + " has too many properties" })
	}
	if s.Closed {
		s.lookForMore(w, o)
	}
}

// lookForMore reports members that are not allowed in a closed object.
func (s *Schema) lookForMore(w *walk, o *value.Object) {
	var more []string
	for _, m := range o.Members() {
		if !slices.ContainsFunc(s.Members, func(p Property) bool { return p.Name == m.Name }) {
			more = append(more, Repr(m.Name))
		}
	}
	if len(more) == 0 {
		return
	}
	slices.Sort(more)
	w.fault(Fault{}, func() string { return additional(more) })
}

// isOf reports whether the value is of a JSON schema type. 1.0 is an integer.
func isOf(v any, kind string) bool {
	switch x := v.(type) {
	case nil:
		return kind == "null"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case value.Number:
		_, whole := ParseWhole(x)
		return kind == "integer" && whole
	case []any:
		return kind == "array"
	case *value.Object:
		return kind == "object"
	}
	return false
}

// ParseWhole returns the value of a number. It reports whether the number has no fraction. A
// number with a point or an exponent is a float in Python, and is infinite if it is out of range.
func ParseWhole(n value.Number) (*big.Int, bool) {
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

// Clamp returns a number as an int, limited to the range of int.
func Clamp(n *big.Int) int {
	switch {
	case n.IsInt64():
		return int(n.Int64())
	case n.Sign() < 0:
		return math.MinInt
	default:
		return math.MaxInt
	}
}
