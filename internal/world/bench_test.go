package world_test

import (
	"strconv"
	"testing"

	"standin/internal/world"
)

// filled returns a world with n records in one partition.
func filled(n int) (kind, *world.World) {
	k := newKind()
	tx := world.New(1).Begin()
	for i := range n {
		k.Put(tx, &rec{strconv.Itoa(i), "a", strconv.Itoa(i % 1000)})
	}
	return k, tx.Commit()
}

var sizes = []int{1_000, 1_000_000}

// A page at the end of a long list must cost the same as one at the beginning of a short list.
func BenchmarkPage(b *testing.B) {
	for _, n := range sizes {
		k, w := filled(n)
		for _, at := range []int{0, n * 9 / 10, n - 10} {
			b.Run(strconv.Itoa(n)+" at "+strconv.Itoa(at), func(b *testing.B) {
				for b.Loop() {
					k.inserted.Page(w, "a", at, 10, false)
				}
			})
		}
	}
}

// A transaction that writes one record must cost nearly the same for any number of records.
func BenchmarkTransaction(b *testing.B) {
	for _, n := range sizes {
		k, w := filled(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				tx := w.Begin()
				k.Put(tx, &rec{"new" + strconv.Itoa(i), "a", "x"})
				tx.Commit()
			}
		})
	}
}

// A fork begins with a transaction. Its cost must not depend on the number of records.
func BenchmarkFork(b *testing.B) {
	for _, n := range append([]int{0}, sizes...) {
		_, w := filled(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				w.Begin().Commit()
			}
		})
	}
}
