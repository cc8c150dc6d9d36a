package emulator_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// played starts an emulator on virtual time, lets a client act, and judges expectations. An
// expectation is met if its text is empty. Else the verdict has the text.
func played(t *testing.T, rules []fault.Rule, act func(p *player), expect func(v func(want string, e journal.Expectation))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New(emulator.WithFixture("default"), emulator.WithFault(rules...))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		p := &player{t: t, e: e, c: e.Client(), token: "demo-token"}
		defer p.c.CloseIdleConnections()
		act(p)
		synctest.Wait()
		expect(func(want string, x journal.Expectation) {
			t.Helper()
			if v := e.Verify(x); v.Passed != (want == "") || !strings.Contains(v.String(), want) {
				t.Errorf("passed %v, want %q in\n%s", v.Passed, want, v)
			}
		})
	})
}

// Ensure patterns match the content of requests, as rules do.
func TestContentOfRequests(t *testing.T) {
	t.Parallel()
	create := func(body map[string]fault.BodyTest) journal.Expectation {
		return journal.Expectation{Pattern: journal.Pattern{Operation: "freezer.clients.create", Body: body}}
	}
	played(t, nil, func(p *player) {
		p.do("POST", "/v1/clients", `{"client_id": "a", "hostname": "h", "n": 1}`)
		p.do("GET", "/v1/clients?limit=2&offset=", "")
		p.token = "nobody-token"
		p.list()
		p.do("POST", "/v1/clients", `{"client_id": "`+strings.Repeat("x", journal.KeptBody)+`"}`)
	}, func(v func(want string, e journal.Expectation)) {
		exactly := func(n int, p journal.Pattern) journal.Expectation {
			return journal.Expectation{Pattern: p, Requests: journal.Exactly(n)}
		}
		v("and 1 whose body is longer than the 16 KiB", create(map[string]fault.BodyTest{"/hostname": {Equals: "other"}}))
		small := journal.Pattern{Operation: "freezer.clients.create", Caller: fault.Caller{User: "demo"}}
		for want, tests := range map[string]map[string]fault.BodyTest{
			"":                        {"/hostname": {Equals: "h"}, "/n": {Equals: 1}, "/client_id": {Matches: new("^[ab]$")}, "/x": {Exists: new(false)}},
			`body /n = 2: 1 requests`: {"/n": {Equals: 2}},
			"body without /n":         {"/n": {Exists: new(false)}},
		} {
			p := small
			p.Body = tests
			v(want, exactly(1, p))
		}
		list := journal.Pattern{Operation: "freezer.clients.list"}
		with := func(change func(p *journal.Pattern)) journal.Pattern { p := list; change(&p); return p }
		v("", exactly(1, with(func(p *journal.Pattern) { p.Query = map[string]*string{"limit": new("2"), "marker": nil} })))
		v("query limit=3", exactly(1, with(func(p *journal.Pattern) { p.Query = map[string]*string{"limit": new("3")} })))
		v("", exactly(1, with(func(p *journal.Pattern) { p.Query = map[string]*string{"limit": nil} })))
		v("", exactly(2, with(func(p *journal.Pattern) { p.Header = map[string]*string{"content-type": new("*json"), "X-None": nil} })))
		v("", exactly(2, with(func(p *journal.Pattern) { p.Header = map[string]*string{"Host": new("standin")} })))
		v("", exactly(1, with(func(p *journal.Pattern) { p.Caller = fault.Caller{User: "demo", Token: "demo-*", Project: "demo"} })))
		v("freezer.clients.list, a token: 1 requests (0)", exactly(1, with(func(p *journal.Pattern) { p.Caller = fault.Caller{Token: "other"} })))
		v("", exactly(4, journal.Pattern{Ended: journal.Answered}))
		v(`"X Y" is not a header name`, exactly(0, with(func(p *journal.Pattern) { p.Header = map[string]*string{"X Y": nil} })))
		v("missing closing ]", create(map[string]fault.BodyTest{"/a": {Matches: new("[")}}))
	})
}

