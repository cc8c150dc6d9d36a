package recorder_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// answer records one exchange.
func answer(j *recorder.Journal, path string, status int, body string) {
	t := j.Open(&recorder.Opening{Method: "GET", Path: path, Began: time.Now()}, http.Header{}, []byte(body))
	j.Close(t, journal.Answered, &recorder.Closing{Status: status}, http.Header{}, nil)
}

// Ensure a filter that is too long or not UTF-8 is refused and finds nothing. Ensure the journal
// works after it.
func TestFiltersThatAreNoPatterns(t *testing.T) {
	t.Parallel()
	j := &recorder.Journal{}
	answer(j, "/v1/clients", 200, "")
	for _, f := range []journal.Filter{
		{Path: "*\xff"}, {Operation: "{\xff}*"}, {Path: strings.Repeat("*a", 600)}, {Status: "often"}, {Ended: "soon"},
		{Operation: "a,,b"}, {Operation: strings.Repeat("a,", 100) + "a"},
	} {
		if f.Check() == nil {
			t.Errorf("%+v: no error", f)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if p := j.Wait(ctx, f, 1, time.Hour); len(p.Entries) != 0 {
			t.Errorf("%+v found %d entries", f, len(p.Entries))
		}
	}
	answer(j, "/v1/clients", 200, "")
	if p := j.Find(journal.Filter{Path: "/v1/*"}); len(p.Entries) != 2 {
		t.Errorf("%d entries, want 2", len(p.Entries))
	}
}

// Ensure each of many waiters returns at the entry it waits for and not before, whatever happens to
// other entries meanwhile.
func TestWaitersReturnAtTheirEntry(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			j := &recorder.Journal{}
			const waiters, atLeast = 30, 3
			var returned, sent [waiters]int
			for i := range waiters {
				go func() {
					f := journal.Filter{Path: fmt.Sprintf("/%d/*", i), Status: "2xx"}
					returned[i] = len(j.Wait(t.Context(), f, atLeast, time.Hour).Entries)
				}()
			}
			synctest.Wait()
			for left := waiters; left > 0; {
				i, status := r.IntN(waiters), 200+300*r.IntN(2)
				answer(j, fmt.Sprintf("/%d/x", i), status, "")
				if status == 200 {
					sent[i]++
				}
				if sent[i] == atLeast && status == 200 {
					left--
				}
				synctest.Wait()
				if (returned[i] >= atLeast) != (sent[i] >= atLeast) {
					t.Fatalf("seed %d: waiter %d returned with %d after %d of %d", seed, i, returned[i], sent[i], atLeast)
				}
			}
		})
	}
}

// Ensure a waiter counts from zero when the journal is cleared.
func TestWaitersForgetWhatIsCleared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &recorder.Journal{}
		done := make(chan int, 1)
		go func() { done <- len(j.Wait(t.Context(), journal.Filter{}, 2, time.Hour).Entries) }()
		synctest.Wait()
		answer(j, "/1", 200, "")
		synctest.Wait()
		j.Clear()
		answer(j, "/2", 200, "")
		synctest.Wait()
		if len(done) > 0 {
			t.Fatal("an entry that was cleared counted")
		}
		answer(j, "/3", 200, "")
		if n := <-done; n != 2 {
			t.Errorf("%d entries, want 2", n)
		}
	})
}

// Ensure a waiter that has seen an exchange begin also sees it end.
func TestWaitersSeeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &recorder.Journal{}
		done := make(chan int, 1)
		go func() { done <- len(j.Wait(t.Context(), journal.Filter{Status: "200"}, 1, time.Hour).Entries) }()
		synctest.Wait()
		ticket := j.Open(&recorder.Opening{Method: "GET", Path: "/"}, nil, nil)
		synctest.Wait()
		j.Close(ticket, journal.Answered, &recorder.Closing{Status: 200}, nil, nil)
		synctest.Wait()
		if len(done) == 0 {
			t.Fatal("it still waits")
		}
		if n := <-done; n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
	})
}

