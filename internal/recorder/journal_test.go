package recorder_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// A plain entry is the model of an entry.
type plain struct {
	sequence uint64
	path     string
	status   int
	ended    journal.Ended
	size     int
}

// Ensure a journal behaves like a list that drops its oldest entries. The operations are random
// openings, closings out of order, removals and clearings, under both bounds.
func TestJournalBehavesLikeItsModel(t *testing.T) {
	t.Parallel()
	record := recordSize()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		limits := journal.Limits{Entries: 1 + r.IntN(40), Bytes: 200 + r.IntN(4000) + 20*record}
		j := &recorder.Journal{Limits: limits, Sandbox: "box"}
		var model []plain
		var open []recorder.Ticket
		last, evicted := uint64(0), uint64(0)
		shrink := func() {
			total := 0
			for _, p := range model {
				total += p.size
			}
			for len(model) > limits.Entries || total > limits.Bytes && len(model) > 1 {
				total -= model[0].size
				model = model[1:]
				evicted++
			}
		}
		for step := range 500 {
			switch n := r.IntN(100); {
			case n < 50:
				path, body := fmt.Sprintf("/%d", step), make([]byte, r.IntN(100))
				open = append(open, j.Open(&recorder.Opening{Method: "GET", Path: path}, http.Header{"A": {"b"}}, body))
				last++
				if len(model) == limits.Entries {
					model, evicted = model[1:], evicted+1
				}
				model = append(model, plain{last, path, 0, journal.Open, len(body) + len("A\x00b\n") + len(path) + record})
				shrink()
			case n < 90 && len(open) > 0:
				i := r.IntN(len(open))
				ticket, body := open[i], make([]byte, r.IntN(100))
				open = slices.Delete(open, i, i+1)
				j.Close(ticket, journal.Answered, &recorder.Closing{Status: 200 + step%7}, http.Header{}, body)
				for i := range model {
					if model[i].sequence == ticket.Sequence {
						model[i].ended, model[i].status = journal.Answered, 200+step%7
						model[i].size += len(body)
					}
				}
				shrink()
			case n < 91:
				j.Clear()
				model, open, last, evicted = nil, nil, 0, 0
			}
			page := j.Find(journal.Filter{})
			if page.Last != last || page.Evicted != evicted || len(page.Entries) != len(model) {
				t.Fatalf("seed %d, step %d: last %d, evicted %d, %d entries; want %d, %d, %d", seed, step, page.Last, page.Evicted, len(page.Entries), last, evicted, len(model))
			}
			for i, e := range page.Entries {
				status := 0
				if e.Reply != nil {
					status = e.Reply.Status
				}
				if got := (plain{e.Sequence, e.Request.Path, status, e.Ended, model[i].size}); got != model[i] || e.Sandbox != "box" {
					t.Fatalf("seed %d, step %d: %+v, want %+v", seed, step, got, model[i])
				}
			}
		}
	}
}

// Ensure a ticket from before Clear closes nothing.
func TestStaleTickets(t *testing.T) {
	t.Parallel()
	j := &recorder.Journal{}
	old := j.Open(&recorder.Opening{Path: "/old"}, nil, nil)
	j.Clear()
	j.Open(&recorder.Opening{Path: "/new"}, nil, nil)
	j.Close(old, journal.Cut, &recorder.Closing{Status: 500}, nil, nil)
	j.Amend(old, journal.Aborted, "no")
	if e := j.Find(journal.Filter{}).Entries; len(e) != 1 || e[0].Ended != journal.Open || e[0].Request.Path != "/new" {
		t.Errorf("got %+v", e)
	}
}

