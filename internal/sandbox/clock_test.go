package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standin/internal/core"
	"standin/internal/sandbox"
	"standin/internal/servicetest"
)

// Ensure the clock decides about tokens, dates and windows, and each sandbox has its own.
func TestClock(t *testing.T) {
	t.Parallel()
	e := begin(t, clocked(t, "2026-01-01T00:00:00Z"))
	token := servicetest.Recorded(e, "POST", "/v3/auth/tokens", login).Header().Get("X-Subject-Token")
	ask := func() string {
		w := servicetest.Recorded(e, "GET", "/v1/clients", "", "X-Auth-Token", token)
		return fmt.Sprint(w.Code, " ", w.Header().Get("Date"))
	}
	if got := ask(); got != "200 Thu, 01 Jan 2026 00:00:00 GMT" {
		t.Error(got)
	}
	e.Advance(61 * time.Minute)
	if got := ask(); got != "401 Thu, 01 Jan 2026 01:01:00 GMT" {
		t.Error(got)
	}
	e.Advance(-30 * time.Minute)
	if got := ask(); !strings.HasPrefix(got, "200") {
		t.Error(got)
	}
	box, err := e.all.New("box", sandbox.Plan{Clock: setting(t, "+48h")}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Until(box.Now()); d < 47*time.Hour || d > 49*time.Hour {
		t.Errorf("an offset of %s", d)
	}
	e.Resume()
	if now := e.Now(); now.Year() != 2026 || now.Hour() != 0 || now.Minute() != 31 {
		t.Errorf("resumed at %s", now)
	}
	for _, bad := range []string{"noon", "+x", "2026-01-01", ""} {
		if _, err := sandbox.ParseClock(bad); err == nil {
			t.Errorf("the clock %q was taken", bad)
		}
	}
}

// Ensure a clock that starts at a time runs from there. Ensure a reset returns it to that time, and
// Advance moves it.
func TestClockStarts(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	scenario := func(t *testing.T, e emulation) emulation {
		t.Helper()
		if w := servicetest.Recorded(e, "PUT", "/_standin/scenario", `{"name":"x","clock":{"start":"2026-01-01T12:00:00Z"}}`); w.Code != http.StatusNoContent {
			t.Fatal(w.Body)
		}
		return e
	}
	for name, begun := range map[string]func(t *testing.T) emulation{
		"an option":  func(t *testing.T) emulation { return begin(t, clocked(t, "start:2026-01-01T12:00:00Z")) },
		"a scenario": func(t *testing.T) emulation { return scenario(t, begin(t, core.Options{})) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := begun(t)
				check := func(what string, want time.Time) {
					t.Helper()
					if got := e.Now(); !got.Equal(want) {
						t.Errorf("%s: %s, want %s", what, got, want)
					}
				}
				check("at the start", start)
				time.Sleep(90 * time.Second)
				check("90 seconds later", start.Add(90*time.Second))
				e.Advance(-time.Hour)
				check("set back", start.Add(90*time.Second-time.Hour))
				if err := e.Reset(nil, ""); err != nil {
					t.Error(err)
				}
				check("reset", start)
				box, err := e.all.New("later", sandbox.Plan{}, 0)
				if err != nil {
					t.Fatal(err)
				}
				if got := box.Now(); name == "an option" && !got.Equal(start) {
					t.Errorf("a sandbox that begins later: %s", got)
				}
			})
		})
	}
}

