// Package value holds JSON values as they were sent: members in their order,
// names in their exact spelling, numbers with their digits.
//
// encoding/json is too lenient for an emulator: it folds the case of names,
// repairs broken text and forgets the order of members. This package knows no
// schema and no service.
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

// MaxDepth is how deeply arrays and objects may nest; Parse refuses more.
const MaxDepth = 1000

// ErrSyntax is wrapped by every error of Parse.
var ErrSyntax = errors.New("not a JSON text")

// A Number is a JSON number with the digits it was written with.
type Number string

// A Member is one name and value of an Object.
type Member struct {
	Name  string
	Value any
}

// An Object is a JSON object whose members keep their order. The zero value is
// an empty object. It is not safe for use while it is being changed.
type Object struct {
	members []Member
	index   map[string]int // nil while the object is small
}

// indexed is the number of members from which an Object keeps an index.
const indexed = 12

// NewObject makes an object of the members given; a name given twice counts
// with its last value.
func NewObject(members ...Member) *Object {
	o := &Object{members: make([]Member, 0, len(members))}
	for _, m := range members {
		o.Set(m.Name, m.Value)
	}
	return o
}

// Len counts the members.
func (o *Object) Len() int { return len(o.members) }

// Members lists the members in order; the caller must not change them.
func (o *Object) Members() []Member { return o.members }

// Get returns the value of the member with exactly this name. A nil object has
// none.
func (o *Object) Get(name string) (any, bool) {
	if o == nil {
		return nil, false
	}
	if i := o.find(name); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

// Set gives the member a value: in its place if it is there, else at the end.
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

// Without is a copy of the object without one member.
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

// Parse reads exactly one JSON value: nil, bool, Number, string, []any or
// *Object. It refuses whatever RFC 8259 does, and invalid UTF-8, unpaired
// surrogates, a byte order mark, NaN, text after the value, and nesting beyond
// MaxDepth. Of a name given twice the last value counts, at the first place.
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

// A parser is a decoder that is used again: most texts are shorter than its state is large.
type parser struct {
	jsontext.Decoder
	text bytes.Buffer
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// release gives the parser back without the text that it read.
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
	default: // '{': the decoder has refused everything else
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

// Equal reports whether two values are the same: types must agree, objects
// compare without order, numbers by what they are worth (1 equals 1.0).
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
	if a.isInteger() && b.isInteger() { // JSON has no leading zeros: only -0 and 0 differ in their digits
		return a.IsZero() && b.IsZero()
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y
}

// IsZero reports whether the number is worth 0.
func (n Number) IsZero() bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(string(n)), "e")
	return strings.Trim(mantissa, "-0.") == ""
}

func (n Number) isInteger() bool { return !strings.ContainsAny(string(n), ".eE") }

// List is a list of texts as a value.
func List(words []string) []any {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}