// Ensure a waiter sees entries that match only when they end. Ensure it does so when there are more
// changes than the journal notes.
func TestWaitersSeeEveryChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &recorder.Journal{Limits: journal.Limits{Entries: 6000}}
		var tickets []recorder.Ticket
		for range 5000 {
			tickets = append(tickets, j.Open(&recorder.Opening{Method: "GET", Path: "/"}, nil, nil))
		}
		done := make(chan int)
		go func() {
			done <- len(j.Wait(t.Context(), journal.Filter{Ended: journal.Aborted}, 5000, time.Hour).Entries)
		}()
		synctest.Wait()
		for _, ticket := range tickets {
			j.Close(ticket, journal.Answered, &recorder.Closing{Status: 200}, nil, nil)
			j.Amend(ticket, journal.Aborted, "")
		}
		if n := <-done; n != 5000 {
			t.Errorf("%d entries, want 5000", n)
		}
	})
}

// allocated returns how many bytes all goroutines allocate while f runs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Ensure requests pay almost nothing for waiters, and that nothing is encoded for a waiter that has
// left. The test measures what the process allocates, so it runs alone.
func TestWaitingCostsTheWaiter(t *testing.T) { //nolint:paralleltest // see above
	synctest.Test(t, func(t *testing.T) {
		j := &recorder.Journal{}
		body := strings.Repeat("x", 3500)
		for i := range journal.DefaultEntries {
			answer(j, fmt.Sprintf("/v1/%d", i), 200, body)
		}
		ctx, cancel := context.WithCancel(t.Context())
		const waiters, requests = 100, 200
		for i := range waiters {
			f := journal.Filter{Path: fmt.Sprintf("/v1/*/none/%d/{id}", i)}
			go j.Await(ctx, f, 1, time.Hour)
		}
		synctest.Wait() // all of them have counted, and wait
		got := allocated(func() {
			for range requests {
				answer(j, "/v1/clients", 200, "")
			}
			synctest.Wait()
		}) / requests
		if got > 32<<10 { // compiling a glob for each waiter would take 500 kB
			t.Errorf("a request allocates %d bytes with %d waiters", got, waiters)
		}
		cancel()
		synctest.Wait()
		if left := allocated(func() { j.Await(ctx, journal.Filter{}, 4000, time.Hour) }); left > 12<<20 { // the page would take 16 MB
			t.Errorf("a client that has left allocates %d bytes", left)
		}
	})
}

// Ensure a page holds every entry up to its last, while others write.
func TestPagesAreWholeUpToTheirLast(t *testing.T) {
	t.Parallel()
	const writers, each = 2, 5000
	j := &recorder.Journal{Limits: journal.Limits{Entries: writers * each, Bytes: 1 << 30}}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				answer(j, "/", 200, "")
			}
		})
	}
	for since := uint64(0); since < writers*each; {
		p := j.Find(journal.Filter{Since: since})
		if got := uint64(len(p.Entries)); got != p.Last-since {
			t.Fatalf("%d entries after %d, and the last is %d", got, since, p.Last)
		}
		since = p.Last
	}
	wg.Wait()
}

// Ensure a filter accepts several operations, and exclusions.
func TestFiltersOfOperations(t *testing.T) {
	t.Parallel()
	j := &recorder.Journal{}
	for _, operation := range []string{"a.list", "a.create", "b.list", ""} {
		j.Open(&recorder.Opening{Operation: operation}, nil, nil)
	}
	for filter, want := range map[string]int{"": 4, "a.*": 2, "a.*,b.*": 3, "*, !*.list": 1, "!a.*": 1, "none": 1} {
		f := journal.Filter{Operation: filter}
		if n := len(j.Find(f).Entries); n != want || f.Check() != nil {
			t.Errorf("%q: %d entries, want %d; %v", filter, n, want, f.Check())
		}
	}
}
