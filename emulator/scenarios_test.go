package emulator_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/catalog"
)

// These are the requests with which the scenarios are tried, one for each service.
var everywhereOnce = []struct{ method, path, body string }{
	{"GET", "/v1/clients", ""},
	{"GET", "/v1/containers", ""},
	{"GET", "/v3/images", ""},
	{"GET", "/local-user-store/api/v1/api-clients", ""},
}

// A rehearsal plays a scenario over pipes, on virtual time.
type rehearsal struct {
	t *testing.T
	e *emulator.Emulator
	c *http.Client
}

// do sends a request and returns its status and body. The status is 0 if no answer came.
func (r *rehearsal) do(method, path, body string) (int, string) {
	r.t.Helper()
	status, text, err := call(r.t.Context(), r.c, method, "http://standin"+path, body)
	if err != nil {
		return 0, err.Error()
	}
	return status, text
}

// statuses sends the same request n times and returns its statuses.
func (r *rehearsal) statuses(n int, method, path, body string) string {
	var all []string
	for range n {
		status, _ := r.do(method, path, body)
		all = append(all, itoa(status))
	}
	return strings.Join(all, " ")
}

func (r *rehearsal) everywhere(want int) {
	r.t.Helper()
	for _, q := range everywhereOnce {
		if got, body := r.do(q.method, q.path, q.body); got != want {
			r.t.Errorf("%s: %d %s, want %d", q.path, got, body, want)
		}
	}
}

// rehearsals have what each built-in scenario does to a client.
var rehearsals = map[string]func(r *rehearsal){
	"unauthorized": func(r *rehearsal) { r.everywhere(401); r.everywhere(401) },
	"forbidden":    func(r *rehearsal) { r.everywhere(403); r.everywhere(403) },
	"unavailable": func(r *rehearsal) {
		r.everywhere(503)
		if e := r.e.Requests()[0]; !slices.Equal(e.Reply.Headers["Retry-After"], []string{"2"}) {
			r.t.Errorf("headers %v", e.Reply.Headers)
		}
		if status, _ := r.do("GET", "/v3", ""); status != 200 {
			r.t.Errorf("Keystone: %d", status)
		}
	},
	"syntax-error": func(r *rehearsal) {
		if got := r.statuses(2, "POST", "/v1/clients", `{"client_id":"a","hostname":"h"}`); got != "753 201" {
			r.t.Error(got)
		}
	},
	"flaky": func(r *rehearsal) {
		got := r.statuses(200, "GET", "/v1/clients", "")
		if n := strings.Count(got, "503"); n < 8 || n > 35 {
			r.t.Errorf("%d of 200 failed", n)
		}
		r.e.Reset()
		if again := r.statuses(200, "GET", "/v1/clients", ""); again != got {
			r.t.Error("other requests failed after a reset")
		}
	},
	"fails-twice-then-works": func(r *rehearsal) {
		r.everywhere(503)
		r.everywhere(503)
		r.everywhere(200)
	},
	"maintenance-window": func(r *rehearsal) {
		r.everywhere(503)
		begun := r.e.Now() // on the virtual time of the test, which advances only while the client waits
		if e := r.e.Requests()[0]; !slices.Equal(e.Reply.Headers["Retry-After"], []string{begun.Add(10 * time.Second).Format(http.TimeFormat)}) {
			r.t.Errorf("headers %v", e.Reply.Headers)
		}
		time.Sleep(10*time.Second - time.Nanosecond)
		r.everywhere(503)
		time.Sleep(time.Nanosecond)
		r.everywhere(200)
		r.e.Reset()
		r.everywhere(503)
		r.e.Advance(10 * time.Second)
		r.everywhere(200)
	},
	"token-expires-mid-run": func(r *rehearsal) {
		if got := r.statuses(4, "GET", "/local-user-store/api/v1/api-clients", ""); got != "200 200 401 401" {
			r.t.Error(got)
		}
	},
	"quota-reached": func(r *rehearsal) {
		if status, body := r.do("POST", "/v1/containers", `{"name":"n","type":"generic","secret_refs":[]}`); status != 403 || !strings.Contains(body, "Container creation issue seen - Creation not allowed because a quota") {
			r.t.Errorf("%d %s", status, body)
		}
		if status, body := r.do("POST", "/v1/containers/x/consumers", `{}`); status != 403 || !strings.Contains(body, "ContainerConsumer creation issue seen") {
			r.t.Errorf("%d %s", status, body)
		}
		r.everywhere(200)
	},
	"slow-network": func(r *rehearsal) {
		var took []time.Duration
		for range 200 {
			begun := time.Now()
			r.do("GET", "/v1/clients", "")
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		if m := took[100]; m < 90*time.Millisecond || m > 160*time.Millisecond || took[199] > 2*time.Second || took[199] < 400*time.Millisecond {
			r.t.Errorf("median %s, longest %s", m, took[199])
		}
	},
	"lost-reply": func(r *rehearsal) {
		const body = `{"client_id":"a","hostname":"h"}`
		if got := r.statuses(2, "POST", "/v1/clients", body); got != "0 409" {
			r.t.Error(got)
		}
	},
	"half-an-answer": func(r *rehearsal) {
		if status, text := r.do("GET", "/v1/clients", ""); status != 0 || text != io.ErrUnexpectedEOF.Error() {
			r.t.Errorf("%d %s", status, text)
		}
		r.everywhere(200)
	},
	"hangs": func(r *rehearsal) {
		begun := time.Now()
		if status, text := r.do("GET", "/v1/clients", ""); status != 0 || time.Since(begun) != time.Minute {
			r.t.Errorf("%d %s after %s", status, text, time.Since(begun))
		}
		r.everywhere(200)
	},
	"rate-limited": func(r *rehearsal) {
		if got := r.statuses(5, "GET", "/v1/clients", ""); got != "200 200 200 429 429" {
			r.t.Error(got)
		}
		time.Sleep(10 * time.Second)
		if got := r.statuses(1, "GET", "/v1/clients", ""); got != "200" {
			r.t.Error(got)
		}
	},
	"short-pages": func(r *rehearsal) {
		_, body := r.do("GET", "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers?limit=1", "")
		if !strings.Contains(body, "limit=1&offset=1") { // less than the cap stays unchanged
			r.t.Error(body)
		}
		if _, body = r.do("GET", "/v1/clients?limit=50", ""); strings.Count(body, `"user_id"`) != 2 {
			r.t.Error(body)
		}
	},
}

// Ensure every built-in scenario does what it says.
func TestScenarios(t *testing.T) {
	t.Parallel()
	names := catalog.ScenarioNames()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rehearse := rehearsals[name]
			if rehearse == nil {
				t.Fatal("nobody tries this scenario")
			}
			synctest.Test(t, func(t *testing.T) {
				e, err := emulator.New(emulator.WithScenario(name), emulator.WithContractCheck(emulator.CheckAlways))
				if err != nil {
					t.Fatal(err)
				}
				defer e.Close()
				c := e.Client()
				defer c.CloseIdleConnections()
				rehearse(&rehearsal{t, e, c})
				if n := e.Violations(); n > 0 {
					t.Errorf("%d answers broke their contract", n)
				}
			})
		})
	}
	if len(names) != len(rehearsals) || len(names) < 15 {
		t.Errorf("%d scenarios, %d rehearsals", len(names), len(rehearsals))
	}
}

