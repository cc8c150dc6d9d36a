package world

import (
	"testing"
	"unsafe"
)

// Ensure a partition holds no more of its first record than the name: the record may be deleted before
// the others.
func TestPartitionsHoldTheirNames(t *testing.T) {
	t.Parallel()
	type note struct{ text string }
	notes := NewKind("", func(n *note) string { return n.text })
	first := notes.Index(func(n *note) string { return n.text[:1] }, nil)
	tx, text := New(1).Begin(), "a long text"
	notes.Put(tx, &note{text})
	name := parts.find(notes.read(tx).parts[first.number], "a").name
	if name != "a" || unsafe.StringData(name) == unsafe.StringData(text) {
		t.Errorf("the partition %q holds the text of a record", name)
	}
}
