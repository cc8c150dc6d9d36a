package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// A sheet is a test that records how it fails. Like a *testing.T, it ends with Fatalf.
type sheet struct {
	cleanups []func()
	failed   string
}

type ended struct{}

func (s *sheet) Helper()                           {}
func (s *sheet) Name() string                      { return "sheet" }
func (s *sheet) Cleanup(f func())                  { s.cleanups = append(s.cleanups, f) }
func (s *sheet) Errorf(format string, args ...any) { s.failed += fmt.Sprintf(format, args...) + "\n" }
func (s *sheet) Logf(string, ...any)               {}
func (s *sheet) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	panic(ended{})
}

// of runs a test, and returns how it failed.
func (s *sheet) of(test func()) string {
	s.failed = ""
	func() {
		defer func() {
			if p := recover(); p != nil && p != (ended{}) {
				panic(p)
			}
		}()
		test()
	}()
	return s.failed
}

func (s *sheet) end() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}

// statusOf returns the status of a GET as the member demo.
func statusOf(t *testing.T, c *http.Client, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Ensure a client reaches what it belongs to, in the way in which that is served. It may be a
// sandbox in memory, or one created on a running server, also with TLS.
func TestClientsReachTheirOwn(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	s := emulator.RunT(t, emulator.WithTLS())
	inMemory, err1 := e.NewSandbox("one")
	onServer, err2 := s.NewSandbox("two")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for name, c := range map[string]struct {
		client   func() *http.Client
		urls     []string
		requests func(...journal.Filter) []journal.Entry
	}{
		"an emulator":                 {e.Client, []string{e.URL}, e.Requests},
		"a sandbox in memory":         {inMemory.Client, []string{inMemory.URL}, inMemory.Requests},
		"a server":                    {s.Client, []string{s.URL, s.TLSURL}, s.Requests},
		"a sandbox of the server":     {onServer.Client, []string{onServer.URL, onServer.TLSURL}, onServer.Requests},
		"a test's sandbox":            ofSandbox(s.Sandbox(t)),
		"a test's sandbox, in memory": ofSandbox(e.Sandbox(t)),
	} {
		for _, url := range c.urls {
			client := c.client()
			if status := statusOf(t, client, url+"/v1/clients"); status != http.StatusOK {
				t.Errorf("%s: %s answers %d", name, url, status)
			}
			client.CloseIdleConnections()
		}
		if n := len(c.requests()); n != len(c.urls) {
			t.Errorf("%s has seen %d requests, want %d", name, n, len(c.urls))
		}
	}
}

func ofSandbox(box *emulator.Sandbox) (c struct {
	client   func() *http.Client
	urls     []string
	requests func(...journal.Filter) []journal.Entry
}) {
	c.client, c.urls, c.requests = box.Client, []string{box.URL}, box.Requests
	return c
}

// Ensure an emulator in memory works inside a bubble, where a delay passes at once, and needs no
// Close. Ensure RunT ends the test there at once.
func TestBubbles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := emulator.NewT(t, emulator.WithFault(fault.Rule{What: fault.What{Delay: fault.Fixed(5 * time.Minute)}}))
		began := time.Now()
		if status := statusOf(t, e.Client(), e.URL+"/v1/clients"); status != http.StatusOK || time.Since(began) != 5*time.Minute {
			t.Errorf("answered %d after %s", status, time.Since(began))
		}
		tb := &sheet{}
		if told := tb.of(func() { emulator.RunT(tb) }); !strings.Contains(told, "NewT works there") {
			t.Errorf("RunT in a bubble: %q", told)
		}
		tb.end()
	})
}

