package world_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"standin/internal/world"
)

// A rec is a record of the model test: a key, a partition and a name to sort by.
type rec struct{ Key, Part, Name string }

type kind struct {
	*world.Kind[rec]
	inserted, named *world.Index[rec]
}

func newKind() kind {
	k := kind{Kind: world.NewKind("recs", func(r *rec) string { return r.Key })}
	part := func(r *rec) string { return r.Part }
	k.inserted = k.Index(part, nil)
	k.named = k.Index(part, func(a, b *rec) int { return strings.Compare(a.Name, b.Name) })
	return k
}

// A model is the naive twin of a world: a list in the order of insertion.
type model []rec

func (m model) put(r rec) model {
	m = slices.Clone(m)
	if i := slices.IndexFunc(m, func(o rec) bool { return o.Key == r.Key }); i >= 0 {
		m[i] = r
		return m
	}
	return append(m, r)
}

func (m model) remove(key string) model {
	return slices.DeleteFunc(slices.Clone(m), func(o rec) bool { return o.Key == key })
}

func (m model) list(part string, byName bool) []rec {
	list := slices.DeleteFunc(slices.Clone(m), func(o rec) bool { return o.Part != part })
	if byName {
		slices.SortStableFunc(list, func(a, b rec) int { return cmp.Compare(a.Name, b.Name) })
	}
	return list
}

var parts = []string{"a", "b", "c"}

// agree compares everything that can be read of a world with its model.
func agree(k kind, w world.View, m model) error {
	for _, part := range parts {
		for _, byName := range []bool{false, true} {
			ix, want := k.inserted, m.list(part, byName)
			if byName {
				ix = k.named
			}
			if n := ix.Len(w, part); n != len(want) {
				return fmt.Errorf("partition %s has %d records, want %d", part, n, len(want))
			}
			offset, limit := rand.IntN(len(want)+3)-1, rand.IntN(len(want)+3)
			for _, backwards := range []bool{false, true} {
				if err := compare(ix.Page(w, part, offset, limit, backwards), want, max(offset, 0), limit, backwards); err != nil {
					return err
				}
			}
			i := 0
			for r := range ix.All(w, part, 0) {
				if *r != want[i] {
					return fmt.Errorf("record %d of %s is %v, want %v", i, part, *r, want[i])
				}
				if at, ok := ix.Position(w, r.Key); !ok || at != i {
					return fmt.Errorf("position of %v is %d %v, want %d", *r, at, ok, i)
				}
				i++
			}
			if i != len(want) {
				return fmt.Errorf("walked %d of %d records", i, len(want))
			}
		}
	}
	for _, r := range m {
		if got := k.Get(w, r.Key); got == nil || *got != r {
			return fmt.Errorf("got %v, want %v", got, r)
		}
	}
	return nil
}

func compare(page []*rec, want []rec, offset, limit int, backwards bool) error {
	want = slices.Clone(want)
	if backwards {
		slices.Reverse(want)
	}
	want = want[min(offset, len(want)):]
	want = want[:min(limit, len(want))]
	got := []rec{}
	for _, r := range page {
		got = append(got, *r)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("page at %d of %d (backwards %v) is %v, want %v", offset, limit, backwards, got, want)
	}
	return nil
}

// Ensure that worlds behave like their naive models through random writes,
// transactions that are dropped, forks and returns to older worlds, while
// readers hold on to old worlds and find them unchanged.
func TestWorldBehavesLikeItsModel(t *testing.T) {
	t.Parallel()
	const steps, readers = 1500, 4
	k := newKind()
	w, m := world.New(1), model{}
	type kept struct {
		w *world.World
		m model
	}
	history := []kept{{w, m}}
	var wg sync.WaitGroup
	check := make(chan kept)
	for range readers {
		wg.Go(func() {
			for old := range check {
				if err := agree(k, old.w, old.m); err != nil {
					t.Error("an old world:", err)
				}
			}
		})
	}
	for range steps {
		tx, next := w.Begin(), m
		for range 1 + rand.IntN(3) {
			key := strconv.Itoa(rand.IntN(60))
			if rand.IntN(3) == 0 {
				had := slices.ContainsFunc(next, func(o rec) bool { return o.Key == key })
				if k.Delete(tx, key) != had {
					t.Fatalf("Delete(%s) should tell %v", key, had)
				}
				next = next.remove(key)
				continue
			}
			r := rec{key, parts[rand.IntN(len(parts))], strconv.Itoa(rand.IntN(20))}
			k.Put(tx, &r)
			next = next.put(r)
		}
		if rand.IntN(10) == 0 {
			if err := agree(k, tx, next); err != nil {
				t.Fatal("within a transaction:", err)
			}
		}
		switch rand.IntN(8) {
		case 0: // dropped
		case 1: // back to an older world
			old := history[rand.IntN(len(history))]
			w, m = old.w, old.m
		default:
			w, m = tx.Commit(), next
			history = append(history, kept{w, m})
		}
		check <- history[rand.IntN(len(history))]
	}
	close(check)
	wg.Wait()
}