// Ensure a scenario whose rules no request meets does not pass.
func TestNothingFailed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"syntax-error", "lost-reply", "half-an-answer", "hangs", "token-expires-mid-run", "fails-twice-then-works"} {
		e, err := emulator.New(emulator.WithScenario(name))
		if err != nil {
			t.Fatal(err)
		}
		if v := e.Verify(); v.Passed {
			t.Errorf("%s passes though nobody called", name)
		}
	}
	e, err := emulator.New(emulator.WithFault(fault.Rule{Name: "never", Use: "freezer.clients.create/753"}, fault.Rule{Name: "perhaps", Use: "freezer.clients.create/503", Optional: true}))
	if err != nil {
		t.Fatal(err)
	}
	if v := e.Verify(); v.Passed || len(v.Judgements) != 1 || v.Judgements[0].Expectation != "the rule never fires" {
		t.Errorf("got %+v", v)
	}
}

// Ensure expectations are judged: counts, attempts, order, unmatched requests, evictions.
func TestVerify(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithScenario("fails-twice-then-works"), emulator.WithJournal(journal.Limits{Entries: 5}))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		status(e, "/v1/clients")
	}
	status(e, "/v9/clients")
	list := journal.Pattern{Operation: "freezer.clients.list"}
	tests := []struct {
		name   string
		expect journal.Expectation
		met    bool
	}{
		{"a count", journal.Expectation{Pattern: list, Requests: journal.Exactly(3)}, true},
		{"another count", journal.Expectation{Pattern: list, Requests: journal.Exactly(2)}, false},
		{"at least one", journal.Expectation{Pattern: list}, true},
		{"a status", journal.Expectation{Pattern: journal.Pattern{Status: "5xx"}, Requests: journal.Exactly(2)}, true},
		{"a fault", journal.Expectation{Pattern: journal.Pattern{Fault: "freezer-fails-twice"}, Requests: journal.Exactly(2)}, true},
		{"attempts", journal.Expectation{Pattern: list, Attempts: journal.Exactly(3)}, true},
		{"too many attempts", journal.Expectation{Pattern: list, Attempts: &journal.Range{Max: new(2)}}, false},
		{"an order", journal.Expectation{Sequence: []journal.Pattern{{Status: "503"}, {Status: "200"}}}, true},
		{"the other way round", journal.Expectation{Sequence: []journal.Pattern{{Status: "200"}, {Status: "503"}}}, false},
		{"a stray", journal.Expectation{NoUnmatched: true}, false},
	}
	for _, tt := range tests {
		if v := e.Verify(tt.expect); v.Passed != tt.met {
			t.Errorf("%s: %+v", tt.name, v)
		}
	}
	status(e, "/v1/clients")
	if v := e.Verify(tests[2].expect); !v.Passed {
		t.Errorf("the journal is full, and nothing was evicted: %+v", v)
	}
	status(e, "/v1/clients")
	if v := e.Verify(tests[2].expect); v.Passed || !strings.Contains(fmt.Sprint(v), "1 of 6 were evicted") {
		t.Errorf("with an entry gone: %+v", v)
	}
}

// Ensure the journal reports near misses of paths and of rules.
func TestNearMisses(t *testing.T) {
	t.Parallel()
	foo := "yes"
	e, err := emulator.New(emulator.WithFault(fault.Rule{
		Name: "maintenance", Where: fault.Where{Operation: "freezer.*", Header: map[string]*string{"X-Foo": &foo}}, What: fault.What{Status: 503},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ path, want string }{
		{"/v1/clients", "[rule maintenance: header X-Foo was absent]"},
		{"/v1/client", "[/v1/clients]"},
		{"/v1/containers", "[]"},
	} {
		e.Reset()
		status(e, tt.path)
		if got := fmt.Sprint(e.Requests()[0].Near); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.path, got, tt.want)
		}
	}
	e.Reset()
	if got := status(e, "/v1/clients", "X-Foo", "yes"); got != 503 {
		t.Errorf("got %d", got)
	}
}
