package recorder_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// recordSize returns how many bytes an entry without texts counts for.
func recordSize() int {
	b, j := recorder.NewBudget(0), &recorder.Journal{}
	b.Join(j)
	j.Open(&recorder.Opening{}, nil, nil)
	return b.Used()
}

// Ensure the path, the query and the host count towards a journal's bytes.
func TestAddressesCount(t *testing.T) {
	t.Parallel()
	j := &recorder.Journal{Limits: journal.Limits{Bytes: 10 * (10_000 + recordSize())}}
	for range 100 {
		o := &recorder.Opening{Method: "GET", Path: strings.Repeat("p", 1000), Query: strings.Repeat("q", 8000), Host: strings.Repeat("h", 1000)}
		j.Close(j.Open(o, nil, nil), journal.Answered, &recorder.Closing{Status: 200}, nil, nil)
	}
	if p := j.Find(journal.Filter{}); len(p.Entries) != 10 || p.Evicted != 90 {
		t.Errorf("%d entries, %d evicted; want 10 and 90", len(p.Entries), p.Evicted)
	}
}

// Ensure the journals of a budget keep within it together, that the largest pay, and that journals
// which have left do not count.
func TestBudget(t *testing.T) {
	t.Parallel()
	const limit = 200_000
	b := recorder.NewBudget(limit)
	journals := make([]*recorder.Journal, 20)
	var wg sync.WaitGroup
	for i := range journals {
		j := &recorder.Journal{}
		journals[i] = j
		b.Join(j)
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for n := range 500 {
				answer(j, fmt.Sprint("/", n), 200, strings.Repeat("x", r.IntN(50*(i+1))))
				if r.IntN(200) == 0 {
					j.Clear()
				}
			}
		})
	}
	small := &recorder.Journal{}
	b.Join(small)
	answer(small, "/small", 200, "")
	answer(small, "/small", 200, "")
	wg.Wait()
	answer(journals[0], "/last", 200, "")
	if used := b.Used(); used > limit || used < limit/2 {
		t.Errorf("%d bytes of %d", used, limit)
	}
	if n := len(small.Find(journal.Filter{}).Entries); n != 2 {
		t.Errorf("the smallest has %d entries, want 2", n)
	}
	b.Leave(small)
	for _, j := range journals {
		b.Leave(j)
		answer(j, "/late", 200, "") // a request that began before the journal left
	}
	if used := b.Used(); used != 0 {
		t.Errorf("%d bytes are left", used)
	}
}

// Ensure journals that leave while they are written to do not count. Ensure also that one entry
// larger than all others does not stop its journal from dropping entries.
func TestBudgetUnderWay(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	b := recorder.NewBudget(limit)
	var wg sync.WaitGroup
	for range 50 {
		j := &recorder.Journal{}
		b.Join(j)
		for range 2 {
			wg.Go(func() {
				for range 200 {
					answer(j, "/", 200, "")
				}
			})
		}
		wg.Go(func() { b.Leave(j) })
	}
	wg.Wait()
	if used := b.Used(); used != 0 {
		t.Errorf("%d bytes are left", used)
	}
	large := &recorder.Journal{}
	b.Join(large)
	answer(large, "/", 200, strings.Repeat("x", 16<<10))
	for range 30 {
		j := &recorder.Journal{}
		b.Join(j)
		for range 10 {
			answer(j, "/", 200, strings.Repeat("x", 1000))
		}
	}
	if used := b.Used(); used > limit {
		t.Errorf("%d bytes of %d", used, limit)
	}
}

// Ensure the defaults are the documented ones.
func TestBudgetDefault(t *testing.T) {
	t.Parallel()
	if n := recorder.NewBudget(0).Limit(); n != 256<<20 {
		t.Errorf("%d bytes", n)
	}
}
