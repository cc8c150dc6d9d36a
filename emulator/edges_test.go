package emulator_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/catalog"
)

// Ensure a function that panics or fails is a 500, and the emulator lives on.
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

// Ensure no request slips through between the old rules and the new ones.
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

// Ensure what rules say of a request counts for the bounds of the journal.
func TestVerdictsAreBounded(t *testing.T) {
	t.Parallel()
	rules := make([]fault.Rule, 2000)
	for i := range rules {
		rules[i] = fault.Rule{When: fault.When{Skip: 1 << 30}, What: fault.What{Status: 503}}
	}
	e, err := emulator.New(emulator.WithFault(rules...), emulator.WithJournal(journal.Limits{Bytes: 20_000}))
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		status(e, "/v1/clients")
	}
	entries := e.Requests()
	if len(entries) > 10 {
		t.Errorf("%d entries of %d verdicts in 20 kB", len(entries), len(entries[0].Faults))
	}
	if last := entries[len(entries)-1]; len(last.Faults) != 20 || !strings.Contains(fmt.Sprint(last.Near), "1980 more rules fitted") {
		t.Errorf("%d verdicts, near %v", len(last.Faults), last.Near)
	}
}

// Ensure that only requests that failed have another attempt.
func TestAttempts(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(
		fault.Rule{When: fault.When{Times: new(0)}, What: fault.What{Delay: fault.Fixed(1)}, Continue: true},
		fault.Rule{When: fault.When{Calls: []int{3, 4}}, What: fault.What{Status: 503}},
	))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		status(e, "/v1/clients")
	}
	got := ""
	for _, r := range e.Requests() {
		got += itoa(r.Attempt)
	}
	if got != "111231" {
		t.Errorf("attempts %s", got)
	}
}

// Ensure secrets are redacted in bodies that are no plain JSON, too.
func TestSecretsInOddBodies(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"\ufeff" + `{"password":"SECRET"}`, "{\"password\":\"SECRET\",\"x\":\"\xff\"}", `{"password":SECRET123}`, `{"auth":{"token":{"id":"SECRET"`, `[{"secret":"SECRET"}]`} {
		recorded(e, "POST", "/v3/auth/tokens", body)
	}
	recorded(e, "POST", "/v3/auth/tokens", `{"password":987654321}`)
	for _, how := range []string{"bom", "charset", "json"} {
		w := recorded(e, "POST", "/auth/api/v1/oauth/token", "grant_type=password&username=demo-client&password=demo-secret", "Content-Type", "application/x-www-form-urlencoded",
			"Authorization", "Basic cHJpdngtZXh0ZXJuYWw6cHJpdngtc2VjcmV0", fault.Header, "malformed_body="+how)
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for _, entry := range e.Requests() {
		text := fmt.Sprintf("%+v %+v", entry.Request, entry.Reply)
		plain := strings.ReplaceAll(text, "\x00", "")
		if strings.Contains(plain, `:"SECRET`) || strings.Contains(plain, "987654321") || strings.Contains(plain, `"access_token":"ey`) {
			t.Errorf("a secret: %s", text)
		}
		if b := entry.Request.Base64; strings.Contains(b, "U0VDUkVU") || strings.Contains(b, "NFQ1JFV") || strings.Contains(b, "TRUNSRV") {
			t.Errorf("a secret in %s", b)
		}
	}
}

// Ensure a request's own fault ends with a reset, and says so when it is of another
// operation.
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

// Ensure a rule that had nothing to do has not fired.
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

