// Package compare says whether two worlds hold the same. Two runs of a client with the same
// requests may draw other ids and secrets, at other times and in another order. None of that is a
// difference.
//
// The traits of a collection say which of its members are keys, drawn values and times. A Picture
// is a world in the form that is compared. Records are paired first, by their keys. Then drawn
// values are equal if they belong to a pair.
package compare

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"standin/internal/value"
	"standin/internal/world"
)

// A Picture is what a world holds, in a form in which two worlds can be compared. It is safe for
// concurrent use. A collection is read when a comparison needs it for the first time.
type Picture struct{ lists []*list }

// pictures counts the pictures that were made.
var pictures atomic.Int64

// Of returns the picture of a view. The view must not change afterwards. Pictures that are compared
// have loaders with the same sections.
func Of(l *world.Loader, v world.View) *Picture {
	p, number := &Picture{}, pictures.Add(1)
	for i := range l.Sections {
		s := &l.Sections[i]
		for k := range s.Collections {
			if c := &s.Collections[k]; !c.Traits.Unseen {
				p.lists = append(p.lists, &list{from: c, view: v, picture: number, kind: newKind(s.Name, c.Name, &c.Traits)})
			}
		}
	}
	return p
}

// list returns the collection of a name; nil if there is none.
func (p *Picture) list(name string) *list {
	for _, l := range p.lists {
		if l.kind.name == name {
			return l
		}
	}
	return nil
}

// A kind has the traits of the records of a collection or of a part.
type kind struct {
	name    string // for example barbican.consumers
	traits  *world.Traits
	parts   []*kind // in the order of the traits
	drawn   [][]string
	dropped [][]string // what is not in the body of a record
	sets    [][]string
}

func newKind(section, name string, t *world.Traits) *kind {
	k := &kind{name: section + "." + name, traits: t, drawn: paths(t.Drawn), sets: paths(t.Sets)}
	k.dropped = slices.Concat(k.drawn, paths(t.Times))
	for i := range t.Parts {
		part := &t.Parts[i]
		k.parts = append(k.parts, newKind(section, part.Name, &part.Traits))
		k.dropped = append(k.dropped, split(part.Member))
	}
	if t.Gone != "" {
		k.dropped = append(k.dropped, split(t.Gone))
	}
	return k
}

func split(path string) []string { return strings.Split(path, "/") }

func paths(members []string) (all [][]string) {
	for _, m := range members {
		all = append(all, split(m))
	}
	return all
}

// ref returns the reference at a path; nil if the member is none.
func (k *kind) ref(path []string) *world.Ref {
	for i := range k.traits.Refs {
		if fits(split(k.traits.Refs[i].Member), path) {
			return &k.traits.Refs[i]
		}
	}
	return nil
}

// fits reports whether a path is one of those that a pattern means.
func fits(pattern, path []string) bool {
	return slices.EqualFunc(pattern, path, func(p, name string) bool { return p == "*" || p == name })
}

func among(patterns [][]string, path []string) bool {
	return slices.ContainsFunc(patterns, func(p []string) bool { return fits(p, path) })
}

// A record is a record of a collection or of a part.
type record struct {
	kind  *kind
	in    *record       // the record that this is a part of
	body  *value.Object // without drawn members, times and parts
	drawn []string      // in the order of the traits; empty: none
	parts [][]*record   // in the order of the traits
	gone  bool
}

// A list is a collection of a picture.
type list struct {
	kind    *kind
	from    *world.Collection
	view    world.View
	picture int64 // the number of the picture
	twin    atomic.Pointer[list]

	once    sync.Once
	records []*record
	ids     map[string]*record // by id
	known   map[string]bool    // the identities of records and parts that are not gone
}

// shares reports whether two lists share their records. If so, the records are read only once. The
// list of the later picture takes them from the other.
func (l *list) shares(o *list) bool {
	if !l.from.Shared(l.view, o.view) {
		return false
	}
	early, late := l, o
	if early.picture > late.picture {
		early, late = late, early
	}
	if early != late {
		late.twin.CompareAndSwap(nil, early)
	}
	return true
}

// read reads the records, once.
func (l *list) read() *list {
	l.once.Do(func() {
		if t := l.twin.Load(); t != nil {
			t.read()
			l.records, l.ids, l.known = t.records, t.ids, t.known
			return
		}
		l.ids, l.known = map[string]*record{}, map[string]bool{}
		for r := range l.from.Dump(l.view) {
			raw, err := json.Marshal(r)
			if err != nil {
				continue // no record of a service has a member that JSON cannot hold
			}
			v, _ := value.Parse(raw)
			if o, ok := v.(*value.Object); ok {
				rec := newRecord(l.kind, nil, o)
				l.records = append(l.records, rec)
				l.add(rec)
			}
		}
	})
	return l
}

func (l *list) add(r *record) {
	if id := r.id(); id != "" {
		l.ids[id] = r
	}
	if !r.gone {
		l.known[r.identity()] = true
	}
	for _, parts := range r.parts {
		for _, part := range parts {
			l.add(part)
		}
	}
}

func newRecord(k *kind, in *record, o *value.Object) *record {
	r := &record{kind: k, in: in, body: without(o, k.dropped)}
	for _, path := range k.drawn {
		s, _ := at(o, path).(string)
		r.drawn = append(r.drawn, s)
	}
	if k.traits.Gone != "" {
		r.gone, _ = at(o, split(k.traits.Gone)).(bool)
	}
	for i, part := range k.parts {
		items, _ := at(o, split(k.traits.Parts[i].Member)).([]any)
		var list []*record
		for _, item := range items {
			if o, ok := item.(*value.Object); ok {
				list = append(list, newRecord(part, r, o))
			}
		}
		r.parts = append(r.parts, list)
	}
	return r
}

// without returns a copy of an object without the members at the paths.
func without(o *value.Object, paths [][]string) *value.Object {
	kept := value.NewObject()
	for _, m := range o.Members() {
		var below [][]string
		dropped := false
		for _, path := range paths {
			if path[0] == m.Name && len(path) == 1 {
				dropped = true
			} else if path[0] == m.Name {
				below = append(below, path[1:])
			}
		}
		if dropped {
			continue
		}
		if inner, ok := m.Value.(*value.Object); ok && len(below) > 0 {
			m.Value = without(inner, below)
		}
		kept.Set(m.Name, m.Value)
	}
	return kept
}

// at returns the value at a path of names; nil if there is none.
func at(v any, path []string) any {
	for _, name := range path {
		o, ok := v.(*value.Object)
		if !ok {
			return nil
		}
		v, _ = o.Get(name)
	}
	return v
}

// id returns the id that the service has drawn; empty if the kind has none.
func (r *record) id() string {
	if len(r.drawn) == 0 {
		return ""
	}
	return r.drawn[0]
}

// identity returns what is equal for a record in all worlds of one run: the drawn id, or else the
// key.
func (r *record) identity() string {
	name := r.id()
	if name == "" {
		name = string(reader{kind: r.kind}.key(r))
	}
	if r.in != nil {
		name = r.in.identity() + "\x00" + name
	}
	return r.kind.name + "\x00" + name
}

// each calls a function with the values in v that a name of a path means.
func each(v any, name string, with func(any)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if name == "*" {
				with(item)
			}
		}
	case *value.Object:
		for _, m := range v.Members() {
			if name == "*" || name == m.Name {
				with(m.Value)
			}
		}
	}
}
