package world

import "reflect"

// Diff returns the records of the kind that differ between two worlds, up to a limit. A kind
// without a name has no differences. Two worlds that share the table of the kind are compared at no
// cost.
func (k *Kind[T]) Diff(from, to View, limit int) (all []Change) {
	a, b := k.read(from), k.read(to)
	if k.name == "" || a == b {
		return nil
	}
	add := func(key string, before, after *T) bool {
		all = append(all, k.change(key, before, after))
		return len(all) < limit
	}
	if b != nil {
		b.byKey.Scan(func(e *entry[T]) bool {
			switch old := k.Get(from, e.key); {
			case old == nil:
				return add(e.key, nil, &e.rec)
			case old != &e.rec && !reflect.DeepEqual(old, &e.rec):
				return add(e.key, old, &e.rec)
			default:
				return true
			}
		})
	}
	if a != nil && len(all) < limit {
		a.byKey.Scan(func(e *entry[T]) bool {
			return k.Get(to, e.key) != nil || add(e.key, &e.rec, nil)
		})
	}
	return all
}

// Diff returns the records that differ between two worlds, up to a limit. Records that no client
// sees and records whose keys are secrets, such as tokens, do not count.
func (l *Loader) Diff(from, to View, limit int) (all []Change) {
	for i := range l.Sections {
		for _, k := range l.Sections[i].Kinds {
			if len(all) < limit {
				all = append(all, k.Diff(from, to, limit-len(all))...)
			}
		}
	}
	return all
}

// Collection returns the collection of a name SECTION.COLLECTION; nil if there is none.
func (l *Loader) Collection(name string) *Collection {
	for i := range l.Sections {
		for k := range l.Sections[i].Collections {
			if c := &l.Sections[i].Collections[k]; l.Sections[i].Name+"."+c.Name == name {
				return c
			}
		}
	}
	return nil
}

// CollectionNames returns the names of all collections, as Collection takes them.
func (l *Loader) CollectionNames() (all []string) {
	for i := range l.Sections {
		for _, name := range l.Sections[i].names(func(Collection) bool { return true }) {
			all = append(all, l.Sections[i].Name+"."+name)
		}
	}
	return all
}