// Ensure waits are judged between the attempts of a request, and between the requests of a sequence.
func TestWaits(t *testing.T) {
	t.Parallel()
	second := func(n float64) fault.Duration { return fault.Duration(n * float64(time.Second)) }
	down := fault.Rule{Name: "down", Where: fault.Where{Operation: "freezer.clients.list"}, When: fault.When{Times: new(2)}, What: fault.What{Status: 503}}
	played(t, []fault.Rule{down}, func(p *player) {
		p.list() // 1
		time.Sleep(time.Second)
		p.list() // 2
		time.Sleep(3 * time.Second)
		p.list() // 3, which succeeds
		p.do("GET", "/v3/images", "")
	}, func(v func(want string, e journal.Expectation)) {
		waits := func(min, max float64, change func(e *journal.Expectation)) journal.Expectation {
			e := journal.Expectation{Pattern: journal.Pattern{Operation: "freezer.*"}, Waits: &journal.Waits{Min: second(min), Max: second(max)}}
			if change != nil {
				change(&e)
			}
			return e
		}
		v("", waits(1, 3, nil))
		v("freezer.*: at least 2s before it is sent again (2 came 1000 ms after the end of 1)", waits(2, 0, nil))
		v("freezer.*: at most 2s before it is sent again (3 came 3000 ms after the end of 2)", waits(0, 2, nil))
		v("", waits(1, 3, func(e *journal.Expectation) { e.Status = "503" }))
		v("no such request was sent again", waits(1, 0, func(e *journal.Expectation) { e.Operation = "devops.images.list" }))
		v("", waits(1, 0, func(e *journal.Expectation) { e.Operation, e.Attempts = "devops.images.list", &journal.Range{Min: 1} }))
		v("no such request)", waits(1, 0, func(e *journal.Expectation) { e.Operation = "barbican.*" }))
		v("", waits(1, 0, func(e *journal.Expectation) { e.Operation, e.Requests = "barbican.*", journal.Exactly(0) }))

		inOrder := func(min, max float64, statuses ...string) journal.Expectation {
			e := journal.Expectation{Waits: &journal.Waits{Min: second(min), Max: second(max)}}
			for _, s := range statuses {
				e.Sequence = append(e.Sequence, journal.Pattern{Operation: "freezer.*", Status: s})
			}
			return e
		}
		v("", inOrder(1, 3, "503", "503", "200"))
		v("", inOrder(2.5, 3.5, "503", "200")) // 2 and 3: the first 503 is too early
		v("", inOrder(4, 4, "503", "200"))     // 1 and 3
		v("with waits of 5s to 6s (the first 1 of 2; then 3 came 3000 ms after the end of 2)", inOrder(5, 6, "503", "200"))
		v("the first 2 of 3; then 3 came 3000 ms after the end of 2", inOrder(0.5, 2, "503", "503", "200"))
		v("then no freezer.*, status 404", inOrder(1, 0, "503", "404"))
		v("needs at least two patterns", inOrder(1, 0, "503"))
		v("min 3s is greater than max 1s", waits(3, 1, nil))
		v("waits needs min or max", waits(0, 0, nil))
	})
}

// Ensure the records at the end are judged, with the requests that wrote them.
func TestRecordsAtTheEnd(t *testing.T) {
	t.Parallel()
	lost := fault.Rule{Name: "lost", Where: fault.Where{Operation: "privx.api-clients.create"}, Phase: fault.After, What: fault.What{Connection: &fault.Connection{Kind: fault.Reset}}}
	state := func(collection string, r journal.Records) journal.Expectation {
		return journal.Expectation{State: map[string]journal.Records{collection: r}}
	}
	named := map[string]fault.BodyTest{"/name": {Equals: "robot"}}
	once := journal.Expectation{Pattern: journal.Pattern{Operation: "*.create"}, CreatedOnce: true}
	played(t, []fault.Rule{lost}, func(p *player) { p.patiently("POST", apiClients, robot) }, func(v func(want string, e journal.Expectation)) {
		v("", state("privx.api_clients", journal.Records{Where: named, Count: journal.Exactly(2)}))
		v(`privx.api_clients: 1 records at the end, /name = "robot" (2; created by 1, 2)`, state("privx.api_clients", journal.Records{Where: named, Count: journal.Exactly(1)}))
		v("", state("privx.api_clients", journal.Records{Where: named}))
		v("", state("freezer.clients", journal.Records{Count: journal.Exactly(3)}))
		v(`no collection "freezer.client", did you mean "freezer.clients"?`, state("freezer.client", journal.Records{}))
		v("each request creates its records once (1 created privx.api_clients ", once)
		v("the records at the end are those of the start (privx.api_clients ", journal.Expectation{Unchanged: true})
		v("was created by 2", journal.Expectation{Unchanged: true})
	})
	played(t, nil, func(p *player) {
		p.login() // a token is no record
		p.do("POST", "/v1/clients", node)
		p.do("DELETE", "/v1/clients/a", "")
		p.list()
	}, func(v func(want string, e journal.Expectation)) {
		v("", journal.Expectation{Unchanged: true})
		v("", once)
		v("no such request", journal.Expectation{Pattern: journal.Pattern{Operation: "barbican.*.create"}, CreatedOnce: true})
		v("only one of: a pattern", journal.Expectation{Unchanged: true, CreatedOnce: true})
	})
}

// Ensure what was loaded into a sandbox is no change, and that a reset and a snapshot are none.
func TestUnchangedSinceLoaded(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	unchanged := func() bool { return e.Verify(journal.Expectation{Unchanged: true}).Passed }
	create := func() {
		recorded(e, "POST", "/v1/clients", node, "X-Auth-Token", "demo-token", "Content-Type", "application/json")
	}
	if err := e.Load("{extends: default}"); err != nil || !unchanged() {
		t.Errorf("after a fixture was loaded: %v", err)
	}
	if create(); unchanged() {
		t.Error("a client was created")
	}
	if e.Reset(); !unchanged() {
		t.Error("after a reset")
	}
	create()
	if err := e.Snapshot("s"); err != nil || unchanged() {
		t.Errorf("a snapshot changes nothing: %v", err)
	}
	if err := e.Restore("s"); err != nil || !unchanged() {
		t.Errorf("after the world was restored: %v", err)
	}
}
