package world

import (
	"iter"
	"reflect"
	"time"

	"standin/internal/file"
)

// A Section is the part of a fixture for one service.
type Section struct {
	Name        string    // the key in the file, for example freezer
	Kinds       []Clearer // all kinds of records in the section
	Collections []Collection
}

// A Clearer is a Kind of any record type.
type Clearer interface {
	Clear(tx *Tx)
	Diff(from, to View, limit int) []Change
	Shared(a, b View) bool
	Len(v View) int
}

// A Collection is a list of records in a section.
type Collection struct {
	Name string // the key in the section, for example clients
	// Load stores one record and returns its key. Errors have the place of n.
	Load func(tx *Tx, n file.Node) (key string, err error)
	// Dump returns the records in an order that Load accepts. Each is a value that encoding/json
	// writes in the form of the file.
	Dump func(v View) iter.Seq[any]
	// Generate stores a generated record. Members of with replace generated ones; with may be
	// nil. Generate is nil if records cannot be generated.
	Generate func(tx *Tx, f *Faker, with *file.Node) error
	// Fake returns a generated record in the form of Dump. It does not store it.
	Fake func(v View, f *Faker) any
	// Traits say how the records are compared with those of another world.
	Traits Traits
	form   reflect.Type // the type of a record in the file
	kinds  []Clearer    // the kinds that Dump reads
}

// NewCollection returns a collection from functions on R, the form of a record in the file. R is
// a struct with json tags. With a nil fake, records cannot be generated.
func NewCollection[R any](
	name string,
	store func(tx *Tx, r *R, at file.Node) (key string, err error),
	dump func(v View) iter.Seq[R],
	fake func(v View, f *Faker) R,
) Collection {
	c := Collection{
		Name: name,
		form: reflect.TypeFor[R](),
		Load: func(tx *Tx, n file.Node) (string, error) {
			var r R
			if err := n.Decode(&r); err != nil {
				return "", err
			}
			return store(tx, &r, n)
		},
		Dump: func(v View) iter.Seq[any] {
			return func(yield func(any) bool) {
				for r := range dump(v) {
					if !yield(r) {
						return
					}
				}
			}
		},
	}
	if fake == nil {
		return c
	}
	c.Fake = func(v View, f *Faker) any { return fake(v, f) }
	c.Generate = func(tx *Tx, f *Faker, with *file.Node) error {
		r, at := fake(tx, f), file.Node{}
		if with != nil {
			at = *with
			if err := with.DecodeOver(&r); err != nil {
				return err
			}
		}
		_, err := store(tx, &r, at)
		return err
	}
	return c
}

// Len returns the number of records in the collection.
func (c *Collection) Len(v View) int {
	if len(c.kinds) > 0 { // the first kind is that of the records, and the others are of their parts
		return c.kinds[0].Len(v)
	}
	n := 0
	for range c.Dump(v) {
		n++
	}
	return n
}

// PlainCollection returns a collection whose records have the same form in the file as in the
// world. check refuses records that refer to missing ones; it may be nil.
func PlainCollection[T any](
	name string, kind *Kind[T], all *Index[T],
	check func(v View, r *T, at file.Node) error,
	fake func(v View, f *Faker) T,
) Collection {
	store := func(tx *Tx, r *T, at file.Node) (string, error) {
		if check != nil {
			if err := check(tx, r, at); err != nil {
				return "", err
			}
		}
		kind.Put(tx, r)
		return kind.key(r), nil
	}
	dump := func(v View) iter.Seq[T] {
		return func(yield func(T) bool) {
			for r := range all.Everything(v) {
				if !yield(*r) {
					return
				}
			}
		}
	}
	c := NewCollection(name, store, dump, fake)
	c.kinds = []Clearer{kind}
	return c
}

// A Fixture is the state that a sandbox starts with.
type Fixture struct {
	World  *World
	Freeze *time.Time // the time of a frozen clock; nil: the clock runs
	Files  []string   // the files that were read, except built-in ones
}
