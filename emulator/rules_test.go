package emulator_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// Ensure counting is atomic: a thousand requests at once, a hundred failures.
func TestCountingIsAtomic(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(fault.Rule{Name: "hundred", When: fault.When{Times: new(100)}, What: fault.What{Status: 503}}))
	if err != nil {
		t.Fatal(err)
	}
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 20 {
				if status(e, "/v1/clients") == 503 {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if st := e.Faults()[0]; failed.Load() != 100 || st.Fired != 100 || st.Matched != 1000 {
		t.Errorf("%d failed; %d matched, %d fired", failed.Load(), st.Matched, st.Fired)
	}
}

// Ensure each request finds either the old rules or the new ones.
func TestResetIsAtomic(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithScenario("unavailable"))
	if err != nil {
		t.Fatal(err)
	}
	var slipped atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 300 {
				if status(e, "/v1/clients") != 503 {
					slipped.Add(1)
				}
			}
		})
	}
	for range 500 {
		e.Reset()
	}
	wg.Wait()
	if n := slipped.Load(); n > 0 {
		t.Errorf("%d requests were answered", n)
	}
}

// Ensure a rule that changed nothing has not fired.
func TestIdleRules(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(
		fault.Rule{Name: "a", What: fault.What{Status: 503}, Continue: true},
		fault.Rule{Name: "b", What: fault.What{Status: 500}},
		fault.Rule{Name: "token", Where: fault.Where{Operation: "devops.*"}, What: fault.What{ExpireToken: true}},
	))
	if err != nil {
		t.Fatal(err)
	}
	status(e, "/v1/clients")
	v := fmt.Sprint(e.Verify())
	e.RemoveFault("b")
	recorded(e, "GET", "/v3/images", "", "Authorization", "Basic ZGVtbzpkZW1v")
	if v := e.Verify(); v.Passed {
		t.Errorf("a token that is not there expired: %s", v)
	}
	v += fmt.Sprint(e.Verify())
	if strings.Contains(v, "the rule a fires") || !strings.Contains(v, "the rule b fires") || !strings.Contains(v, "the rule token fires") {
		t.Errorf("got %s", v)
	}
	if f := e.Requests()[0].Faults; f[0].Fired == false || f[1].Fired || f[1].Why != "it had nothing to do" {
		t.Errorf("the journal has %+v", f)
	}
}

// Ensure the fault in a request's header ends with a reset. Ensure it is reported if it is for
// another operation.
func TestOwnFaults(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	done := make(chan error, 1)
	c := s.Client()
	defer c.CloseIdleConnections()
	go func() {
		_, _, err := call(t.Context(), c, "GET", s.URL+"/v1/clients", "", fault.Header, "connection=hang")
		done <- err
	}()
	if len(s.Await(t.Context(), journal.Filter{Ended: journal.Open}, 1)) != 1 {
		t.Fatal("no request came")
	}
	for over := false; !over; { // the first reset may come before the rule was looked at
		s.Reset()
		select {
		case err := <-done:
			over = true
			if err == nil {
				t.Error("a request that hung was answered")
			}
		case <-time.After(5 * time.Millisecond):
		}
	}
	if got := status(s.Emulator(), "/v1/clients", fault.Header, "freezer.clients.create/753"); got != 200 {
		t.Errorf("of another operation: %d", got)
	}
	entries := s.Requests()
	if near := fmt.Sprint(entries[len(entries)-1].Near); !strings.Contains(near, "names a failure of freezer.clients.create") {
		t.Errorf("near %s", near)
	}
	if w := recorded(s.Emulator(), "GET", "/v1/clients", "", fault.Header, "freezer.clients.list/401; stealth=true; retry_after=-5s"); w.Code != 401 || w.Header().Get(fault.Header) != "" || w.Header().Get("Retry-After") != "-5" {
		t.Errorf("a name and more: %d %v", w.Code, w.Header())
	}
}

