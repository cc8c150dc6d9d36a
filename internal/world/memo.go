package world

import (
	"hash/maphash"
	"sync/atomic"
)

// A State identifies the records of a kind in a view. Two views with equal states that are known have
// the same records of the kind. The zero State is not known.
type State struct{ table any }

// State returns the state of the kind's records. It is not known in a transaction that has written some.
func (k *Kind[T]) State(v View) State {
	t := k.read(v)
	if tx, ok := v.(*Tx); ok && t != nil && t.owner == tx.owner {
		return State{}
	}
	return State{t}
}

// A Stater is a Kind of any record type.
type Stater interface{ State(v View) State }

// mostKinds is how many kinds the values of a Memo may follow from.
const mostKinds = 6

// memoized is how many values a Memo keeps. A value takes the place of another with the same hash.
const memoized = 256

// A Memo keeps values that follow from a key and the records of some kinds, for as long as these do not
// change. The values must not change either, because all callers with the same key share them. A Memo is a
// package variable, and safe for concurrent use.
type Memo[K comparable, T any] struct {
	kinds  []Stater
	seed   maphash.Seed
	places [memoized]atomic.Pointer[memo[K, T]]
}

type memo[K comparable, T any] struct {
	key    K
	states [mostKinds]State
	value  *T
}

// NewMemo returns a Memo of values that follow from up to six kinds.
func NewMemo[K comparable, T any](kinds ...Stater) *Memo[K, T] {
	if len(kinds) > mostKinds {
		panic("world: a Memo of too many kinds")
	}
	return &Memo[K, T]{kinds: kinds, seed: maphash.MakeSeed()}
}

// Get returns the value of a key in a view. If it is not kept, find finds it; nil is not kept.
func (m *Memo[K, T]) Get(v View, key K, find func() *T) *T {
	var now [mostKinds]State
	for i, k := range m.kinds {
		if now[i] = k.State(v); now[i] == (State{}) {
			return find()
		}
	}
	place := &m.places[maphash.Comparable(m.seed, key)%memoized]
	if kept := place.Load(); kept != nil && kept.key == key && kept.states == now {
		return kept.value
	}
	value := find()
	if value != nil {
		place.Store(&memo[K, T]{key, now, value})
	}
	return value
}
