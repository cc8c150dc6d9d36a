package control_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/internal/servicetest"
)

// Ensure the stream has exchanges and changes when they happen, and ends with the server.
func TestEvents(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/_standin/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if l := lines.Text(); strings.HasPrefix(l, "event: ") {
				lines.Scan()
				return l + " " + lines.Text()
			}
		}
		return "the end"
	}
	lines.Scan() // the stream has begun
	servicetest.Status(e, "/v1/clients")
	if err := e.Fault(fault.Rule{Name: "x", What: fault.What{Status: 503}}); err != nil {
		t.Fatal(err)
	}
	e.Reset()
	for _, want := range []string{`event: exchange data: {"sequence":1,`, `event: armed data: {"kind":"armed","what":"x"`, `event: reset data: {"kind":"reset"`} {
		if got := next(); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := next(); got != "the end" {
		t.Error(got)
	}
}

// followed returns what a stream of events sends in a time of a bubble, while act runs.
func followed(t *testing.T, e *emulator.Emulator, query string, d time.Duration, act func()) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	c := e.Client()
	defer c.CloseIdleConnections()
	text := make(chan string)
	go func() {
		_, body, _ := servicetest.Fetch(ctx, c, "GET", e.URL+"/_standin/events?"+query, "")
		text <- body
	}()
	act()
	return <-text
}

// Ensure a stream with parameters has only the exchanges that match, and is alive while others come.
func TestEventsSelect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := emulator.NewT(t)
		got := followed(t, e, "operation=devops.*&brief=true", 50*time.Second, func() {
			for range 40 {
				time.Sleep(time.Second)
				servicetest.Status(e, "/v1/clients")
			}
			servicetest.Status(e, "/v3/images")
		})
		if strings.Count(got, "event: exchange") != 1 || !strings.Contains(got, `"operation":"devops.images.list"`) || strings.Contains(got, `"body"`) {
			t.Errorf("got %s", got)
		}
		if n := strings.Count(got, "\n:\n"); n < 2 {
			t.Errorf("%d comments in 50 s while other exchanges came; expected one each 15 s: %q", n, got)
		}
	})
}

// Ensure followers learn when an exchange takes longer, or ends otherwise, than its event said.
func TestEventsAmended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := fault.Rule{Where: fault.Where{Operation: "freezer.clients.list"}, What: fault.What{Dribble: &fault.Dribble{Chunks: 2, Over: fault.Duration(2 * time.Second)}}}
		e := emulator.NewT(t, emulator.WithFault(slow))
		got := followed(t, e, "brief=true", 5*time.Second, func() {
			time.Sleep(time.Second)
			c := e.Client()
			defer c.CloseIdleConnections()
			if _, _, err := servicetest.Fetch(t.Context(), c, "GET", e.URL+"/v1/clients", ""); err != nil {
				t.Error(err)
			}
		})
		if !strings.Contains(got, "event: exchange\n") || !strings.Contains(got, "event: amended\n") || !strings.Contains(got, `"took_ns":2000000000`) {
			t.Errorf("got %s", got)
		}
	})
}