// Ensure failures, lost answers and counts of requests take one line each, and that an unmet count
// prints the exchanges.
func TestFailNextAndExpect(t *testing.T) {
	t.Parallel()
	tb := &sheet{}
	defer tb.end()
	e := emulator.NewT(tb)
	create := func() int {
		return recorded(e, "POST", "/v1/clients", `{"client_id":"a","hostname":"h"}`, "X-Auth-Token", "demo-token").Code
	}
	if err := e.FailNext("freezer.clients.create", 753); err != nil {
		t.Fatal(err)
	}
	if first, second := create(), create(); first != 753 || second != http.StatusCreated {
		t.Errorf("answered %d, then %d", first, second)
	}
	if told := tb.of(func() { e.Expect(tb, "freezer.clients.create", journal.Exactly(2)) }); told != "" {
		t.Errorf("two requests: %s", told)
	}
	told := tb.of(func() { e.Expect(tb, "freezer.clients.*", journal.Exactly(1)) })
	if !strings.Contains(told, "found 2") || strings.Count(told, "POST   /v1/clients") != 2 || !strings.Contains(told, "753") {
		t.Errorf("one request is expected: %s", told)
	}
	if told := tb.of(func() { _ = e.FailNext("freezer.clients.create", 999) }); !strings.Contains(told, "documents no failure") {
		t.Errorf("a failure that is not documented: %q", told)
	}

	e.Reset()
	if err := e.Fault(fault.Lost("freezer.clients.create")); err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+"/v1/clients", strings.NewReader(`{"client_id":"a","hostname":"h"}`))
	r.Header.Set("X-Auth-Token", "demo-token")
	c := e.Client()
	defer c.CloseIdleConnections()
	if resp, err := c.Do(r); err == nil {
		_ = resp.Body.Close()
		t.Errorf("the answer is there: %s", resp.Status)
	}
	if status := create(); status != http.StatusConflict {
		t.Errorf("after a lost answer: %d, want 409: it was created", status)
	}
}

// Ensure a misspelled operation or status is reported wherever a test names one. Otherwise nothing
// would match it, and a test that expects no request would pass.
func TestMisspeltOperationsAreTold(t *testing.T) {
	t.Parallel()
	const wrong, hint = "freezer.clients.creat", "did you mean freezer.clients.create?"
	tb := &sheet{}
	defer tb.end()
	e := emulator.NewT(tb)
	brief, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for name, ask := range map[string]func(){
		"Requests": func() { e.Requests(journal.Filter{Operation: wrong}) },
		"Await":    func() { e.Await(brief, journal.Filter{Operation: wrong}, 1) },
		"Expect":   func() { e.Expect(tb, wrong, journal.Exactly(0)) },
		"FailNext": func() { _ = e.FailNext(wrong, 753) },
	} {
		if told := tb.of(ask); !strings.Contains(told, hint) {
			t.Errorf("%s: %q", name, told)
		}
	}
	for _, p := range []journal.Pattern{{Operation: wrong}, {Status: "5x"}} {
		if v := e.Verify(journal.Expectation{Pattern: p, Requests: journal.Exactly(0)}); v.Passed {
			t.Errorf("Verify passes with %+v", p)
		}
	}
	if v := e.Verify(journal.Expectation{Pattern: journal.Pattern{Operation: wrong}, Requests: journal.Exactly(0)}); !strings.Contains(v.String(), hint) {
		t.Errorf("Verify: %s", v)
	}
	plain, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, hint) {
			t.Errorf("outside of a test: %s", p)
		}
	}()
	plain.Requests(journal.Filter{Operation: wrong})
}

