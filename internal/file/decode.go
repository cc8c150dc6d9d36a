package file

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"

	"standin/internal/value"
)

// Decode decodes the node into the value that into points to. A struct accepts only members that
// are in its json tags. The tag `fixture:"required"` marks a required member. A pointer accepts
// null. A field of type any accepts any value and gets a type of package value. Errors have line
// and column.
func (n Node) Decode(into any) error { return n.decode(reflect.ValueOf(into).Elem(), true) }

// An Unmarshaler decodes itself from a node. It is for types that have several forms in a file.
// Its errors have line and column.
type Unmarshaler interface {
	UnmarshalNode(n Node) error
}

// DecodeOver is like Decode for a struct that already has values: required members may be
// missing.
func (n Node) DecodeOver(into any) error { return n.decode(reflect.ValueOf(into).Elem(), false) }

var (
	nodeType   = reflect.TypeFor[Node]()
	timeType   = reflect.TypeFor[time.Time]()
	objectType = reflect.TypeFor[*value.Object]()
)

func (n Node) decode(v reflect.Value, strict bool) error {
	if n.made != nil {
		v.Set(reflect.ValueOf(n.made).Elem())
		return nil
	}
	switch v.Type() {
	case nodeType:
		v.Set(reflect.ValueOf(n))
		return nil
	case timeType:
		return n.decodeTime(v)
	case objectType:
		return n.decodeObject(v)
	}
	if u, ok := reflect.TypeAssert[Unmarshaler](v.Addr()); ok {
		return u.UnmarshalNode(n)
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
	given := make([]bool, len(fields))
	var wrong mistakes
	for i, name := range names {
		if wrong.full() {
			return wrong.err()
		}
		f := slices.IndexFunc(fields, func(f field) bool { return f.name == name.yaml.Value })
		if f < 0 {
			wrong.add(name.Unknown(namesOf(fields)))
			continue
		}
		given[f] = true
		wrong.add(values[i].decode(v.Field(fields[f].index), true))
	}
	for i, f := range fields {
		if f.required && !given[i] && strict {
			wrong.add(n.Errorf("%q is missing", f.name))
		}
	}
	return wrong.err()
}

// maxMistakes is the max number of mistakes that are reported for one value.
const maxMistakes = 20

// mistakes collects the mistakes of one value.
type mistakes struct{ all []error }

func (m *mistakes) add(err error) {
	if err != nil {
		m.all = append(m.all, err)
	}
}

func (m *mistakes) full() bool { return len(m.all) >= maxMistakes }

func (m *mistakes) err() error {
	if m.full() {
		m.all = append(m.all[:maxMistakes], errors.New("… and more"))
	}
	return errors.Join(m.all...)
}

type field struct {
	name     string
	index    int
	required bool
}

// known holds the fields of types. They are those of the program.
var known sync.Map

// fieldsOf returns the fields of a struct that a file can have. The caller must not change them.
func fieldsOf(t reflect.Type) []field {
	if all, ok := known.Load(t); ok {
		return all.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			list = append(list, field{name: name, index: i, required: f.Tag.Get("fixture") == "required"})
		}
	}
	known.Store(t, list)
	return list
}

func (n Node) decodeSlice(v reflect.Value) error {
	if n.IsNull() {
		return nil
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, n.length()))
	var wrong mistakes
	for e, err := range n.EachOf(v.Type().Elem()) {
		if err != nil {
			return err
		}
		if wrong.add(e.decode(added(v), true)); wrong.full() {
			break
		}
	}
	return wrong.err()
}

// added adds an element to a slice, and returns it.
func added(v reflect.Value) reflect.Value {
	n := v.Len()
	v.Grow(1)
	v.SetLen(n + 1)
	return v.Index(n)
}

func (n Node) decodeMap(v reflect.Value) error {
	names, values, err := n.Members()
	if err != nil {
		return err
	}
	m := reflect.MakeMap(v.Type())
	var wrong mistakes
	for i := 0; i < len(names) && !wrong.full(); i++ {
		elem := reflect.New(v.Type().Elem()).Elem()
		wrong.add(values[i].decode(elem, true))
		m.SetMapIndex(reflect.ValueOf(names[i].yaml.Value), elem)
	}
	v.Set(m)
	return wrong.err()
}

// FirstTime and LastTime are the first and last time that a file can hold. RFC 3339 has no form
// for others.
var (
	FirstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	LastTime  = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
)

// ErrRange is the error for a time outside of that range.
var ErrRange = fmt.Errorf("times are from %s to %s", FirstTime.Format(time.RFC3339), LastTime.Format(time.RFC3339))

// ParseTime parses a time in RFC 3339, from FirstTime to LastTime.
func ParseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err == nil && (t.Before(FirstTime) || t.After(LastTime)) {
		return time.Time{}, ErrRange
	}
	return t, err
}

func (n Node) decodeTime(v reflect.Value) error {
	t, err := ParseTime(n.yaml.Value)
	switch {
	case n.yaml.Kind == yaml.ScalarNode && errors.Is(err, ErrRange):
		return n.Errorf("%s, got %s", err, n.what())
	case n.yaml.Kind != yaml.ScalarNode || err != nil:
		return n.Errorf("expected a time such as 2026-01-31T12:00:00Z, got %s", n.what())
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

func (n Node) decodeText(t encoding.TextUnmarshaler) error {
	if n.yaml.Kind != yaml.ScalarNode {
		return n.Errorf("expected a string, got %s", n.what())
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
	switch v.Kind() {
	case reflect.String:
		return n.decodeString(v, tag)
	case reflect.Bool:
		if tag != "!!bool" {
			return n.Errorf("expected true or false, got %s", n.what())
		}
		v.SetBool(n.yaml.Value[0] == 't' || n.yaml.Value[0] == 'T')
		return nil
	case reflect.Float64:
		return n.decodeFloat(v, tag)
	default:
		return n.decodeInt(v, tag)
	}
}

func (n Node) decodeString(v reflect.Value, tag string) error {
	switch tag {
	case "!!str":
		v.SetString(n.yaml.Value)
		return nil
	case "", "!!null":
		return n.Errorf("expected a string, got %s", n.what())
	default:
		return n.Errorf("expected a string, got %s; put it in quotes", n.what())
	}
}

func (n Node) decodeInt(v reflect.Value, tag string) error {
	if tag != "!!int" || !setInt(v, n.yaml.Value) {
		return n.Errorf("expected a whole number, got %s", n.what())
	}
	return nil
}

// setInt sets a whole number. It reports whether the text is one, and not too large for v.
func setInt(v reflect.Value, text string) bool {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v.CanInt() && v.OverflowInt(i) || v.CanUint() && (i < 0 || v.OverflowUint(uint64(i))) {
		return false
	}
	if v.CanUint() {
		v.SetUint(uint64(i))
	} else {
		v.SetInt(i)
	}
	return true
}

func (n Node) decodeFloat(v reflect.Value, tag string) error {
	if tag != "!!int" && tag != "!!float" || !setFloat(v, n.yaml.Value) {
		return n.Errorf("expected a number, got %s", n.what())
	}
	return nil
}

// setFloat sets a number. It reports whether the text is one, and finite.
func setFloat(v reflect.Value, text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return false
	}
	v.SetFloat(f)
	return true
}
