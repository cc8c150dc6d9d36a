package compare

import (
	"bytes"
	"slices"
	"strings"

	"standin/internal/value"
)

// A change is a member that two records of a pair have otherwise.
type change struct {
	path    []string
	was, is any
}

// absent is the value of a member that is not there.
type absent struct{}

// A reader writes records in a form in which equal ones are equal bytes.
type reader struct {
	kind   *kind
	names  *naming         // nil: drawn values stay as they are
	masked map[string]bool // paths of members that do not count
}

// reader returns a reader for a record of one side.
func (c *comparison) reader(r *record, side int) reader {
	return reader{kind: r.kind, names: &c.names[side], masked: c.mask.of(r)}
}

// key returns the key of a record.
func (f reader) key(r *record) []byte {
	var b []byte
	for _, member := range r.kind.traits.Key {
		path := split(member)
		b = append(f.append(b, at(r.body, path), path), 0)
	}
	return b
}

// form returns a record with its parts, in one text.
func (c *comparison) form(r *record, side int) string {
	f := c.reader(r, side)
	b := f.append(nil, r.body, nil)
	for _, d := range r.drawn {
		b = append(b, ' ')
		if d != "" {
			b = append(b, '+')
		}
	}
	for _, list := range r.parts {
		var forms []string
		for _, part := range list {
			if !part.gone {
				forms = append(forms, c.form(part, side))
			}
		}
		slices.Sort(forms)
		b = append(append(b, '\n'), strings.Join(forms, "\n")...)
	}
	return string(b)
}

// append appends the value at a path. The members of objects are sorted.
func (f reader) append(b []byte, v any, path []string) []byte {
	if len(f.masked) > 0 && f.masked[strings.Join(path, "/")] {
		return append(b, '?')
	}
	switch v := v.(type) {
	case string:
		return value.AppendString(b, f.names.text(v))
	case []any:
		items := make([][]byte, len(v))
		for i, item := range v {
			items[i] = f.append(nil, item, below(path, "*"))
		}
		if among(f.kind.sets, path) {
			slices.SortFunc(items, bytes.Compare)
		}
		return append(append(append(b, '['), bytes.Join(items, []byte{','})...), ']')
	case *value.Object:
		members := make([][]byte, 0, v.Len())
		for _, m := range v.Members() {
			one := append(value.AppendString(nil, f.names.text(m.Name)), ':')
			members = append(members, f.append(one, m.Value, below(path, m.Name)))
		}
		slices.SortFunc(members, bytes.Compare)
		return append(append(append(b, '{'), bytes.Join(members, []byte{','})...), '}')
	case absent:
		return append(b, '-')
	default:
		return value.Append(b, v)
	}
}

// below returns the path of a member in a value.
func below(path []string, name string) []string { return append(slices.Clip(path), name) }

// A walk finds the changes between two records.
type walk struct {
	c       *comparison
	p, q    reader
	changes []change
}

// changes returns the members that two records have otherwise, without their parts.
func (c *comparison) changes(x, y *record) []change {
	w := &walk{c: c, p: c.reader(x, ofP), q: c.reader(y, ofQ)}
	if c.mask.started(x) || c.mask.started(y) { // a record of the start has no masked members
		w.p.masked, w.q.masked = nil, nil
	}
	for i, path := range x.kind.drawn {
		if (x.drawn[i] == "") != (y.drawn[i] == "") && !w.p.masked[strings.Join(path, "/")] {
			w.add(path, drawnOrNot(x.drawn[i]), drawnOrNot(y.drawn[i]))
		}
	}
	w.value(nil, x.body, y.body)
	return w.changes
}

// drawnOrNot returns a drawn value. The empty text counts as none.
func drawnOrNot(s string) any {
	if s == "" {
		return absent{}
	}
	return s
}

func (w *walk) add(path []string, was, is any) {
	w.changes = append(w.changes, change{path, was, is})
}

func (w *walk) value(path []string, x, y any) {
	if bytes.Equal(w.p.append(nil, x, path), w.q.append(nil, y, path)) {
		return
	}
	switch x := x.(type) {
	case *value.Object:
		if y, ok := y.(*value.Object); ok {
			w.object(path, x, y)
			return
		}
	case []any:
		if y, ok := y.([]any); ok && len(x) == len(y) && w.list(path, x, y) {
			return
		}
	case string:
		if y, ok := y.(string); ok && w.bothDangle(path, x, y) {
			return
		}
	}
	w.add(path, x, y)
}

// list compares two lists of the same length. It reports whether they have been compared: two sets
// that are not equal are compared as a whole.
func (w *walk) list(path []string, x, y []any) bool {
	path = below(path, "*")
	if !among(w.p.kind.sets, path[:len(path)-1]) {
		for i := range x {
			w.value(path, x[i], y[i])
		}
		return true
	}
	y = slices.Clone(y)
	for _, item := range x {
		i := slices.IndexFunc(y, func(other any) bool {
			one := walk{c: w.c, p: w.p, q: w.q}
			one.value(path, item, other)
			return len(one.changes) == 0
		})
		if i < 0 {
			return false
		}
		y = slices.Delete(y, i, i+1)
	}
	return true
}

func (w *walk) object(path []string, x, y *value.Object) {
	others := map[string]any{}
	for _, m := range y.Members() {
		others[w.q.names.text(m.Name)] = m.Value
	}
	for _, m := range x.Members() {
		name := w.p.names.text(m.Name)
		other, ok := others[name]
		if !ok {
			other = absent{}
		}
		delete(others, name)
		w.value(below(path, m.Name), m.Value, other)
	}
	for _, m := range y.Members() {
		if _, ok := others[w.q.names.text(m.Name)]; ok {
			w.value(below(path, m.Name), absent{}, m.Value)
		}
	}
}

// bothDangle reports whether two references refer to records that are in neither picture. Their
// ids may have been drawn.
func (w *walk) bothDangle(path []string, x, y string) bool {
	ref := w.p.kind.ref(path)
	if ref == nil || len(x) != len(y) || len(x) < shortest {
		return false
	}
	return w.c.p.target(ref.To, x) == nil && w.c.q.target(ref.To, y) == nil
}

// target returns the record to which a reference refers: one of the collections, by its id alone
// or at the end of a path. It is nil if there is none.
func (p *Picture) target(to []string, ref string) *record {
	id := ref[strings.LastIndexByte(ref, '/')+1:]
	for _, name := range to {
		if l := p.list(name); l != nil {
			if r := l.read().ids[id]; r != nil {
				return r
			}
		}
	}
	return nil
}