// Ensure a rate limit counts on the sandbox's clock, reports in its headers, and does not limit
// others.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"window", "bucket"} {
		e, err := emulator.New(emulator.WithTime(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)), emulator.WithFault(fault.Rule{
			Name: "limit", What: fault.What{RateLimit: &fault.RateLimit{Requests: 2, Per: fault.Duration(10 * time.Second), Kind: kind, By: "caller"}},
		}))
		if err != nil {
			t.Fatal(err)
		}
		ask := func(token string) string {
			w := recorded(e, "GET", "/v1/clients", "", "X-Auth-Token", token)
			h := w.Header()
			return fmt.Sprint(w.Code, " ", h.Get("Ratelimit-Remaining"), " ", h.Get("Retry-After"))
		}
		wait := map[string]string{"window": "10", "bucket": "5"}[kind]
		for i, want := range []string{"200 1 ", "200 0 ", "429 0 " + wait, "429 0 " + wait} {
			if got := ask("demo-token"); got != want {
				t.Errorf("%s, request %d: %q, want %q", kind, i, got, want)
			}
		}
		if got := ask("admin-token"); got != "200 1 " {
			t.Errorf("%s, another caller: %q", kind, got)
		}
		e.Advance(5 * time.Second)
		want := map[string]string{"window": "429 0 5", "bucket": "200 0 "}[kind]
		if got := ask("demo-token"); got != want {
			t.Errorf("%s, after 5 s: %q, want %q", kind, got, want)
		}
		e.Advance(5 * time.Second)
		if got := ask("demo-token"); !strings.HasPrefix(got, "200") {
			t.Errorf("%s, after 10 s: %q", kind, got)
		}
	}
}

// Ensure a token that a rule expires stays expired, with the service's own 401, until a reset.
func TestExpireToken(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithScenario("token-expires-mid-run"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{200, 200, 401, 401} {
		if got := status(e, "/v1/clients"); got != want {
			t.Errorf("request %d: %d, want %d", i+1, got, want)
		}
	}
	if got := status(e, "/v1/clients", "X-Auth-Token", "admin-token"); got != 200 {
		t.Errorf("another's token: %d", got)
	}
	e.Reset()
	if got := status(e, "/v1/clients"); got != 200 {
		t.Errorf("after a reset: %d", got)
	}
}

// Ensure a window since arming opens when the rule is armed, and moves with the sandbox's clock.
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

// Ensure a function in Go decides, and may use the sandbox meanwhile.
func TestFunc(t *testing.T) {
	t.Parallel()
	var e *emulator.Emulator
	var seen fault.Request
	rule := fault.Rule{Name: "teapot", When: fault.When{Times: new(1)}, Func: func(r *fault.Request) (*fault.Reply, error) {
		if r.Method == "DELETE" {
			seen = *r
			return &fault.Reply{Status: 418, Header: http.Header{"Content-Type": {"text/plain"}, "X-B": {"1", "2"}, "X-A": {"0"}}, Body: []byte("short and stout")}, nil
		}
		_ = e.Faults()
		return nil, nil
	}}
	e, err := emulator.New(emulator.WithFault(rule))
	if err != nil {
		t.Fatal(err)
	}
	if got := status(e, "/v1/clients"); got != 200 {
		t.Errorf("let pass: %d", got)
	}
	w := recorded(e, "DELETE", "/v1/clients/a?b=c%20d", "body")
	if h := w.Header(); w.Code != 418 || w.Body.String() != "short and stout" || h.Get("Content-Type") != "text/plain" || strings.Join(h["X-B"], "") != "12" || h.Get("X-A") != "0" {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	if seen.Operation != "freezer.clients.delete" || seen.Path != "/v1/clients/a" || seen.Query.Get("b") != "c d" || string(seen.Body) != "body" ||
		seen.Caller != "demo" || seen.Sandbox != "default" || seen.Now.IsZero() || seen.Header.Get("X-Auth-Token") == "" {
		t.Errorf("the function sees %+v", seen)
	}
	if got := recorded(e, "DELETE", "/v1/clients/a", "").Code; got != 404 {
		t.Errorf("got %d, want 404", got)
	}
}

// Ensure a function that panics or fails is answered with 500, and the emulator continues.
func TestFuncPanics(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(fault.Rule{Func: func(r *fault.Request) (*fault.Reply, error) {
		switch r.Method {
		case "GET":
			panic("a bug of the test's")
		case "POST":
			return nil, errors.New("the test's error")
		}
		return &fault.Reply{}, nil
	}}))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := status(e, "/v1/clients"); got != 500 {
			t.Errorf("got %d", got)
		}
	}
	if w := recorded(e, "POST", "/v1/clients", "{}"); w.Code != 500 || strings.Contains(w.Body.String(), "the test's") {
		t.Errorf("an error: %d %s", w.Code, w.Body)
	}
	if w := recorded(e, "DELETE", "/v1/clients/a", ""); w.Code != 200 {
		t.Errorf("a reply without a status: %d", w.Code)
	}
}
