// Package file reads YAML and JSON files into Go values and tells of every
// mistake where it stands: file, line and column.
//
// It is strict: unknown keys, wrong types, and keys given twice are
// refused. It knows nothing of what the files are for.
package file

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"

	"standin/emulator/value"
)

// A Node is a value in a fixture file that remembers where it stands.
type Node struct {
	file string
	yaml *yaml.Node
}

// An Error is a mistake in a file, at a place that is known.
type Error struct {
	File         string
	Line, Column int // counted from 1; 0 if the file as a whole is meant
	Message      string
}

// Error is FILE:LINE:COLUMN: MESSAGE.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Parse reads one YAML or JSON document.
func Parse(name string, data []byte) (Node, error) {
	if isJSON(data) {
		root, err := newJSONReader(data).read()
		if err != nil {
			return Node{}, syntaxError(name, err)
		}
		return Node{file: name, yaml: root}, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return Node{}, syntaxError(name, err)
	}
	if doc.Kind == 0 { // an empty file
		return Node{file: name, yaml: &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}}, nil
	}
	root := doc.Content[0]
	if err := (&expander{file: name, sizes: map[*yaml.Node]int{}}).expand(root); err != nil {
		return Node{}, err
	}
	return Node{file: name, yaml: root}, nil
}

// An expander puts what an alias stands for in its place.
type expander struct {
	file    string
	sizes   map[*yaml.Node]int // what a node comes to; 0 while it is being expanded
	aliases bool
}

// mostExpanded bounds what aliases may blow a file up to.
const mostExpanded = 1_000_000

func (e *expander) expand(n *yaml.Node) error {
	e.sizes[n] = 0
	size := 1
	for i, c := range n.Content {
		if c.Kind == yaml.AliasNode {
			at := Node{e.file, c}
			if size, seen := e.sizes[c.Alias]; seen && size == 0 {
				return at.Errorf("the alias stands inside of what it stands for")
			}
			c, e.aliases = c.Alias, true
			n.Content[i] = c
		}
		if _, seen := e.sizes[c]; !seen {
			if err := e.expand(c); err != nil {
				return err
			}
		}
		size += e.sizes[c]
		if e.aliases && size > mostExpanded {
			return Node{e.file, n}.Errorf("with its aliases written out the file is too large")
		}
	}
	e.sizes[n] = size
	return nil
}

func syntaxError(name string, err error) error {
	if at, ok := errors.AsType[*yaml.LoadError](err); ok {
		return &Error{File: name, Line: max(at.Mark.Line, 1), Column: at.Mark.Column + 1, Message: at.Message}
	}
	return &Error{File: name, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
}

// Key is the text of a scalar, such as the name of a member.
func (n Node) Key() string { return n.yaml.Value }

// Errorf is an error at the place of the node. The zero Node has no place.
func (n Node) Errorf(format string, args ...any) error {
	if n.yaml == nil {
		return &Error{File: "(generated)", Message: fmt.Sprintf(format, args...)}
	}
	return &Error{File: n.file, Line: n.yaml.Line, Column: n.yaml.Column, Message: fmt.Sprintf(format, args...)}
}

// Get finds a member of a mapping.
func (n Node) Get(name string) (Node, bool) {
	if n.yaml != nil && n.yaml.Kind == yaml.MappingNode {
		for i := 0; i < len(n.yaml.Content); i += 2 {
			if n.yaml.Content[i].Value == name {
				return Node{n.file, n.yaml.Content[i+1]}, true
			}
		}
	}
	return Node{}, false
}

// At finds a node further down by names and indexes; where there is none, the
// last one on the way. It serves to tell where a mistake is.
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
			if n.yaml.Kind != yaml.SequenceNode || s >= len(n.yaml.Content) {
				return n
			}
			n = Node{n.file, n.yaml.Content[s]}
		}
	}
	return n
}

// Items lists the elements of a sequence.
func (n Node) Items() ([]Node, error) {
	if n.yaml.Kind != yaml.SequenceNode {
		return nil, n.Errorf("expected a list, got %s", n.what())
	}
	list := make([]Node, len(n.yaml.Content))
	for i, c := range n.yaml.Content {
		list[i] = Node{n.file, c}
	}
	return list, nil
}

