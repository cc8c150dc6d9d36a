package value

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A Writer appends compact JSON in UTF-8 to a buffer. It writes commas, quotes and escapes, and
// allocates only the buffer. The caller must end each object and list, and write one value after
// each Name. The zero value appends to a new buffer.
type Writer struct {
	b     []byte
	comma bool // the next name or value needs a comma before it
}

// NewWriter returns a writer that appends to b.
func NewWriter(b []byte) Writer { return Writer{b: b} }

// Bytes returns the buffer.
func (w *Writer) Bytes() []byte { return w.b }

// next writes the comma before a name or value, if one is needed. comma says whether the next
// name or value needs one.
func (w *Writer) next(comma bool) {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = comma
}

func (w *Writer) end(bracket byte) {
	w.b = append(w.b, bracket)
	w.comma = true
}

// BeginObject begins an object. Names and values follow.
func (w *Writer) BeginObject() {
	w.next(false)
	w.b = append(w.b, '{')
}

// EndObject ends the innermost object.
func (w *Writer) EndObject() { w.end('}') }

// BeginList begins a list. Values follow.
func (w *Writer) BeginList() {
	w.next(false)
	w.b = append(w.b, '[')
}

// EndList ends the innermost list.
func (w *Writer) EndList() { w.end(']') }

// Name writes the name of a member. It returns the writer, so that the value can be written in
// the same line.
func (w *Writer) Name(name string) *Writer {
	b := w.b
	if w.comma {
		b = append(b, ',')
	}
	w.b, w.comma = append(AppendString(b, name), ':'), false
	return w
}

// Text writes a string.
func (w *Writer) Text(s string) {
	b := w.b
	if w.comma {
		b = append(b, ',')
	}
	w.b, w.comma = AppendString(b, s), true
}

// TextOrNull writes a string, or null for nil.
func (w *Writer) TextOrNull(s *string) {
	if s == nil {
		w.Null()
		return
	}
	w.Text(*s)
}

// Time writes a time as a string in a layout of package time. The layout must not need JSON
// escapes.
func (w *Writer) Time(t time.Time, layout string) {
	w.next(true)
	w.b = append(t.AppendFormat(append(w.b, '"'), layout), '"')
}

// Int writes a number.
func (w *Writer) Int(n int64) {
	w.next(true)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// Bool writes true or false.
func (w *Writer) Bool(is bool) {
	w.next(true)
	w.b = strconv.AppendBool(w.b, is)
}

// Null writes null.
func (w *Writer) Null() { w.Raw("null") }

// Raw writes a value that is already compact JSON.
func (w *Writer) Raw(json string) {
	w.next(true)
	w.b = append(w.b, json...)
}

// Value writes a value of a type that Parse returns, or an int, an int64, or a json.RawMessage of
// compact JSON. It panics on other types.
func (w *Writer) Value(v any) {
	switch x := v.(type) {
	case nil:
		w.Null()
	case bool:
		w.Bool(x)
	case string:
		w.Text(x)
	case Number:
		w.Raw(string(x))
	case int:
		w.Int(int64(x))
	case int64:
		w.Int(x)
	case json.RawMessage:
		w.next(true)
		w.b = append(w.b, x...)
	case []any:
		w.BeginList()
		for _, e := range x {
			w.Value(e)
		}
		w.EndList()
	case *Object:
		w.BeginObject()
		for _, m := range x.members {
			w.Name(m.Name).Value(m.Value)
		}
		w.EndObject()
	default:
		panic(fmt.Sprintf("value: cannot write a %T", v)) // a bug of the caller
	}
}

// Texts writes a list of strings.
func (w *Writer) Texts(list []string) {
	w.BeginList()
	for _, s := range list {
		w.Text(s)
	}
	w.EndList()
}

// TextObject writes an object whose members are strings. pairs alternates names and values.
func (w *Writer) TextObject(pairs ...string) {
	w.BeginObject()
	for i := 0; i+1 < len(pairs); i += 2 {
		w.Name(pairs[i]).Text(pairs[i+1])
	}
	w.EndObject()
}
