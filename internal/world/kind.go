package world

import (
	"cmp"
	"iter"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// A Kind is one sort of record: its key and the orders in which it is listed.
// Kinds are made once, as package variables, and are then safe for all use.
// Records that were stored are never changed: Update stores a changed copy.
type Kind[T any] struct {
	name    string
	number  int
	key     func(*T) string
	indexes []*Index[T]
}

var kinds atomic.Int64

// NewKind declares a kind whose records are found by key. The name, such as
// freezer.clients, is what Tx.Changes calls the kind. A kind without a name is not
// in these lists: its keys are secrets, or no client sees its records.
func NewKind[T any](name string, key func(*T) string) *Kind[T] {
	return &Kind[T]{name: name, number: int(kinds.Add(1)) - 1, key: key}
}

// An Index lists the records of a kind by partition, each partition in an order.
type Index[T any] struct {
	kind      *Kind[T]
	number    int
	partition func(*T) string
	order     func(a, b *T) int
}

// Index adds an index to the kind, before the kind is used. A nil partition
// puts all records into the partition "". A nil order is the order in which
// the records were first stored; it also breaks the ties of every other order.
func (k *Kind[T]) Index(partition func(*T) string, order func(a, b *T) int) *Index[T] {
	if partition == nil {
		partition = func(*T) string { return "" }
	}
	ix := &Index[T]{kind: k, number: len(k.indexes), partition: partition, order: order}
	k.indexes = append(k.indexes, ix)
	return ix
}

// An entry is a record with its place in the order of insertion.
type entry[T any] struct {
	seq uint64
	rec *T
}

// A part is one partition of an index.
type part[T any] struct {
	owner *owner
	tree  *btree.BTreeG[*entry[T]]

	copying sync.Mutex
}

// A table holds the records of a kind. Its lock, and that of a part, is held while trees are
// copied: that writes to the source too, in what no reader reads, and transactions of several
// forks may begin with the same one. Trees have no locks of their own.
type table[T any] struct {
	owner *owner
	seq   uint64
	byKey *btree.Map[string, *entry[T]]
	parts []*btree.Map[string, *part[T]] // by the number of the index, then by the name

	copying sync.Mutex
}

// degree keeps nodes small: a write copies every node on its way to the leaf.
const degree = 8

func newTable[T any](k *Kind[T], o *owner) *table[T] {
	t := &table[T]{owner: o, byKey: btree.NewMap[string, *entry[T]](degree)}
	for range k.indexes {
		t.parts = append(t.parts, btree.NewMap[string, *part[T]](degree))
	}
	return t
}

// copied is the table as a transaction may change it.
func (t *table[T]) copied(o *owner) *table[T] {
	t.copying.Lock()
	defer t.copying.Unlock()
	c := &table[T]{owner: o, seq: t.seq, byKey: t.byKey.Copy(), parts: make([]*btree.Map[string, *part[T]], len(t.parts))}
	for i, p := range t.parts {
		c.parts[i] = p.Copy()
	}
	return c
}

// copied is the partition as a transaction may change it.
func (p *part[T]) copied(o *owner) *part[T] {
	p.copying.Lock()
	defer p.copying.Unlock()
	return &part[T]{owner: o, tree: p.tree.Copy()}
}

func (k *Kind[T]) read(v View) *table[T] {
	t, _ := v.table(k.number).(*table[T])
	return t
}

func (k *Kind[T]) write(tx *Tx) *table[T] {
	t := k.read(tx)
	switch {
	case t == nil:
		t = newTable(k, tx.owner)
	case t.owner == tx.owner:
		return t
	default:
		t = t.copied(tx.owner)
	}
	tx.setTable(k.number, t)
	return t
}

// Get finds the record with the key; nil where there is none.
func (k *Kind[T]) Get(v View, key string) *T {
	if t := k.read(v); t != nil {
		if e, ok := t.byKey.Get(key); ok {
			return e.rec
		}
	}
	return nil
}

// Put stores the record. One with the same key is replaced and keeps its place
// in the order of insertion.
func (k *Kind[T]) Put(tx *Tx, rec *T) {
	t := k.write(tx)
	e, key := &entry[T]{rec: rec}, k.key(rec)
	if old, ok := t.byKey.Set(key, e); ok {
		e.seq = old.seq
		for _, ix := range k.indexes {
			ix.remove(tx, t, old)
		}
		tx.changed(k.name, key, Changed)
	} else {
		t.seq++
		e.seq = t.seq
		tx.changed(k.name, key, Created)
	}
	for _, ix := range k.indexes {
		ix.insert(tx, t, e)
	}
}

// Update stores a copy of a record, which change has changed. Change does not change the key.
func (k *Kind[T]) Update(tx *Tx, rec *T, change func(*T)) {
	c := *rec
	change(&c)
	k.Put(tx, &c)
}

// NewID returns an id that no record of the kind has as its key. See Tx.NewID for the stream
// and the form.
func (k *Kind[T]) NewID(tx *Tx, stream string, form func([]byte) string) string {
	return tx.NewID(stream, form, func(id string) bool { return k.Get(tx, id) != nil })
}

// Delete removes the record with the key, and reports whether there was one.
func (k *Kind[T]) Delete(tx *Tx, key string) bool {
	if k.Get(tx, key) == nil {
		return false
	}
	t := k.write(tx)
	old, _ := t.byKey.Delete(key)
	for _, ix := range k.indexes {
		ix.remove(tx, t, old)
	}
	tx.changed(k.name, key, Deleted)
	return true
}

// Clear removes all records of the kind.
func (k *Kind[T]) Clear(tx *Tx) { tx.setTable(k.number, nil) }

func (ix *Index[T]) less(a, b *entry[T]) bool {
	if ix.order != nil {
		if c := ix.order(a.rec, b.rec); c != 0 {
			return c < 0
		}
	}
	return cmp.Less(a.seq, b.seq)
}

// part finds a partition that the transaction may change.
func (ix *Index[T]) part(tx *Tx, t *table[T], name string) *part[T] {
	parts := t.parts[ix.number]
	p, ok := parts.Get(name)
	switch {
	case !ok:
		p = &part[T]{owner: tx.owner, tree: btree.NewBTreeGOptions(ix.less, btree.Options{Degree: degree, NoLocks: true})}
	case p.owner == tx.owner:
		return p
	default:
		p = p.copied(tx.owner)
	}
	parts.Set(name, p)
	return p
}

func (ix *Index[T]) insert(tx *Tx, t *table[T], e *entry[T]) {
	ix.part(tx, t, ix.partition(e.rec)).tree.Set(e)
}

func (ix *Index[T]) remove(tx *Tx, t *table[T], e *entry[T]) {
	name := ix.partition(e.rec)
	p := ix.part(tx, t, name)
	p.tree.Delete(e)
	if p.tree.Len() == 0 {
		t.parts[ix.number].Delete(name)
	}
}

func (ix *Index[T]) tree(v View, partition string) *btree.BTreeG[*entry[T]] {
	if t := ix.kind.read(v); t != nil {
		if p, ok := t.parts[ix.number].Get(partition); ok {
			return p.tree
		}
	}
	return nil
}

// Len counts the records of a partition.
func (ix *Index[T]) Len(v View, partition string) int {
	if t := ix.tree(v, partition); t != nil {
		return t.Len()
	}
	return 0
}

// Page lists up to limit records of a partition from the offset on, in order,
// or from the end backwards. Finding the place costs O(log n). Offsets and
// limits outside the list are brought into it.
func (ix *Index[T]) Page(v View, partition string, offset, limit int, backwards bool) []*T {
	t := ix.tree(v, partition)
	if t == nil {
		return nil
	}
	offset = max(offset, 0)
	n := min(limit, t.Len()-offset)
	if n <= 0 {
		return nil
	}
	page := make([]*T, 0, n)
	collect := func(e *entry[T]) bool {
		page = append(page, e.rec)
		return len(page) < n
	}
	if backwards {
		from, _ := t.GetAt(t.Len() - 1 - offset)
		t.Descend(from, collect)
	} else {
		from, _ := t.GetAt(offset)
		t.Ascend(from, collect)
	}
	return page
}

// All walks through a partition in order, from the offset on. The world may be
// used in any way meanwhile.
func (ix *Index[T]) All(v View, partition string, offset int) iter.Seq[*T] {
	const chunk = 256
	return func(yield func(*T) bool) {
		for from := offset; ; from += chunk {
			page := ix.Page(v, partition, from, chunk, false)
			for _, rec := range page {
				if !yield(rec) {
					return
				}
			}
			if len(page) < chunk {
				return
			}
		}
	}
}

// Everything walks through all partitions, each in its order, by their names.
func (ix *Index[T]) Everything(v View) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t := ix.kind.read(v)
		if t == nil {
			return
		}
		for _, name := range t.parts[ix.number].Keys() {
			for rec := range ix.All(v, name, 0) {
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// Position returns the offset of the record with the key in its partition, and
// reports whether there is one. It costs O(log² n).
func (ix *Index[T]) Position(v View, key string) (int, bool) {
	t := ix.kind.read(v)
	if t == nil {
		return 0, false
	}
	e, ok := t.byKey.Get(key)
	if !ok {
		return 0, false
	}
	tree := ix.tree(v, ix.partition(e.rec))
	return sort.Search(tree.Len(), func(i int) bool {
		at, _ := tree.GetAt(i)
		return !ix.less(at, e)
	}), true
}
