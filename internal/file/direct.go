package file

import (
	"bytes"
	"encoding"
	"errors"
	"iter"
	"reflect"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"standin/internal/value"
)

// EachOf is like Each for elements that are decoded into values of a type. Those of a long list in JSON
// are decoded without nodes: they have no place, and Decode returns their value. The caller parses the
// file with Parse if something fails, as after ParseLong.
func (n Node) EachOf(t reflect.Type) iter.Seq2[Node, error] {
	if l := n.in.lists[n.yaml]; l != nil && l.cuts != nil && isDirect(t) {
		return func(yield func(Node, error) bool) { l.each(t, yield) }
	}
	return n.Each()
}

// direct holds which types have values that are decoded without nodes. They are those of the program.
var direct sync.Map

var unmarshalerType, textType = reflect.TypeFor[Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()

// isDirect reports whether values of a type are decoded without nodes: no part of it needs a node.
func isDirect(t reflect.Type) bool {
	if is, ok := direct.Load(t); ok {
		return is.(bool)
	}
	is := needsNoNode(t, map[reflect.Type]bool{})
	direct.Store(t, is)
	return is
}

func needsNoNode(t reflect.Type, seen map[reflect.Type]bool) bool {
	p := reflect.PointerTo(t)
	switch {
	case t == nodeType, p.Implements(unmarshalerType):
		return false
	case t == timeType, t == objectType, p.Implements(textType), seen[t]:
		return true
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return needsNoNode(t.Elem(), seen)
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			if !needsNoNode(t.Field(f.index).Type, seen) {
				return false
			}
		}
	}
	return true
}

// errDirect means that a value cannot be decoded without nodes. It may be right, and if it is not, only
// its node has the right message.
var errDirect = errors.New("the value cannot be decoded without nodes")

// decodeDirect decodes the elements of a list in JSON into values of a type.
func decodeDirect(text []byte, t reflect.Type) (all []Node, err error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text)) // it refuses repeated names
	if err := enter(dec, '['); err != nil {
		return nil, err
	}
	for dec.PeekKind() != ']' {
		v := reflect.New(t)
		if err := readInto(dec, v.Elem()); err != nil {
			return nil, err
		}
		all = append(all, Node{made: v.Interface()})
	}
	return all, nil
}

// readInto reads the next value. It accepts a part of what Node.Decode accepts, with the same result.
func readInto(dec *jsontext.Decoder, v reflect.Value) error {
	switch v.Type() {
	case timeType:
		text, err := readText(dec, '"')
		if err != nil {
			return err
		}
		t, err := ParseTime(text)
		v.Set(reflect.ValueOf(t))
		return err
	case objectType:
		if dec.PeekKind() != '{' {
			return errDirect
		}
		return readAny(dec, v)
	}
	if t, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		text, err := readText(dec, '"')
		if err != nil {
			return err
		}
		return t.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.Pointer:
		if dec.PeekKind() == 'n' {
			v.SetZero()
			return dec.SkipValue()
		}
		v.Set(reflect.New(v.Type().Elem()))
		return readInto(dec, v.Elem())
	case reflect.Struct:
		return readStruct(dec, v)
	case reflect.Slice:
		return readSlice(dec, v)
	case reflect.Map:
		return readMap(dec, v)
	case reflect.Interface:
		return readAny(dec, v)
	default:
		return readScalar(dec, v)
	}
}

// readText reads a scalar of a kind and returns its text.
func readText(dec *jsontext.Decoder, kind jsontext.Kind) (string, error) {
	if dec.PeekKind() != kind {
		return "", errDirect
	}
	tok, err := dec.ReadToken()
	return tok.String(), err
}

func readAny(dec *jsontext.Decoder, v reflect.Value) error {
	x, err := value.Read(dec)
	if err == nil && x != nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

// enter reads the beginning of an object or a list.
func enter(dec *jsontext.Decoder, kind jsontext.Kind) error {
	if dec.PeekKind() != kind {
		return errDirect
	}
	_, err := dec.ReadToken()
	return err
}

func readStruct(dec *jsontext.Decoder, v reflect.Value) error {
	if err := enter(dec, '{'); err != nil {
		return err
	}
	fields := fieldsOf(v.Type())
	given := make([]bool, len(fields))
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		f := slices.IndexFunc(fields, func(f field) bool { return f.name == string(name[1:len(name)-1]) }) // none, for a name with escapes
		if f < 0 {
			return errDirect
		}
		given[f] = true
		if err := readInto(dec, v.Field(fields[f].index)); err != nil {
			return err
		}
	}
	for i := range fields {
		if fields[i].required && !given[i] {
			return errDirect
		}
	}
	_, err := dec.ReadToken()
	return err
}

func readSlice(dec *jsontext.Decoder, v reflect.Value) error {
	if dec.PeekKind() == 'n' {
		return dec.SkipValue()
	}
	if err := enter(dec, '['); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for dec.PeekKind() != ']' {
		if err := readInto(dec, added(v)); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

func readMap(dec *jsontext.Decoder, v reflect.Value) error {
	if err := enter(dec, '{'); err != nil {
		return err
	}
	m := reflect.MakeMap(v.Type())
	for dec.PeekKind() != '}' {
		name, err := readText(dec, '"')
		if err != nil {
			return err
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		if err := readInto(dec, elem); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(name), elem)
	}
	v.Set(m)
	_, err := dec.ReadToken()
	return err
}

func readScalar(dec *jsontext.Decoder, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		text, err := readText(dec, '"')
		v.SetString(text)
		return err
	case reflect.Bool:
		tok, err := dec.ReadToken()
		if kind := tok.Kind(); err != nil || kind != 't' && kind != 'f' {
			return errDirect
		}
		v.SetBool(tok.Bool())
		return nil
	}
	text, err := readText(dec, '0')
	if err != nil {
		return err
	}
	set := setInt
	if v.Kind() == reflect.Float64 {
		set = setFloat
	}
	if !set(v, text) {
		return errDirect
	}
	return nil
}