// Ensure a reset in a long body lets through all that it says to a client that reads late.
func TestResetLateInBody(t *testing.T) {
	t.Parallel()
	const size, through = 1_000_000, 900_000
	s := emulator.RunT(t, emulator.WithFault(fault.Rule{What: fault.What{
		Body: strings.Repeat("x", size), Connection: &fault.Connection{Kind: fault.Reset, At: "body", Bytes: new(through)},
	}}))
	c, err := net.Dial("tcp", s.Addr(""))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, listRequest); err != nil {
		t.Fatal(err)
	}
	s.Await(t.Context(), journal.Filter{Ended: journal.Cut}, 1) // it is being sent, and nobody reads
	got, err := io.ReadAll(c)
	if !errors.Is(err, syscall.ECONNRESET) || strings.Count(string(got), "x") < through {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Ensure sandboxes of tests with long names are told apart, and expired ones can be
// made again.
func TestSandboxNames(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	for i := range 50 {
		t.Run(strings.Repeat("long", 40)+itoa(i), func(t *testing.T) {
			t.Parallel()
			if box := s.Sandbox(t); len(box.Name()) > 100 {
				t.Errorf("the name %s", box.Name())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if w := recorded(e, "POST", "/_standin/sandboxes", `{"name":"t","ttl":"1s"}`); w.Code != 201 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

// Ensure bodies come at the rate, and in the chunks, that were asked for.
func TestPace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what fault.What
		took time.Duration
	}{
		{fault.What{Bandwidth: 2}, 6500 * time.Millisecond}, // 14 bytes, the first at once
		{fault.What{Bandwidth: 70}, 100 * time.Millisecond},
		{fault.What{Bandwidth: 1000}, 0},
		{fault.What{Dribble: &fault.Dribble{Chunks: 5, Over: fault.Duration(4 * time.Second)}}, 4 * time.Second},
		{fault.What{Dribble: &fault.Dribble{Chunks: 100, Over: fault.Duration(13 * time.Second)}}, 13 * time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			e, err := emulator.New(emulator.WithFault(fault.Rule{What: tt.what}))
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			c := e.Client()
			defer c.CloseIdleConnections()
			begun := time.Now()
			if _, body, err := call(t.Context(), c, "GET", "http://standin/v1/clients", ""); err != nil || body != `{"clients":[]}` {
				t.Errorf("%s %v", body, err)
			}
			if took := time.Since(begun); took != tt.took {
				t.Errorf("%+v took %s, want %s", tt.what, took, tt.took)
			}
		})
	}
}

// Ensure changes of headers that the server writes itself count as well, and that a
// cap on pages does not hide a bad limit.
func TestHeadersAndLimits(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	arm(t, s, `{what: {headers: {remove: [Date], add: {content-type: text/x}}}}`)
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/v1/clients", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.Header.Get("Date") != "" || fmt.Sprint(resp.Header["Content-Type"]) != "[application/json text/x]" {
		t.Errorf("got %v", resp.Header)
	}
	arm(t, s, `{what: {page_cap: 1}, when: {times: 0}, where: {operation: "*.list"}}`)
	if got := status(s.Emulator(), "/v1/clients?limit=abc"); got != 400 {
		t.Errorf("a bad limit: %d", got)
	}
}

// Ensure references carry the sandbox where Barbican's host is fixed.
func TestHostHrefInside(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithHostHref("https://:9311"), emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	if body := recorded(e, "GET", "/~box/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90", "").Body.String(); !strings.Contains(body, `"https://:9311/~box/v1/containers/`) {
		t.Errorf("got %s", body)
	}
}

// Ensure a scenario file's mistakes are all told, in the rules that could be read and
// in its fixture.
func TestEveryMistake(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.yaml")
	text := "name: x\nfixture: documentd\nfaults:\n  - {wht: 1}\n  - {where: {operation: freezer.client.list}, when: {skip: -1, every: -2, probability: 3}, what: {status: 5030}}\n" +
		"  - {use: freezer.clients.create/753}\n  - {when: {after: {fault: freezer.clients.create/753}}, what: {status: 503}}\nexpect:\n  - {fault: freezer.clients.create/753}\n  - {operation: a}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := catalog.CheckScenario(path, []byte(text))
	for _, want := range []string{":4:6: unknown key", ":5:25: no operation", "skip must", "every must", "a probability", "status 5030", ":10:17: no operation a", ":2:10: fixture \"documentd\""} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "no rule") {
		t.Errorf("a rule named by use is not found: %v", err)
	}
}
