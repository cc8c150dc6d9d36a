// Package file reads YAML and JSON files into Go values. It reports every mistake with its place:
// file, line and column.
//
// It is strict: it refuses unknown keys, wrong types and repeated keys. It does not depend on the
// purpose of the files.
package file

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"

	"standin/internal/value"
)

// A Node is a value in a file. It knows its line and column.
type Node struct {
	in   *source
	yaml *yaml.Node
	made any // a pointer to the value, if it was decoded without nodes: see EachOf. Then yaml is nil
}

// Key returns the text of a scalar, for example the name of a member.
func (n Node) Key() string { return n.yaml.Value }

// Errorf returns an error with the place of the node. The zero Node has no place.
func (n Node) Errorf(format string, args ...any) error {
	if n.yaml == nil {
		return &Error{File: "(generated)", Message: fmt.Sprintf(format, args...)}
	}
	return &Error{File: n.in.name, Line: n.yaml.Line, Column: n.yaml.Column, Message: fmt.Sprintf(format, args...)}
}

// Get returns a member of a mapping.
func (n Node) Get(name string) (Node, bool) {
	if n.yaml != nil && n.yaml.Kind == yaml.MappingNode {
		for i := 0; i < len(n.yaml.Content); i += 2 {
			if n.yaml.Content[i].Value == name {
				return Node{in: n.in, yaml: n.yaml.Content[i+1]}, true
			}
		}
	}
	return Node{}, false
}

// element returns an element of a list.
func (n Node) element(index int) (Node, bool) {
	for e, err := range n.Each() {
		if err != nil {
			break
		}
		if index == 0 {
			return e, true
		}
		index--
	}
	return Node{}, false
}

// At returns the node at a path of names and indexes. If a step is missing, it returns the last
// node that exists. It is used for the place of an error.
func (n Node) At(path ...any) Node {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := n.Get(s)
			if !ok {
				return n
			}
			n = m
		case int:
			e, ok := n.element(s)
			if !ok {
				return n
			}
			n = e
		}
	}
	return n
}

// IsMapping reports whether the node is a mapping.
func (n Node) IsMapping() bool { return n.yaml != nil && n.yaml.Kind == yaml.MappingNode }

// IsList reports whether the node is a list.
func (n Node) IsList() bool { return n.yaml != nil && n.yaml.Kind == yaml.SequenceNode }

