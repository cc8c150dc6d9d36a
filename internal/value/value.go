// Package value holds JSON values as they were sent: the members in their order, the names in
// their exact spelling, the numbers with their digits.
//
// encoding/json is too lenient for an emulator. It ignores the case of names, repairs invalid
// text and loses the order of members. This package does not depend on schemas or services.
package value

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is the max nesting depth of arrays and objects that Parse accepts.
const MaxDepth = 1000

// ErrSyntax is wrapped by all errors of Parse.
var ErrSyntax = errors.New("not a JSON text")

// A Number is a JSON number with its digits as written.
type Number string

// A Member is a name and a value of an Object.
type Member struct {
	Name  string
	Value any
}

// An Object is a JSON object whose members keep their order. The zero value is an empty object.
// It must not be used while another goroutine changes it.
type Object struct {
	members []Member
	index   map[string]int // nil for up to indexed members
}

// indexed is the max number of members of an Object without an index.
const indexed = 12

// NewObject returns an object with the given members. If a name is repeated, its last value is
// used.
func NewObject(members ...Member) *Object {
	o := &Object{members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.Set(m.Name, m.Value)
	}
	return o
}

// Len returns the number of members.
func (o *Object) Len() int { return len(o.members) }

// Members returns the members in order. The caller must not change them.
func (o *Object) Members() []Member { return o.members }

// Get returns the value of the member with exactly this name. A nil object has no members.
func (o *Object) Get(name string) (any, bool) {
	if o == nil {
		return nil, false
	}
	if i := o.find(name); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

// Set sets a member. An existing member keeps its place; a new one is added at the end.
func (o *Object) Set(name string, v any) {
	if i := o.find(name); i >= 0 {
		o.members[i].Value = v
		return
	}
	o.members = append(o.members, Member{Name: name, Value: v})
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) > indexed:
		o.index = make(map[string]int, len(o.members))
		for i, m := range o.members {
			o.index[m.Name] = i
		}
	}
}

// Without returns a copy of the object without the named member.
func (o *Object) Without(name string) *Object {
	c := &Object{}
	for _, m := range o.members {
		if m.Name != name {
			c.Set(m.Name, m.Value)
		}
	}
	return c
}

func (o *Object) find(name string) int {
	if o.index != nil {
		if i, ok := o.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Name == name {
			return i
		}
	}
	return -1
}

// Parse parses exactly one JSON value. It returns a nil, bool, Number, string, []any or *Object.
// It refuses everything that RFC 8259 refuses. It also refuses invalid UTF-8, unpaired
// surrogates, a byte order mark, NaN, text after the value, and nesting beyond MaxDepth. If a
// name is repeated, the last value is used, at the first place.
func Parse(data []byte) (any, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	p.text = *bytes.NewBuffer(data)
	dec := &p.Decoder
	dec.Reset(&p.text, jsontext.AllowDuplicateNames(true))
	v, err := read(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: text after the value", ErrSyntax)
	}
	return v, nil
}

// Read reads the next value from a decoder, as Parse does. The decoder decides about repeated names.
func Read(dec *jsontext.Decoder) (any, error) { return read(dec, 0) }

// A parser is a reusable decoder. For most texts its state is larger than the text.
type parser struct {
	jsontext.Decoder
	text bytes.Buffer
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// release removes the text from the parser and returns it to the pool.
func (p *parser) release() {
	p.text = bytes.Buffer{}
	p.Reset(&p.text)
	parsers.Put(p)
}

func read(dec *jsontext.Decoder, depth int) (any, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if k := tok.Kind(); depth >= MaxDepth && (k == '[' || k == '{') {
		return nil, fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	switch tok.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return tok.String(), nil
	case '0':
		return Number(tok.String()), nil
	case '[':
		return readArray(dec, depth)
	default: // '{': the decoder refuses everything else
		return readObject(dec, depth)
	}
}

func readArray(dec *jsontext.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.PeekKind() != ']' {
		v, err := read(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.ReadToken()
	return list, err
}

func readObject(dec *jsontext.Decoder, depth int) (any, error) {
	o := &Object{}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		v, err := read(dec, depth+1)
		if err != nil {
			return nil, err
		}
		o.Set(key, v)
	}
	_, err := dec.ReadToken()
	return o, err
}

// Equal reports whether two values are equal. The types must be the same. The order of members is
// ignored. Numbers are compared by value: 1 equals 1.0.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case Number:
		y, ok := b.(Number)
		return ok && equalNumbers(x, y)
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !Equal(x[i], y[i]) {
				return false
			}
		}
		return true
	case *Object:
		y, ok := b.(*Object)
		if !ok || x.Len() != y.Len() {
			return false
		}
		for _, m := range x.members {
			if v, ok := y.Get(m.Name); !ok || !Equal(m.Value, v) {
				return false
			}
		}
		return true
	default: // nil, bool, string
		return a == b
	}
}

func equalNumbers(a, b Number) bool {
	if a == b {
		return true
	}
	if a.isInteger() && b.isInteger() { // without leading zeros, only -0 and 0 are equal with different digits
		return a.IsZero() && b.IsZero()
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y
}

// IsZero reports whether the number equals 0.
func (n Number) IsZero() bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(string(n)), "e")
	return strings.Trim(mantissa, "-0.") == ""
}

func (n Number) isInteger() bool { return !strings.ContainsAny(string(n), ".eE") }

// List returns the words as a list value.
func List(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}
