// Package world holds the whole state of one sandbox as an immutable value.
//
// A World is a set of collections of records. A write happens in a Tx, which
// works on a copy and is a new World when it commits. Readers of the old one are
// not disturbed. Copying costs the same whatever is stored, so
// fork, reset, snapshot and restore are the assignment of one pointer.
//
// A fixture file is a World on paper: the same format is loaded and dumped.
// The package knows no HTTP and no service; services declare their kinds of
// records and their form in a fixture.
package world

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"
)

// A View is what can be read: a *World, or a *Tx with its own writes.
type View interface {
	table(kind int) any // the kind's *table[T], or nil while it has no record
}

// A World is one state. It never changes; use Begin to make another. All its
// methods may be used from many goroutines.
type World struct {
	seed   int64
	tables []any   // *table[T], by the number of the kind
	draws  []drawn // a few: cheaper to copy than a map
	first  map[string][]string
}

// drawn counts how often a stream has been drawn from.
type drawn struct {
	stream string
	count  uint64
}

// New is an empty world whose generated ids and secrets follow from the seed.
func New(seed int64) *World { return &World{seed: seed} }

// Seed is what the world's draws depend on.
func (w *World) Seed() int64 { return w.seed }

// WithSeed is the same state with another seed.
func (w *World) WithSeed(seed int64) *World {
	c := *w
	c.seed = seed
	return &c
}

// Begin starts a transaction on the world. To drop it, forget it.
func (w *World) Begin() *Tx {
	return &Tx{w: *w, owner: new(owner)}
}

func (w *World) table(kind int) any {
	if kind < len(w.tables) {
		return w.tables[kind]
	}
	return nil
}

// An owner marks what a transaction has copied already and may change in place.
// It must be of some size: pointers to empty values may be equal.
type owner struct{ _ byte }

// A Tx is a world being written. It is used by one goroutine.
type Tx struct {
	w      World
	owner  *owner
	tables bool // w.tables is a copy of our own
	draws  bool // w.draws is a copy of our own

	changes []Change
}

// Commit returns the state as the transaction left it. The transaction is not
// used afterwards.
func (tx *Tx) Commit() *World {
	w := tx.w
	return &w
}

func (tx *Tx) table(kind int) any { return tx.w.table(kind) }

func (tx *Tx) setTable(kind int, t any) {
	if !tx.tables {
		tx.w.tables = append(make([]any, 0, max(kind+1, len(tx.w.tables))), tx.w.tables...)
		tx.tables = true
	}
	for len(tx.w.tables) <= kind {
		tx.w.tables = append(tx.w.tables, nil)
	}
	tx.w.tables[kind] = t
}

// Draw gives n bytes that depend on the seed, the stream and how often the
// stream has been drawn from, and on nothing else.
func (tx *Tx) Draw(stream string, n int) []byte {
	d := tx.drawn(stream)
	d.count++
	return Draw(tx.w.seed, stream, d.count, n)
}

// drawn is the count of a stream, to be changed.
func (tx *Tx) drawn(stream string) *drawn {
	if !tx.draws {
		tx.w.draws = slices.Clone(tx.w.draws)
		tx.draws = true
	}
	i := slices.IndexFunc(tx.w.draws, func(d drawn) bool { return d.stream == stream })
	if i < 0 {
		i = len(tx.w.draws)
		tx.w.draws = append(tx.w.draws, drawn{stream: stream})
	}
	return &tx.w.draws[i]
}

// NewID draws an id for a record and brings it into the form of the kind of id.
// It tries again while taken says that the id is in use. Ids that a fixture
// gives out first (ids: {STREAM: {first: […]}}) are used as long as they are free.
func (tx *Tx) NewID(stream string, form func([]byte) string, taken func(id string) bool) string {
	for _, id := range tx.w.first[stream] {
		if !taken(id) {
			return id
		}
	}
	for {
		if id := form(tx.Draw(stream, 16)); !taken(id) {
			return id
		}
	}
}

// Draw gives n bytes that are a pure function of the arguments.
func Draw(seed int64, stream string, count uint64, n int) []byte {
	key := make([]byte, 0, 64)
	key = binary.BigEndian.AppendUint64(key, uint64(seed))
	key = binary.BigEndian.AppendUint64(key, count)
	key = append(key, stream...)
	if n <= sha256.Size {
		sum := sha256.Sum256(key)
		return sum[:n]
	}
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(sha256.Sum256(key)).Read(b) // never fails
	return b
}

// UUID makes 16 bytes a lower-case version 4 UUID with dashes.
func UUID(b []byte) string { return string(AppendUUID(make([]byte, 0, 36), b)) }

// AppendUUID is UUID at the end of dst.
func AppendUUID(dst, b []byte) []byte {
	var id [16]byte
	copy(id[:], b)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	dst = append(hex.AppendEncode(dst, id[0:4]), '-')
	dst = append(hex.AppendEncode(dst, id[4:6]), '-')
	dst = append(hex.AppendEncode(dst, id[6:8]), '-')
	dst = append(hex.AppendEncode(dst, id[8:10]), '-')
	return hex.AppendEncode(dst, id[10:16])
}

// Hex makes 16 bytes a version 4 UUID of 32 hexadecimal digits without dashes.
func Hex(b []byte) string {
	u := UUID(b)
	return u[0:8] + u[9:13] + u[14:18] + u[19:23] + u[24:36]
}
