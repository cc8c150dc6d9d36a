package world

import (
	"cmp"
	"iter"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// A Kind is a type of record: its key and the indexes in which it is listed. Kinds are package
// variables and safe for concurrent use. A stored record is never modified: Update stores a
// modified copy.
type Kind[T any] struct {
	name    string
	number  int
	key     func(*T) string
	form    func(rec any) any // see Form
	indexes []*Index[T]
	finder  finder[entry[T]]
}

var kinds atomic.Int64

// NewKind returns a kind whose records are found by key. The name, for example freezer.clients, is
// the name of the kind in Tx.Changes. Changes of a kind without a name are not in that list,
// because its keys are secrets or no client sees its records.
func NewKind[T any](name string, key func(*T) string) *Kind[T] {
	return &Kind[T]{
		name: name, number: int(kinds.Add(1)) - 1, key: key, form: func(rec any) any { return rec },
		finder: finder[entry[T]]{name: func(e *entry[T]) *string { return &e.key }},
	}
}

// Form sets the function that returns the form of a record in a fixture. Without it, records have
// that form in the world. Form returns the kind.
func (k *Kind[T]) Form(form func(*T) any) *Kind[T] {
	k.form = func(rec any) any { return form(rec.(*T)) }
	return k
}

// An Index lists the records of a kind by partition. Each partition has an order.
type Index[T any] struct {
	kind      *Kind[T]
	number    int
	partition func(*T) string
	order     func(a, b *T) int
}

// Index adds an index to the kind. It must be called before the kind is used. With a nil
// partition, all records are in the partition "". A nil order is the order in which the records
// were first stored. Other orders use it for records that compare equal.
func (k *Kind[T]) Index(partition func(*T) string, order func(a, b *T) int) *Index[T] {
	if partition == nil {
		partition = func(*T) string { return "" }
	}
	ix := &Index[T]{kind: k, number: len(k.indexes), partition: partition, order: order}
	k.indexes = append(k.indexes, ix)
	return ix
}

// An entry is a record with its key and its number in the order of insertion. The record lies in the
// entry, so that both are one object.
type entry[T any] struct {
	key string
	seq uint64
	rec T
}

func byKey[T any](a, b *entry[T]) bool { return a.key < b.key }

// A part is one partition of an index. Its type does not depend on that of the records, so that the
// program has the code of one tree of partitions, and not of one for each kind.
type part struct {
	name  string
	owner *owner
	tree  any // *tree[T]

	copying sync.Mutex
}

func byName(a, b *part) bool { return a.name < b.name }

// A tree holds the entries of a table or a partition.
type tree[T any] = btree.BTreeG[*entry[T]]

// A table holds the records of a kind. The trees have no locks of their own. Copying a tree
// writes to its source, in fields that no reader reads. Transactions of several forks may copy
// the same tree, so the lock of the table or part is held while copying.
type table[T any] struct {
	owner *owner
	seq   uint64
	byKey *tree[T]
	parts []*btree.BTreeG[*part] // by number of the index, then by name of the partition

	copying sync.Mutex
}

// degree is small because a write copies every node from the root to the leaf.
const degree = 8

func newTree[E any](less func(a, b E) bool) *btree.BTreeG[E] {
	return btree.NewBTreeGOptions(less, btree.Options{Degree: degree, NoLocks: true})
}

func newTable[T any](k *Kind[T], o *owner) *table[T] {
	t := &table[T]{owner: o, byKey: newTree(byKey[T])}
	for range k.indexes {
		t.parts = append(t.parts, newTree(byName))
	}
	return t
}

// copied returns a copy of the table that the owner may change.
func (t *table[T]) copied(o *owner) *table[T] {
	t.copying.Lock()
	defer t.copying.Unlock()
	c := &table[T]{owner: o, seq: t.seq, byKey: t.byKey.Copy(), parts: make([]*btree.BTreeG[*part], len(t.parts))}
	for i, p := range t.parts {
		c.parts[i] = p.Copy()
	}
	return c
}

// copied returns a copy of the partition that the owner may change.
func copied[T any](p *part, o *owner) *part {
	p.copying.Lock()
	defer p.copying.Unlock()
	return &part{name: p.name, owner: o, tree: p.tree.(*tree[T]).Copy()}
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

// Get returns the record with the key, or nil.
func (k *Kind[T]) Get(v View, key string) *T {
	if e := k.find(v, key); e != nil {
		return &e.rec
	}
	return nil
}

// find returns the entry with the key, or nil.
func (k *Kind[T]) find(v View, key string) *entry[T] {
	if t := k.read(v); t != nil {
		return k.finder.find(t.byKey, key)
	}
	return nil
}

// A finder finds the element of a tree that has a name. It keeps the elements that it compares with those
// of the tree, because a tree makes them escape to the heap.
type finder[E any] struct {
	name   func(*E) *string
	wanted sync.Pool // elements with only a name, which is empty
}

// find returns the element with the name, or nil.
func (f *finder[E]) find(in *btree.BTreeG[*E], name string) *E {
	like, _ := f.wanted.Get().(*E)
	if like == nil {
		like = new(E)
	}
	*f.name(like) = name
	e, _ := in.Get(like)
	*f.name(like) = ""
	f.wanted.Put(like)
	return e
}

// parts finds partitions.
var parts = finder[part]{name: func(p *part) *string { return &p.name }}

// Len returns the number of records.
func (k *Kind[T]) Len(v View) int {
	if t := k.read(v); t != nil {
		return t.byKey.Len()
	}
	return 0
}

// Put stores a copy of the record. It replaces a record with the same key, which keeps its place in the
// order of insertion.
func (k *Kind[T]) Put(tx *Tx, rec *T) {
	t := k.write(tx)
	key := k.key(rec)
	e := &entry[T]{key: key, rec: *rec}
	if old, ok := t.byKey.Set(e); ok {
		e.seq = old.seq
		for _, ix := range k.indexes {
			ix.remove(tx, t, old)
		}
		k.changed(tx, key, &old.rec, &e.rec)
	} else {
		t.seq++
		e.seq = t.seq
		k.changed(tx, key, nil, &e.rec)
	}
	for _, ix := range k.indexes {
		ix.insert(tx, t, e)
	}
}

// Update stores a copy of a record that change has modified. change must not modify the key.
func (k *Kind[T]) Update(tx *Tx, rec *T, change func(*T)) {
	c := *rec
	change(&c)
	k.Put(tx, &c)
}

// NewID returns an id that is not the key of a record of the kind. See Tx.NewID for stream and
// form.
func (k *Kind[T]) NewID(tx *Tx, stream string, form func([]byte) string) string {
	return tx.NewID(stream, form, func(id string) bool { return k.Get(tx, id) != nil })
}

// Delete removes the record with the key. It reports whether there was one.
func (k *Kind[T]) Delete(tx *Tx, key string) bool {
	old := k.find(tx, key)
	if old == nil {
		return false
	}
	t := k.write(tx)
	t.byKey.Delete(old)
	for _, ix := range k.indexes {
		ix.remove(tx, t, old)
	}
	k.changed(tx, key, &old.rec, nil)
	return true
}

// Clear removes all records of the kind.
func (k *Kind[T]) Clear(tx *Tx) { tx.setTable(k.number, nil) }

func (ix *Index[T]) less(a, b *entry[T]) bool {
	if ix.order != nil {
		if c := ix.order(&a.rec, &b.rec); c != 0 {
			return c < 0
		}
	}
	return cmp.Less(a.seq, b.seq)
}

// part returns a partition that the transaction may change, and its tree.
func (ix *Index[T]) part(tx *Tx, t *table[T], name string) (*part, *tree[T]) {
	all := t.parts[ix.number]
	p := parts.find(all, name)
	switch {
	case p == nil:
		p = &part{name: strings.Clone(name), owner: tx.owner, tree: newTree(ix.less)} // the name may be a part of a record's text
		all.Set(p)
	case p.owner != tx.owner:
		p = copied[T](p, tx.owner)
		all.Set(p)
	}
	return p, p.tree.(*tree[T])
}

func (ix *Index[T]) insert(tx *Tx, t *table[T], e *entry[T]) {
	_, tree := ix.part(tx, t, ix.partition(&e.rec))
	tree.Set(e)
}

func (ix *Index[T]) remove(tx *Tx, t *table[T], e *entry[T]) {
	p, tree := ix.part(tx, t, ix.partition(&e.rec))
	tree.Delete(e)
	if tree.Len() == 0 {
		t.parts[ix.number].Delete(p)
	}
}

func (ix *Index[T]) tree(v View, partition string) *tree[T] {
	if t := ix.kind.read(v); t != nil {
		if p := parts.find(t.parts[ix.number], partition); p != nil {
			return p.tree.(*tree[T])
		}
	}
	return nil
}

// Len returns the number of records in a partition.
func (ix *Index[T]) Len(v View, partition string) int {
	if t := ix.tree(v, partition); t != nil {
		return t.Len()
	}
	return 0
}

// Page returns up to limit records of a partition, from offset on. backwards counts and lists
// from the end. The cost to find the offset is O(log n). A negative offset counts as 0. An offset
// beyond the end returns nothing.
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
		page = append(page, &e.rec)
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

// All iterates over a partition in order, from offset on. The world may be read and written
// during the iteration.
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

// Everything iterates over all partitions, sorted by name, each in its order.
func (ix *Index[T]) Everything(v View) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		t := ix.kind.read(v)
		if t == nil {
			return
		}
		for _, p := range t.parts[ix.number].Items() {
			for rec := range ix.All(v, p.name, 0) {
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// Position returns the offset of the record with the key in its partition. It reports whether
// there is such a record. It costs O(log² n).
func (ix *Index[T]) Position(v View, key string) (int, bool) {
	e := ix.kind.find(v, key)
	if e == nil {
		return 0, false
	}
	tree := ix.tree(v, ix.partition(&e.rec))
	return sort.Search(tree.Len(), func(i int) bool {
		at, _ := tree.GetAt(i)
		return !ix.less(at, e)
	}), true
}
