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

// Ensure followers learn when an exchange takes longer, or ends otherwise, than its event said.
func TestEventsAmended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := fault.Rule{Where: fault.Where{Operation: "freezer.clients.list"}, What: fault.What{Dribble: &fault.Dribble{Chunks: 2, Over: fault.Duration(2 * time.Second)}}}
		e, err := emulator.New(emulator.WithFault(slow))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := e.Client()
		defer c.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var got string
		done := make(chan bool)
		go func() {
			defer close(done)
			_, got, _ = servicetest.Fetch(ctx, c, "GET", "http://standin/_standin/events?brief=true", "")
		}()
		time.Sleep(time.Second)
		if _, _, err := servicetest.Fetch(ctx, c, "GET", "http://standin/v1/clients", ""); err != nil {
			t.Error(err)
		}
		<-done
		if !strings.Contains(got, "event: exchange\n") || !strings.Contains(got, "event: amended\n") || !strings.Contains(got, `"took_ns":2000000000`) {
			t.Errorf("got %s", got)
		}
	})
}
