package world

import (
	"iter"
	"reflect"
	"time"

	"standin/internal/file"
)

// A Section is the part of a fixture that belongs to one service.
type Section struct {
	Name        string    // the key in the file: freezer, barbican…
	Kinds       []Clearer // all kinds of records that the section holds
	Collections []Collection
}

// A Clearer is a Kind of any record.
type Clearer interface{ Clear(tx *Tx) }

// A Collection is one list of records in a section.
type Collection struct {
	Name string // the key in the section: clients, containers…
	// Load stores one record and returns its key. A mistake is an error of the node.
	Load func(tx *Tx, n file.Node) (key string, err error)
	// Dump lists the records in an order in which Load accepts them again, each
	// as a value that encoding/json writes as the file has it.
	Dump func(v View) iter.Seq[any]
	// Generate makes a valid record, changed by the node if it is not nil, and
	// stores it. It is nil where records cannot be made up.
	Generate func(tx *Tx, f *Faker, with *file.Node) error
	// Fake makes a valid record without storing it, as Dump would list it.
	Fake func(v View, f *Faker) any
	form reflect.Type // of a record in the file
}

// NewCollection makes a collection out of functions on the record's form in the
// file, a struct with json tags. A nil fake says that records cannot be made up.
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

// PlainCollection is a collection whose records are in the file as they are
// stored. The check, which may be nil, refuses records that lead nowhere.
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
	return NewCollection(name, store, dump, fake)
}

// A Fixture is a state to start from.
type Fixture struct {
	World  *World
	Freeze *time.Time // where the clock is frozen; nil if it runs
	Files  []string   // that were read, but for built-in ones
}