// Ensure a time that a clock cannot show is refused with the range, and that the first and the last
// time are shown.
func TestClockEdges(t *testing.T) {
	t.Parallel()
	const inRange = "times are from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"
	for _, tt := range []struct {
		clock, change string
		code          int
		want          string
	}{
		{"2026-01-01T00:00:00Z", `{"freeze":"0001-01-01T00:00:00Z"}`, 200, `{"now":"0001-01-01T00:00:00Z","mode":"frozen"}`},
		{"2026-01-01T00:00:00Z", `{"freeze":"0000-12-31T23:59:59Z"}`, 400, inRange},
		{"2026-01-01T00:00:00Z", `{"freeze":"9999-12-31T23:59:59-01:00"}`, 400, inRange},
		{"2026-01-01T00:00:00Z", `{"set":"9999-12-31T23:59:59Z"}`, 200, `"now":"9999-12-31T23:59:59Z"`},
		{"2026-01-01T00:00:00Z", `{"advance":"2540400h"}`, 200, `"now":"2315-10-24T00:00:00Z"`},
		{"9999-01-01T00:00:00Z", `{"advance":"8760h"}`, 400, inRange},
		{"0001-02-01T00:00:00Z", `{"advance":"-744h"}`, 200, `"now":"0001-01-01T00:00:00Z"`},
		{"0001-02-01T00:00:00Z", `{"advance":"-745h"}`, 400, inRange},
		{"real", `{"advance":"2562048h"}`, 400, "up to 2562047h"},
		{"real", `{"set":"9999-12-31T23:59:59Z"}`, 200, `"now":"9999-12-31T23:59:59Z","mode":"offset"`},
		{"real", `{"set":"0001-01-01T00:00:00Z"}`, 200, `"now":"0001-01-01T00:00:00`},
		{"+2540400h", `{"advance":"2540400h"}`, 200, `"mode":"offset","offset":"5080800h"`},
		{"start:9990-01-01T00:00:00Z", `{"advance":"100000h"}`, 400, inRange},
		{"2026-01-01T00:00:00Z", `{"freeze":true}`, 200, `"now":"2026-01-01T00:00:00Z"`},
	} {
		t.Run(tt.clock+tt.change, func(t *testing.T) {
			t.Parallel()
			e := begin(t, clocked(t, tt.clock))
			if w := servicetest.Recorded(e, "PUT", "/_standin/clock", tt.change); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s, want %s", w.Code, w.Body, tt.want)
			}
		})
	}
	for _, text := range []string{"0000-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "start:0000-01-01T00:00:00Z", "+3000000h", "tomorrow"} {
		if _, err := sandbox.ParseClock(text); err == nil {
			t.Errorf("the clock %s is taken", text)
		}
	}
	for _, body := range []string{`{"clock":{"freeze":"0000-01-01T00:00:00Z"}}`, `{"identity":{"tokens":[{"id":"t","user_id":"u","expires_at":"9999-12-31T23:59:59-01:00"}]}}`} {
		e := begin(t, core.Options{})
		if w := servicetest.Recorded(e, "PUT", "/_standin/state", body); w.Code != 400 || !strings.Contains(w.Body.String(), inRange) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// Ensure Advance in Go stops at the end of the range, and never moves in the other direction.
func TestAdvanceStopsAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, clock := range []string{"real", "2026-01-01T00:00:00Z", "+1h"} {
		e := begin(t, clocked(t, clock))
		before := e.Now()
		for range 40 {
			e.Advance(2540400 * time.Hour)
			if now := e.Now(); now.Before(before) {
				t.Fatalf("%s: from %s back to %s", clock, before, now)
			} else {
				before = now
			}
		}
		if got := before.Format(time.RFC3339); got != "9999-12-31T23:59:59Z" {
			t.Errorf("%s: ends at %s", clock, got)
		}
	}
}

// Ensure no advance of a clock is lost, and none leaves the range.
func TestClockBounds(t *testing.T) {
	t.Parallel()
	e := begin(t, clocked(t, "2026-01-01T00:00:00Z"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				e.Advance(time.Second)
			}
		})
	}
	wg.Wait()
	if now := e.Now(); now != time.Date(2026, 1, 1, 0, 13, 20, 0, time.UTC) {
		t.Errorf("got %s", now)
	}
	e.Freeze(new(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)))
	e.Advance(time.Hour)
	if now := e.Now(); now.Year() != 9999 || servicetest.Status(e, "/v1/clients") != 200 || len(e.Canonical()) == 0 {
		t.Errorf("at the end of time: %s", now)
	}
	e.Resume()
	e.Freeze(new(time.Now()))
	e.Resume()
	if w := servicetest.Recorded(e, "PUT", "/_standin/clock", `{"set":"2400-01-01T00:00:00Z"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"now":"2400-01-01T00:00:0`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Ensure a login at the last time returns a token that works, and that the dump can be read again.
func TestLoginAtTheEndOfTime(t *testing.T) {
	t.Parallel()
	for _, clock := range []string{"9999-12-31T23:59:59Z", "9999-12-31T22:59:59Z", "start:9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z"} {
		o := clocked(t, clock)
		o.Plan.Fixtures = []string{"default"}
		e := begin(t, o)
		w := servicetest.Recorded(e, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"name":"Default"}}}},"scope":{"project":{"name":"demo","domain":{"name":"Default"}}}}}`)
		if w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", clock, w.Code, w.Body)
		}
		if got := servicetest.Status(e, "/v1/clients", "X-Auth-Token", w.Header().Get("X-Subject-Token")); got != http.StatusOK {
			t.Errorf("%s: the token gets %d", clock, got)
		}
		if w := servicetest.Recorded(e, "POST", "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers", `{"name":"n","url":"u"}`); w.Code != http.StatusOK {
			t.Errorf("%s: a consumer: %d %s", clock, w.Code, w.Body)
		}
		dump := servicetest.Recorded(e, "GET", "/_standin/state", "")
		if dump.Code != http.StatusOK {
			t.Fatalf("%s: the dump: %d %s", clock, dump.Code, dump.Body)
		}
		if w := servicetest.Recorded(e, "PUT", "/_standin/state", dump.Body.String()); w.Code != http.StatusNoContent {
			t.Errorf("%s: the dump is not read again: %s", clock, w.Body)
		}
	}
}
