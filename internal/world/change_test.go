package world

import (
	"reflect"
	"testing"
)

// Ensure a change has the records before and after, and the size of what only it holds.
func TestChangeRecords(t *testing.T) {
	t.Parallel()
	type item struct {
		Name string
		Tags []string
	}
	kind := NewKind("test.items", func(i *item) string { return i.Name }).Form(func(i *item) any { return "item " + i.Name + " " + i.Tags[0] })
	tx := New(1).Begin()
	kind.Put(tx, &item{"a", []string{"old"}})
	tx = tx.Commit().Begin()
	kind.Put(tx, &item{"a", []string{"new"}})
	kind.Put(tx, &item{"b", []string{"made"}})
	kind.Delete(tx, "a")
	var got [][]any
	for _, c := range tx.Changes() {
		before, after := c.Records()
		got = append(got, []any{c.What, before, after})
	}
	want := [][]any{{Changed, "item a old", "item a new"}, {Created, nil, "item b made"}, {Deleted, "item a new", nil}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
	if n := tx.Changes()[1].Kept(); n != 0 {
		t.Errorf("a created record is held by the world, and counts %d", n)
	}
	big := &item{"a", []string{string(make([]byte, 10_000)), string(make([]byte, 5_000))}}
	c := kind.change("a", big, nil)
	if n := c.Kept(); n < 15_000 || n > 15_200 {
		t.Errorf("a record of 15,000 bytes counts %d", n)
	}
}