// Ensure fixtures, scenarios and states can be given as text, as values, and in a file system.
func TestDataAtHand(t *testing.T) {
	t.Parallel()
	client := func(id string) map[string]any {
		return map[string]any{"user_id": "0cd44caf6db5486b94a04b33256a5ff4", "client": map[string]any{"client_id": id, "hostname": "h"}}
	}
	value := map[string]any{"freezer": map[string]any{"clients": []any{client("of-a-value")}}}
	files := fstest.MapFS{
		"base.yaml":       {Data: []byte("freezer: {clients: [{user_id: 0cd44caf6db5486b94a04b33256a5ff4, client: {client_id: of-base, hostname: h}}]}")},
		"more/extra.yaml": {Data: []byte("extends: ../base.yaml\nfreezer: {clients: [{user_id: 0cd44caf6db5486b94a04b33256a5ff4, client: {client_id: of-extra, hostname: h}}]}")},
	}
	e := emulator.NewT(t,
		emulator.WithFixtureData("freezer: {clients: [{user_id: 0cd44caf6db5486b94a04b33256a5ff4, client: {client_id: of-text, hostname: h}}]}"),
		emulator.WithFixtureData(value),
		emulator.WithFixtureFS(files, "more/extra.yaml"),
		emulator.WithScenarioData("name: mine\nfaults: [{use: freezer.clients.create/503}]\nexpect: [{operation: freezer.clients.create, requests: 1}]"),
	)
	list := func() string {
		return recorded(e, "GET", "/v1/clients", "", "X-Auth-Token", "demo-token").Body.String()
	}
	for _, id := range []string{"of-text", "of-a-value", "of-base", "of-extra"} {
		if !strings.Contains(list(), id) {
			t.Errorf("%s is not there: %s", id, list())
		}
	}
	if status := recorded(e, "POST", "/v1/clients", "{}", "X-Auth-Token", "demo-token").Code; status != http.StatusServiceUnavailable {
		t.Errorf("the scenario answers %d", status)
	}
	if v := e.Verify(); !v.Passed {
		t.Errorf("the scenario's expectation: %s", v)
	}

	state, err := e.State("freezer")
	if err != nil || !json.Valid(state) || !strings.Contains(string(state), "of-extra") {
		t.Fatalf("the state: %v %s", err, state)
	}
	if err := e.Load(map[string]any{"freezer": map[string]any{}}); err != nil || strings.Contains(list(), "of-extra") {
		t.Errorf("an empty state: %v %s", err, list())
	}
	if err := e.Load(state); err != nil || !strings.Contains(list(), "of-extra") {
		t.Errorf("the state again: %v %s", err, list())
	}
	if err := e.Load("freezer: {client: []}"); err == nil || !strings.Contains(err.Error(), `did you mean "clients"?`) {
		t.Errorf("a state with a mistake: %v", err)
	}
	if _, err := e.State("frezer"); err == nil || !strings.Contains(err.Error(), `did you mean "freezer"?`) {
		t.Errorf("a section that is misspelt: %v", err)
	}
	if _, err := emulator.New(emulator.WithFixtureFS(files, "missing.yaml")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Ensure an entry prints as the command prints it.
func TestEntriesPrintAsLines(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	recorded(e, "GET", "/v1/clients", "", "X-Auth-Token", "demo-token")
	if text := fmt.Sprint(e.Requests()[0]); !strings.Contains(text, "200  GET    /v1/clients  [freezer.clients.list]  demo") {
		t.Errorf("got %q", text)
	}
}

// Ensure fixtures from files and by value can be combined in any order, and that the later of two
// scenarios applies.
func TestFixturesGoTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mine.yaml")
	text := "freezer: {clients: [{user_id: 0cd44caf6db5486b94a04b33256a5ff4, client: {client_id: of-%s, hostname: h}}]}"
	if err := os.WriteFile(path, fmt.Appendf(nil, text, "disk"), 0o600); err != nil {
		t.Fatal(err)
	}
	disk, data := emulator.WithFixture(path), emulator.WithFixtureData(fmt.Sprintf(text, "data"))
	files := emulator.WithFixtureFS(fstest.MapFS{"a.yaml": {Data: fmt.Appendf(nil, text, "files")}}, "a.yaml")
	for name, opts := range map[string][]emulator.Option{
		"disk, data, files": {disk, data, files}, "files, disk, data": {files, disk, data}, "data, files, disk": {data, files, disk},
	} {
		e, err := emulator.New(opts...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		state, _ := e.State("freezer")
		for _, id := range []string{"of-disk", "of-data", "of-files"} {
			if !strings.Contains(string(state), id) {
				t.Errorf("%s: %s is not there", name, id)
			}
		}
	}
	byName, byData := emulator.WithScenario("unavailable"), emulator.WithScenarioData("name: mine\nfaults: [{name: of-data, use: freezer.clients.create/401}]")
	for want, opts := range map[string][]emulator.Option{"of-data": {byName, byData}, "unavailable": {byData, byName}} {
		e, err := emulator.New(opts...)
		if err != nil {
			t.Fatal(err)
		}
		if all := e.Faults(); len(all) != 1 || all[0].Name != want {
			t.Errorf("the rules are %+v, want %s", all, want)
		}
	}
	if _, err := emulator.New(emulator.WithScenarioData([]byte(nil))); err == nil {
		t.Error("a scenario without a byte was taken")
	}
}

// Ensure the clock starts as the options say.
func TestClockOptions(t *testing.T) {
	t.Parallel()
	at := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	e := emulator.NewT(t, emulator.WithStartTime(at))
	if d := e.Now().Sub(at); d < 0 || d > time.Minute {
		t.Errorf("a clock that starts at %s shows %s", at, e.Now())
	}
	ahead := e.Sandbox(t, emulator.WithClockOffset(time.Hour))
	if d := time.Until(ahead.Now()); d < 59*time.Minute || d > 61*time.Minute {
		t.Errorf("a clock that is an hour ahead is %s ahead", d)
	}
	real := e.Sandbox(t, emulator.WithClockOffset(0))
	if d := time.Until(real.Now()); d > time.Minute || d < -time.Minute {
		t.Errorf("the real clock is %s ahead", d)
	}
	frozen := e.Sandbox(t, emulator.WithTime(at))
	if !frozen.Now().Equal(at) {
		t.Errorf("a clock that is frozen at %s shows %s", at, frozen.Now())
	}
}

// Ensure a server whose control API had no address to listen on leaves the control API to other
// servers.
func TestControlStaysAfterAFailedStart(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	if _, err := e.Start(t.Context(), "127.0.0.1:0", "control=127.0.0.1:99999"); err == nil {
		t.Fatal("the port 99999 was listened on")
	}
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Client()
	defer c.CloseIdleConnections()
	if status := statusOf(t, c, s.URL+"/_standin/requests"); status != http.StatusOK {
		t.Errorf("the control API answers %d", status)
	}
}

// Ensure an invalid expectation is not met: one about an unknown rule, or with an empty range.
func TestSenselessExpectations(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	for want, expect := range map[string]journal.Expectation{
		`no rule "misspelt"`:              {Pattern: journal.Pattern{Fault: "misspelt"}, Requests: journal.Exactly(0)},
		"min 3 is greater than max 1":     {Pattern: journal.Pattern{Method: "GET"}, Requests: &journal.Range{Min: 3, Max: new(1)}},
		"the expectation is empty":        {},
		"only standin run judges exit":    {Exit: "1"},
		"only standin run judges outcome": {Outcome: journal.Outcomes{journal.Tolerated}},
	} {
		if v := e.Verify(expect); v.Passed || len(v.Judgements) != 1 || !strings.Contains(v.String(), want) {
			t.Errorf("%s: %s", want, v)
		}
	}
}

// Ensure the body of a rule, and the value in a test of a body, can be any Go value.
func TestRulesTakeValuesOfGo(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	rule := fault.Rule{
		Where: fault.Where{Operation: "freezer.clients.create", Body: map[string]fault.BodyTest{"/port": {Equals: 7}}},
		What:  fault.What{Status: 503, Body: map[string]any{"why": []int{1, 2}}},
	}
	if err := e.Fault(rule); err != nil {
		t.Fatal(err)
	}
	w := recorded(e, "POST", "/v1/clients", `{"client_id":"a","hostname":"h","port":7}`, "X-Auth-Token", "demo-token")
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != `{"why":[1,2]}` {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	patch := fault.Rule{What: fault.What{Patch: map[string]any{"title": nil, "more": map[string]int{"a": 1}}}}
	if err := e.Fault(patch); err != nil {
		t.Fatal(err)
	}
	w = recorded(e, "DELETE", "/v1/clients/none", "", "X-Auth-Token", "demo-token")
	if w.Body.String() != `{"description":"No Client found with ID:none","more":{"a":1}}` {
		t.Errorf("a patch makes %s", w.Body)
	}
	plain, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Fault(fault.Rule{What: fault.What{Status: 503, Body: func() {}}}); err == nil || !strings.Contains(err.Error(), "body") {
		t.Errorf("a body that is no JSON: %v", err)
	}
}

// Ensure rules in Go cannot have negative durations, as files cannot.
func TestDurationsAreNotNegative(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, what := range map[string]fault.What{
		"a delay":       {Delay: fault.Fixed(-time.Second)},
		"a uniform one": {Delay: &fault.Delay{Uniform: &fault.Uniform{Min: -1, Max: 1}}},
		"a normal one":  {Delay: &fault.Delay{Normal: &fault.Normal{Mean: 1, StdDev: -1}}},
		"a hang":        {Connection: &fault.Connection{Kind: fault.Hang, For: -1}},
		"a dribble":     {Dribble: &fault.Dribble{Chunks: 2, Over: -1}},
	} {
		if err := e.Fault(fault.Rule{What: what}); err == nil || !strings.Contains(err.Error(), "negative") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
