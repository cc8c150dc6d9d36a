package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
)

// Ensure a clock that starts at a time runs from there, goes back there with a reset,
// and is moved by Advance.
func TestClockStarts(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	scenario := func(e *emulator.Emulator) *emulator.Emulator {
		if w := recorded(e, "PUT", "/_standin/scenario", `{"name":"x","clock":{"start":"2026-01-01T12:00:00Z"}}`); w.Code != http.StatusNoContent {
			t.Fatal(w.Body)
		}
		return e
	}
	for name, begin := range map[string]func() (*emulator.Emulator, error){
		"an option": func() (*emulator.Emulator, error) {
			return emulator.New(emulator.WithClock("start:2026-01-01T12:00:00Z"))
		},
		"a scenario": func() (*emulator.Emulator, error) { e, err := emulator.New(); return scenario(e), err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, err := begin()
				if err != nil {
					t.Fatal(err)
				}
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
				e.Reset()
				check("reset", start)
				box, err := e.NewSandbox("later")
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

// Ensure a window since the arming opens when the rule is armed, and is moved by
// the sandbox's clock.
func TestWindowSinceArming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if w := recorded(e, "POST", "/_standin/faults", `{"name":"down","when":{"during":{"from":"0s","to":"30s"}},"what":{"status":503}}`); w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"during":{"from":"0s","to":"30s"}`) {
			t.Fatal(w.Body)
		}
		rule := fault.Rule{Name: "later", When: fault.When{During: &fault.Window{Start: fault.Duration(time.Minute), End: fault.Duration(2 * time.Minute)}}, What: fault.What{Status: 500}}
		if err := e.Fault(rule); err != nil {
			t.Fatal(err)
		}
		var got []int
		look := func() { got = append(got, status(e, "/v1/clients")) }
		look()
		time.Sleep(29 * time.Second)
		look()
		time.Sleep(time.Second)
		look()
		e.Advance(30 * time.Second)
		look()
		e.Advance(time.Minute)
		look()
		for i, want := range []int{503, 503, 200, 500, 200} {
			if got[i] != want {
				t.Errorf("statuses %v", got)
				break
			}
		}
	})
}

// Ensure what a clock cannot show is refused with the range, and that what it can
// show is shown, at either end of time.
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
			e, err := emulator.New(emulator.WithClock(tt.clock))
			if err != nil {
				t.Fatal(err)
			}
			if w := recorded(e, "PUT", "/_standin/clock", tt.change); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s, want %s", w.Code, w.Body, tt.want)
			}
		})
	}
	for _, text := range []string{"0000-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "start:0000-01-01T00:00:00Z", "+3000000h", "tomorrow"} {
		if _, err := emulator.New(emulator.WithClock(text)); err == nil {
			t.Errorf("the clock %s is taken", text)
		}
	}
	for _, body := range []string{`{"clock":{"freeze":"0000-01-01T00:00:00Z"}}`, `{"identity":{"tokens":[{"id":"t","user_id":"u","expires_at":"9999-12-31T23:59:59-01:00"}]}}`} {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		if w := recorded(e, "PUT", "/_standin/state", body); w.Code != 400 || !strings.Contains(w.Body.String(), inRange) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// Ensure an Advance from Go beyond the range stops at its end, and never goes the
// other way.
func TestAdvanceStopsAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, clock := range []string{"real", "2026-01-01T00:00:00Z", "+1h"} {
		e, err := emulator.New(emulator.WithClock(clock))
		if err != nil {
			t.Fatal(err)
		}
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

// Ensure a login at the end of time gives a token that works, and that the dump can
// be read again.
func TestLoginAtTheEndOfTime(t *testing.T) {
	t.Parallel()
	for _, clock := range []string{"9999-12-31T23:59:59Z", "9999-12-31T22:59:59Z", "start:9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z"} {
		e, err := emulator.New(emulator.WithFixture("default"), emulator.WithClock(clock))
		if err != nil {
			t.Fatal(err)
		}
		w := recorded(e, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"name":"Default"}}}},"scope":{"project":{"name":"demo","domain":{"name":"Default"}}}}}`)
		if w.Code != http.StatusCreated {
			t.Fatalf("%s: %d %s", clock, w.Code, w.Body)
		}
		if got := status(e, "/v1/clients", "X-Auth-Token", w.Header().Get("X-Subject-Token")); got != http.StatusOK {
			t.Errorf("%s: the token gets %d", clock, got)
		}
		if w := recorded(e, "POST", "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers", `{"name":"n","url":"u"}`); w.Code != http.StatusOK {
			t.Errorf("%s: a consumer: %d %s", clock, w.Code, w.Body)
		}
		dump := recorded(e, "GET", "/_standin/state", "")
		if dump.Code != http.StatusOK {
			t.Fatalf("%s: the dump: %d %s", clock, dump.Code, dump.Body)
		}
		if w := recorded(e, "PUT", "/_standin/state", dump.Body.String()); w.Code != http.StatusNoContent {
			t.Errorf("%s: the dump is not read again: %s", clock, w.Body)
		}
	}
}
