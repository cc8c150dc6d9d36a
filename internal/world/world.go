// Package world holds the state of a sandbox as an immutable value.
//
// A World is a set of collections of records. Writes happen in a Tx, which works on a copy and
// returns a new World when it commits. Readers of the old World are not affected. The cost of a
// copy does not depend on the number of records. So fork, reset, snapshot and restore are one
// pointer assignment.
//
// A fixture file is a World in a file: Load and Dump use the same format. The package does not
// depend on HTTP or on the services. Services declare their kinds of records and the form of a
// record in a fixture.
package world

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"
)

// A View can be read: a *World, or a *Tx including its own writes.
type View interface {
	table(kind int) any // the *table[T] of the kind; nil if it has no records
}

// A World is one state. It never changes; Begin starts a transaction that makes another. It is
// safe for concurrent use.
type World struct {
	seed   int64
	tables []any   // *table[T], by number of the kind
	draws  []drawn // a slice, because a few entries are cheaper to copy than a map
	first  map[string][]string
}

// drawn counts the draws from a stream.
type drawn struct {
	stream string
	count  uint64
}

// New returns an empty world. Its generated ids and secrets depend on the seed.
func New(seed int64) *World { return &World{seed: seed} }

// Seed returns the seed of the world.
func (w *World) Seed() int64 { return w.seed }

// WithSeed returns a copy of the world with another seed.
func (w *World) WithSeed(seed int64) *World {
	c := *w
	c.seed = seed
	return &c
}

// Begin starts a transaction. A transaction without Commit has no effect.
func (w *World) Begin() *Tx {
	return &Tx{w: *w, owner: new(owner)}
}

func (w *World) table(kind int) any {
	if kind < len(w.tables) {
		return w.tables[kind]
	}
	return nil
}

// An owner identifies a transaction, which may modify what it has copied. The type has a size
// because pointers to values of size zero may be equal.
type owner struct{ _ byte }

// A Tx is a transaction on a world. It is not safe for concurrent use.
type Tx struct {
	w      World
	owner  *owner
	tables bool // w.tables has been copied
	draws  bool // w.draws has been copied

	changes []Change
}

// Commit returns a world with the writes of the transaction. The transaction must not be used
// afterwards.
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

// Draw returns n bytes. They depend only on the seed, the stream and the number of draws from the
// stream.
func (tx *Tx) Draw(stream string, n int) []byte {
	d := tx.drawn(stream)
	d.count++
	return Draw(tx.w.seed, stream, d.count, n)
}

// drawn returns the count of a stream, which the caller may change.
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

// NewID returns a new id: random bytes, converted by form. It tries again if taken reports that
// the id is in use. Ids that a fixture lists as {ids: {STREAM: {first: […]}}} are used first,
// unless they are taken.
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

// Draw returns n bytes that depend only on the arguments.
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
	_, _ = rand.NewChaCha8(sha256.Sum256(key)).Read(b) // returns no error
	return b
}

// UUID formats 16 bytes as a lower-case version 4 UUID with dashes.
func UUID(b []byte) string { return string(AppendUUID(make([]byte, 0, 36), b)) }

// AppendUUID appends the UUID of b to dst.
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

// Hex formats 16 bytes as a version 4 UUID without dashes: 32 hexadecimal digits.
func Hex(b []byte) string {
	u := UUID(b)
	return u[0:8] + u[9:13] + u[14:18] + u[19:23] + u[24:36]
}