// Items returns the elements of a list.
func (n Node) Items() ([]Node, error) {
	if n.yaml.Kind != yaml.SequenceNode {
		return nil, n.Errorf("expected a list, got %s", n.what())
	}
	list := make([]Node, 0, len(n.yaml.Content))
	for e, err := range n.Each() {
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// Members returns the names and values of a mapping. It returns an error if a name is repeated.
func (n Node) Members() (names, values []Node, err error) {
	if n.yaml.Kind != yaml.MappingNode {
		return nil, nil, n.Errorf("expected a mapping, got %s", n.what())
	}
	size := len(n.yaml.Content) / 2
	names, values = make([]Node, 0, size), make([]Node, 0, size)
	seen := make(map[string]bool, size)
	for i := 0; i < len(n.yaml.Content); i += 2 {
		name := Node{in: n.in, yaml: n.yaml.Content[i]}
		if seen[name.yaml.Value] {
			return nil, nil, name.Errorf("%q is given twice", name.yaml.Value)
		}
		seen[name.yaml.Value] = true
		names, values = append(names, name), append(values, Node{in: n.in, yaml: n.yaml.Content[i+1]})
	}
	return names, values, nil
}

// what describes the value for an error message.
func (n Node) what() string {
	switch n.yaml.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.yaml.ShortTag() {
	case "!!str":
		return fmt.Sprintf("the string %q", shorten(n.yaml.Value))
	case "!!null":
		return "nothing"
	case "!!bool":
		return n.yaml.Value
	case "!!timestamp":
		return "the time " + n.yaml.Value
	default:
		return "the number " + shorten(n.yaml.Value)
	}
}

// longestQuote is the max number of bytes of a value that an error quotes.
const longestQuote = 60

func shorten(s string) string {
	if len(s) <= longestQuote {
		return s
	}
	return strings.ToValidUTF8(s[:longestQuote], "") + "…"
}

// IsNull reports whether the node is null.
func (n Node) IsNull() bool {
	return n.yaml.Kind == yaml.ScalarNode && n.yaml.ShortTag() == "!!null"
}

// Without returns a copy of the mapping without the members for which drop returns true.
func (n Node) Without(drop func(name string) bool) Node {
	c := *n.yaml
	c.Content = nil
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		if !drop(n.yaml.Content[i].Value) {
			c.Content = append(c.Content, n.yaml.Content[i], n.yaml.Content[i+1])
		}
	}
	return Node{in: n.in, yaml: &c}
}

// Unknown returns the error for a key that is not one of names.
func (n Node) Unknown(names []string) error {
	return n.Errorf("unknown key %q%s; expected %s", n.yaml.Value, Hint(n.yaml.Value, names), strings.Join(names, ", "))
}

// Keys returns the json names of a struct's fields.
func Keys[T any]() []string { return namesOf(fieldsOf(reflect.TypeFor[T]())) }

func namesOf(fields []field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return names
}

// Hint returns `, did you mean "NAME"?` with the name closest to word. It returns an empty string
// if no name is close.
func Hint(word string, names []string) string {
	if near := Nearest(word, names, 1); len(near) > 0 {
		return fmt.Sprintf(", did you mean %q?", near[0])
	}
	return ""
}

// Word returns the known word that a text is. Else it returns an error that lists the known words.
// What says which kind of word is expected.
func Word[T ~string](what, text string, known []T) (T, error) {
	names := make([]string, len(known))
	for i, k := range known {
		if names[i] = string(k); names[i] == text {
			return k, nil
		}
	}
	return "", fmt.Errorf("unknown %s %q%s; expected %s", what, text, Hint(text, names), strings.Join(names, ", "))
}

// The limits of Nearest. The time to compare two words grows with the product of their lengths.
const (
	maxWord  = 100 // bytes
	maxNames = 1000
)

// Nearest returns up to limit names that are close to word, the closest first. It returns nil for
// a word of more than 100 bytes, and compares only the first 1,000 names.
func Nearest(word string, names []string, limit int) []string {
	if len(word) > maxWord {
		return nil
	}
	far := max(2, len(word)/3)
	distance := map[string]int{}
	var near []string
	for _, name := range names[:min(maxNames, len(names))] {
		if len(name) > len(word)+far || len(word) > len(name)+far {
			continue
		}
		if d := levenshtein.ComputeDistance(word, name); d <= far {
			distance[name] = d
			near = append(near, name)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distance[a] - distance[b] })
	return near[:min(limit, len(near))]
}

// Value returns the node as a value of package value.
func (n Node) Value() (any, error) { return n.value(0) }

func (n Node) value(depth int) (any, error) {
	if depth > value.MaxDepth {
		return nil, n.Errorf("nested deeper than %d", value.MaxDepth)
	}
	switch n.yaml.Kind {
	case yaml.MappingNode:
		names, values, err := n.Members()
		if err != nil {
			return nil, err
		}
		o := value.NewObject()
		for i, name := range names {
			v, err := values[i].value(depth + 1)
			if err != nil {
				return nil, err
			}
			o.Set(name.yaml.Value, v)
		}
		return o, nil
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.yaml.Content))
		for e, err := range n.Each() {
			if err != nil {
				return nil, err
			}
			v, err := e.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	default:
		return n.scalar()
	}
}

func (n Node) scalar() (any, error) {
	switch n.yaml.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		return n.yaml.Value[0] == 't' || n.yaml.Value[0] == 'T', nil
	case "!!int", "!!float":
		v, err := value.Parse([]byte(n.yaml.Value))
		if num, ok := v.(value.Number); ok && err == nil {
			return num, nil
		}
		return nil, n.Errorf("expected a number in JSON form, got %s", n.yaml.Value)
	default: // strings, and times, which are strings in JSON
		return n.yaml.Value, nil
	}
}