// Members lists the names and values of a mapping; a name given twice is refused.
func (n Node) Members() (names, values []Node, err error) {
	if n.yaml.Kind != yaml.MappingNode {
		return nil, nil, n.Errorf("expected a mapping, got %s", n.what())
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.yaml.Content); i += 2 {
		name := Node{n.file, n.yaml.Content[i]}
		if seen[name.yaml.Value] {
			return nil, nil, name.Errorf("%q is given twice", name.yaml.Value)
		}
		seen[name.yaml.Value] = true
		names, values = append(names, name), append(values, Node{n.file, n.yaml.Content[i+1]})
	}
	return names, values, nil
}

// what names the sort of value for an error message.
func (n Node) what() string {
	switch n.yaml.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.yaml.ShortTag() {
	case "!!str":
		return fmt.Sprintf("the string %q", n.yaml.Value)
	case "!!null":
		return "nothing"
	case "!!bool":
		return n.yaml.Value
	case "!!timestamp":
		return "the time " + n.yaml.Value
	default:
		return "the number " + n.yaml.Value
	}
}

// IsNull tells that the node is null.
func (n Node) IsNull() bool {
	return n.yaml.Kind == yaml.ScalarNode && n.yaml.ShortTag() == "!!null"
}

// Decode reads the node into what the pointer points to. Structs take exactly
// the members that their json tags name; the tag `fixture:"required"` makes one
// obligatory. A pointer may be null. Any value goes into a field of type any,
// in the types of package value.
func (n Node) Decode(into any) error { return n.decode(reflect.ValueOf(into).Elem(), true) }

// DecodeOver is Decode for a struct that is filled already.
func (n Node) DecodeOver(into any) error { return n.decode(reflect.ValueOf(into).Elem(), false) }

var (
	nodeType   = reflect.TypeFor[Node]()
	timeType   = reflect.TypeFor[time.Time]()
	objectType = reflect.TypeFor[*value.Object]()
)

func (n Node) decode(v reflect.Value, strict bool) error {
	switch v.Type() {
	case nodeType:
		v.Set(reflect.ValueOf(n))
		return nil
	case timeType:
		return n.decodeTime(v)
	case objectType:
		return n.decodeObject(v)
	}
	if t, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return n.decodeText(t)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if n.IsNull() {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return n.decode(v.Elem(), strict)
	case reflect.Struct:
		return n.decodeStruct(v, strict)
	case reflect.Slice:
		return n.decodeSlice(v)
	case reflect.Map:
		return n.decodeMap(v)
	case reflect.Interface:
		x, err := n.value(0)
		if err == nil && x != nil {
			v.Set(reflect.ValueOf(x))
		}
		return err
	default:
		return n.decodeScalar(v)
	}
}

func (n Node) decodeStruct(v reflect.Value, strict bool) error {
	names, values, err := n.Members()
	if err != nil {
		return err
	}
	fields := fieldsOf(v.Type())
	var errs []error
	for i, name := range names {
		f := slices.IndexFunc(fields, func(f field) bool { return f.name == name.yaml.Value })
		if f < 0 {
			errs = append(errs, name.Unknown(namesOf(fields)))
			continue
		}
		fields[f].given = true
		errs = append(errs, values[i].decode(v.Field(fields[f].index), true))
	}
	for _, f := range fields {
		if f.required && !f.given && strict {
			errs = append(errs, n.Errorf("%q is missing", f.name))
		}
	}
	return errors.Join(errs...)
}

// Without is the mapping less the members whose names the function tells.
func (n Node) Without(drop func(name string) bool) Node {
	c := *n.yaml
	c.Content = nil
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		if !drop(n.yaml.Content[i].Value) {
			c.Content = append(c.Content, n.yaml.Content[i], n.yaml.Content[i+1])
		}
	}
	return Node{n.file, &c}
}

// Unknown is the error of a key that is none of the names.
func (n Node) Unknown(names []string) error {
	return n.Errorf("unknown key %q%s; expected %s", n.yaml.Value, Hint(n.yaml.Value, names), strings.Join(names, ", "))
}

// Keys lists the json names of a struct's fields.
func Keys[T any]() []string { return namesOf(fieldsOf(reflect.TypeFor[T]())) }

func namesOf(fields []field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	return names
}