// Ensure filters select the entries that they describe.
func TestFilters(t *testing.T) {
	t.Parallel()
	j := &recorder.Journal{}
	add := func(operation, method, path string, status int, ended journal.Ended, rules ...string) {
		c := &recorder.Closing{Status: status}
		for _, r := range rules {
			c.Faults = append(c.Faults, journal.Fault{Rule: r, Fired: !strings.HasPrefix(r, "not ")})
		}
		j.Close(j.Open(&recorder.Opening{Operation: operation, Method: method, Path: path, Route: strings.TrimPrefix(path, "/~box")}, nil, nil), ended, c, nil, nil)
	}
	add("freezer.clients.list", "GET", "/~box/v1/clients", 200, journal.Answered)
	add("freezer.clients.create", "POST", "/v1/clients", 503, journal.Answered, "a", "not b")
	add("", "GET", "/v9", 404, journal.Answered)
	add("devops.images.list", "GET", "/v3/images", 0, journal.Cut, "b")
	j.Open(&recorder.Opening{Operation: "devops.images.list", Method: "GET", Path: "/v3/images"}, nil, nil)
	for _, tt := range []struct {
		f    journal.Filter
		want string
	}{
		{journal.Filter{}, "12345"},
		{journal.Filter{Operation: "freezer.*"}, "12"},
		{journal.Filter{Operation: "none"}, "3"},
		{journal.Filter{Method: "get"}, "1345"},
		{journal.Filter{Path: "/v1/*"}, "12"},
		{journal.Filter{Path: "/~box/v1/clients"}, "1"},
		{journal.Filter{Status: "5XX"}, "2"},
		{journal.Filter{Status: "404"}, "3"},
		{journal.Filter{Status: "none"}, "4"},
		{journal.Filter{Fault: "*"}, "24"},
		{journal.Filter{Fault: "b"}, "4"},
		{journal.Filter{Ended: journal.Open}, "5"},
		{journal.Filter{Since: 3}, "45"},
	} {
		got := ""
		for _, e := range j.Find(tt.f).Entries {
			got += fmt.Sprint(e.Sequence)
		}
		if got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
		}
	}
}

// Ensure waiters wake up for the entries they wait for, and for nothing else.
func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &recorder.Journal{}
		go func() {
			for i := range 3 {
				time.Sleep(time.Second)
				j.Close(j.Open(&recorder.Opening{}, nil, nil), journal.Answered, &recorder.Closing{Status: 200 + i}, nil, nil)
			}
		}()
		begun := time.Now()
		if p := j.Wait(t.Context(), journal.Filter{Status: "202"}, 1, time.Minute); len(p.Entries) != 1 || time.Since(begun) != 3*time.Second {
			t.Errorf("%d entries after %s", len(p.Entries), time.Since(begun))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begun = time.Now()
		if p := j.Wait(ctx, journal.Filter{Status: "500"}, 1, time.Minute); len(p.Entries) != 0 || time.Since(begun) != time.Second {
			t.Errorf("%d entries after %s", len(p.Entries), time.Since(begun))
		}
	})
}

// Ensure the canonical form omits what differs between runs, and keeps the rest.
func TestCanonical(t *testing.T) {
	t.Parallel()
	entry := func(port string, began time.Time, frozen bool) string {
		j := &recorder.Journal{Sandbox: "box"}
		o := &recorder.Opening{Path: "/a", Host: "127.0.0.1:" + port, Began: began, Now: began, Frozen: frozen, Conn: uint64(len(port)), Proto: "HTTP/1.1"}
		j.Close(j.Open(o, http.Header{"X": {"1"}}, nil), journal.Answered, &recorder.Closing{Status: 200}, http.Header{}, []byte(`{"next":"http://127.0.0.1:`+port+`/b"}`))
		return string(journal.Canonical(j.Find(journal.Filter{}).Entries))
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one, two := entry("1234", now, false), entry("54321", now.Add(time.Hour), false)
	if one == "" || strings.Contains(one, "1234") || !strings.Contains(one, "http://127.0.0.1/b") || strings.Contains(one, "2026") {
		t.Errorf("got %s", one)
	}
	if one != two {
		t.Errorf("%s differs from %s", one, two)
	}
	if frozen := entry("1", now, true); !strings.Contains(frozen, "2026-01-01T00:00:00Z") {
		t.Errorf("got %s", frozen)
	}
}
