package world

import (
	"reflect"
	"testing"
)

// Ensure a change has the records before and after, and their size.
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
	big := &item{"a", []string{string(make([]byte, 10_000)), string(make([]byte, 5_000))}}
	for _, c := range []Change{kind.change("a", big, nil), kind.change("a", nil, big)} {
		if n := c.Kept(); n < 15_000 || n > 15_200 {
			t.Errorf("a record of 15,000 bytes that was %s counts %d", c.What, n)
		}
	}
}