// Ensure that many goroutines may fork one world at once: a copy writes to the
// trees it was made from.
func TestForksAtOnce(t *testing.T) {
	t.Parallel()
	k := newKind()
	tx := world.New(1).Begin()
	for i := range 1000 {
		k.Put(tx, &rec{strconv.Itoa(i), "a", strconv.Itoa(i % 7)})
	}
	base := tx.Commit()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			w := base
			for i := range 100 {
				tx := w.Begin()
				k.Put(tx, &rec{strconv.Itoa(g*1000 + i), "b", "x"})
				k.Delete(tx, strconv.Itoa(i))
				w = tx.Commit()
			}
			if a, b := k.named.Len(w, "a"), k.named.Len(w, "b"); a+b < 900 {
				t.Errorf("fork %d has %d and %d records", g, a, b)
			}
		})
	}
	wg.Wait()
	if n := k.inserted.Len(base, "a"); n != 1000 {
		t.Errorf("the base has %d records", n)
	}
}

func TestClearLeavesOtherWorldsAlone(t *testing.T) {
	t.Parallel()
	k := newKind()
	tx := world.New(1).Begin()
	k.Put(tx, &rec{"1", "a", "x"})
	full := tx.Commit()
	tx = full.Begin()
	k.Clear(tx)
	if k.inserted.Len(tx.Commit(), "a") != 0 || k.inserted.Len(full, "a") != 1 {
		t.Error("Clear must empty the new world and not the old one")
	}
}

// Ensure that ids depend on seed, stream and count alone.
func TestDraws(t *testing.T) {
	t.Parallel()
	none := func(string) bool { return false }
	draw := func(seed int64, streams ...string) (ids []string) {
		tx := world.New(seed).Begin()
		for _, s := range streams {
			ids = append(ids, tx.NewID(s, world.UUID, none))
		}
		return ids
	}
	one := draw(1, "a", "a", "b")
	if two := draw(1, "a", "b", "a"); one[0] != two[0] || one[1] != two[2] || one[2] != two[1] {
		t.Errorf("a stream depends on another: %v, %v", one, two)
	}
	if other := draw(2, "a"); other[0] == one[0] {
		t.Error("another seed gives the same id")
	}
	if one[0] == one[1] || one[0] == one[2] {
		t.Errorf("ids repeat: %v", one)
	}
	if zero := draw(0, "a"); zero[0] != draw(0, "a")[0] {
		t.Error("the seed 0 is not repeatable")
	}
}

// Ensure that a transaction that is dropped has drawn nothing.
func TestDroppedDraws(t *testing.T) {
	t.Parallel()
	w := world.New(1)
	first := w.Begin().Draw("s", 16)
	second := w.Begin().Draw("s", 16)
	if !slices.Equal(first, second) {
		t.Error("a dropped transaction moved the stream")
	}
	tx := w.Begin()
	tx.Draw("s", 16)
	if third := tx.Commit().Begin().Draw("s", 16); slices.Equal(first, third) {
		t.Error("a committed transaction did not move the stream")
	}
}

func TestIDsInUseAreNotGiven(t *testing.T) {
	t.Parallel()
	tx := world.New(1).Begin()
	first := tx.NewID("s", world.Hex, func(string) bool { return false })
	again := world.New(1).Begin().NewID("s", world.Hex, func(id string) bool { return id == first })
	if again == first || len(again) != 32 {
		t.Errorf("got %s", again)
	}
}
