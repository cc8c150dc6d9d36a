package value

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Append writes v to b as compact JSON in UTF-8, with nothing escaped that JSON
// does not demand. Beside the types that Parse returns it takes int, int64 and
// json.RawMessage, which must hold compact JSON.
func Append(b []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, x)
	case string:
		return AppendString(b, x)
	case Number:
		return append(b, x...)
	case int:
		return strconv.AppendInt(b, int64(x), 10)
	case int64:
		return strconv.AppendInt(b, x, 10)
	case json.RawMessage:
		return append(b, x...)
	case []any:
		b = append(b, '[')
		for i, e := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = Append(b, e)
		}
		return append(b, ']')
	case *Object:
		return x.append(b)
	default:
		panic(fmt.Sprintf("value: cannot write a %T", v)) // a programmer's mistake
	}
}

func (o *Object) append(b []byte) []byte {
	b = append(b, '{')
	for i, m := range o.members {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendString(b, m.Name)
		b = append(b, ':')
		b = Append(b, m.Value)
	}
	return append(b, '}')
}

// MarshalJSON writes the object as Append does.
func (o *Object) MarshalJSON() ([]byte, error) { return o.append(nil), nil }

// AppendString writes s to b as a JSON string. Invalid UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	if plain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	b, _ = jsontext.AppendQuote(b, s) // its only error is invalid UTF-8, which it repairs
	return b
}

// plain tells that s needs no escape: the usual case, and several times faster.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}