// Hint is `, did you mean "NAME"?` with the name most like the word, or nothing
// when none is near.
func Hint(word string, names []string) string {
	if near := Nearest(word, names, 1); len(near) > 0 {
		return fmt.Sprintf(", did you mean %q?", near[0])
	}
	return ""
}

// Nearest lists up to most of the names that are like the word, the likest first.
func Nearest(word string, names []string, most int) []string {
	distance := map[string]int{}
	var near []string
	for _, name := range names {
		if d := levenshtein.ComputeDistance(word, name); d <= max(2, len(word)/3) {
			distance[name] = d
			near = append(near, name)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return distance[a] - distance[b] })
	return near[:min(most, len(near))]
}

type field struct {
	name     string
	index    int
	required bool
	given    bool
}

func fieldsOf(t reflect.Type) []field {
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			list = append(list, field{name: name, index: i, required: f.Tag.Get("fixture") == "required"})
		}
	}
	return list
}

func (n Node) decodeSlice(v reflect.Value) error {
	if n.IsNull() {
		return nil
	}
	items, err := n.Items()
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	var errs []error
	for i, item := range items {
		errs = append(errs, item.decode(list.Index(i), true))
	}
	v.Set(list)
	return errors.Join(errs...)
}

func (n Node) decodeMap(v reflect.Value) error {
	names, values, err := n.Members()
	if err != nil {
		return err
	}
	m := reflect.MakeMap(v.Type())
	var errs []error
	for i, name := range names {
		elem := reflect.New(v.Type().Elem()).Elem()
		errs = append(errs, values[i].decode(elem, true))
		m.SetMapIndex(reflect.ValueOf(name.yaml.Value), elem)
	}
	v.Set(m)
	return errors.Join(errs...)
}

func (n Node) decodeTime(v reflect.Value) error {
	t, err := time.Parse(time.RFC3339Nano, n.yaml.Value)
	if n.yaml.Kind != yaml.ScalarNode || err != nil {
		return n.Errorf("expected a time such as 2026-01-31T12:00:00Z, got %s", n.what())
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func (n Node) decodeText(t encoding.TextUnmarshaler) error {
	if n.yaml.Kind != yaml.ScalarNode {
		return n.Errorf("expected a text, got %s", n.what())
	}
	if err := t.UnmarshalText([]byte(n.yaml.Value)); err != nil {
		return n.Errorf("%s", err)
	}
	return nil
}

func (n Node) decodeObject(v reflect.Value) error {
	if n.yaml.Kind != yaml.MappingNode {
		return n.Errorf("expected a mapping, got %s", n.what())
	}
	x, err := n.value(0)
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

func (n Node) decodeScalar(v reflect.Value) error {
	tag := n.yaml.ShortTag()
	if n.yaml.Kind != yaml.ScalarNode {
		tag = ""
	}
	switch {
	case v.Kind() == reflect.String && tag == "!!str":
		v.SetString(n.yaml.Value)
		return nil
	case v.Kind() == reflect.String && tag != "" && tag != "!!null":
		return n.Errorf("expected a string, got %s; put it in quotes", n.what())
	case v.Kind() == reflect.String:
		return n.Errorf("expected a string, got %s", n.what())
	case v.Kind() == reflect.Bool && tag == "!!bool":
		v.SetBool(n.yaml.Value[0] == 't' || n.yaml.Value[0] == 'T')
		return nil
	case v.Kind() == reflect.Bool:
		return n.Errorf("expected true or false, got %s", n.what())
	}
	i, err := strconv.ParseInt(n.yaml.Value, 10, 64)
	if tag != "!!int" || err != nil || v.CanInt() && v.OverflowInt(i) || v.CanUint() && i < 0 {
		return n.Errorf("expected a whole number, got %s", n.what())
	}
	if v.CanUint() {
		v.SetUint(uint64(i))
	} else {
		v.SetInt(i)
	}
	return nil
}

// Value turns the node into the types of package value.
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
		list := make([]any, len(n.yaml.Content))
		for i, c := range n.yaml.Content {
			v, err := Node{n.file, c}.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list[i] = v
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
		return nil, n.Errorf("expected a number as JSON writes it, got %s", n.yaml.Value)
	default: // strings, and times, which JSON knows as strings
		return n.yaml.Value, nil
	}
}
