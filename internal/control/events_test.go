package control_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

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
