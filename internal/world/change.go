package world

import (
	"reflect"
	"strings"
)

// A Change is one record that a transaction wrote.
type Change struct {
	Kind string // the name of the kind, for example freezer.clients
	Key  string // the key of the record; a NUL byte separates the parts of a composite key
	What Verb

	before, after any           // pointers to the stored records; nil: there is none
	form          func(any) any // the form of a record in a fixture
}

// Records returns the record before and after the change, in the form in which encoding/json writes
// it to a fixture. A record that did not exist is nil. Records in a collection of their own are not
// part of it: a container is without its consumers.
func (c *Change) Records() (before, after any) {
	if c.before != nil {
		before = c.form(c.before)
	}
	if c.after != nil {
		after = c.form(c.after)
	}
	return before, after
}

// Kept returns the approximate size in bytes of the records before and after the change. When the
// world changes again, only the change may hold them.
func (c *Change) Kept() (n int) {
	for _, rec := range []any{c.before, c.after} {
		if rec != nil {
			n += sizeOf(reflect.ValueOf(rec))
		}
	}
	return n
}

// sizeOf returns the approximate size of a value with what it refers to, in bytes.
func sizeOf(v reflect.Value) int {
	n := int(v.Type().Size())
	switch v.Kind() {
	case reflect.String:
		n += v.Len()
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			n += sizeOf(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return n + v.Len()
		}
		for i := range v.Len() {
			n += sizeOf(v.Index(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			n += sizeOf(it.Key()) + sizeOf(it.Value())
		}
	case reflect.Struct:
		for i := range v.NumField() { //nolint:modernize // Fields allocates for each
			n += sizeOf(v.Field(i)) - int(v.Field(i).Type().Size())
		}
	default:
	}
	return n
}

// Record returns the record as text, for example freezer.clients demo/node7.
func (c *Change) Record() string {
	parts := strings.FieldsFunc(c.Key, func(r rune) bool { return r == 0 })
	return c.Kind + " " + strings.Join(parts, "/")
}

// A Verb says what a transaction did to a record.
type Verb string

// The values of Verb.
const (
	Created Verb = "created"
	Changed Verb = "changed"
	Deleted Verb = "deleted"
)

// maxChanges is the max number of changes that a transaction lists. A request writes a few
// records. Loading a fixture writes many, but its changes are not read.
const maxChanges = 100

// Changes returns the first 100 records that the transaction wrote, in order. It leaves out kinds
// without a name.
func (tx *Tx) Changes() []Change { return tx.changes }

// changed adds a change to the list. One of before and after may be nil.
func (k *Kind[T]) changed(tx *Tx, key string, before, after *T) {
	if k.name != "" && len(tx.changes) < maxChanges {
		tx.changes = append(tx.changes, k.change(key, before, after))
	}
}

// change returns the change of a record. One of before and after may be nil.
func (k *Kind[T]) change(key string, before, after *T) Change {
	c := Change{Kind: k.name, Key: key, What: Changed, form: k.form}
	if before == nil {
		c.What = Created
	} else {
		c.before = before
	}
	if after == nil {
		c.What = Deleted
	} else {
		c.after = after
	}
	return c
}
