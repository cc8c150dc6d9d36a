package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// Ensure the journal names the check that refused a request, and no check if none did.
func TestRefusedBy(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	const (
		container = "/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90"
		consumer  = `{"name":"n","url":"http://h"}`
		noToken   = "X-Auth-Token="
		asNobody  = "X-Auth-Token=nobody-token"
		asAdmin   = "X-Auth-Token=admin-token"
		anybody   = ""
	)
	quota := "/v1/project-quotas/b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f"
	tests := []struct {
		method, path, body, header string
		status                     int
		want                       string // the expected refused_by; empty if there must be none
	}{
		{"GET", container, "", noToken, 401, "authentication"},
		{"POST", container + "/consumers", consumer, asNobody, 403, "policy: ContainerConsumer creation"},
		{"POST", container + "/consumers", `{"name":"n"}`, anybody, 400, "schema"},
		{"POST", container + "/consumers", `{"name":"n","url":5}`, anybody, 400, "schema: URL"},
		{"POST", container + "/consumers", `{`, anybody, 400, "json"},
		{"POST", container + "/consumers", consumer, "Content-Type=text/plain", 415, "content type"},
		{"PATCH", container + "/consumers", "", anybody, 405, "method"},
		{"GET", "/v1/containers/8f2b6c1d-4e5a-4f70-9b3c-2d1e0f9a8b7c", "", anybody, 404, "container"},
		{"GET", container, "", "Accept=image/png", 406, "accept"},
		{"DELETE", container + "/consumers", `{"name":"none","URL":"http://h"}`, anybody, 404, ""},
		{"POST", container + "/consumers", consumer, anybody, 200, ""},
		{"OPTIONS", container, "", noToken, 200, ""},
		{"PUT", quota, `{"project_quotas":{"consumers":0}}`, "X-Auth-Token=service-admin-token", 204, ""},
		{"POST", container + "/consumers", `{"name":"m","url":"http://h"}`, anybody, 403, "quota"},
		{"POST", "/v1/clients", `{"client_id":"c","hostname":"h"}`, "X-Auth-Token=reader-token", 403, "policy: admin or member"},
		{"POST", "/v1/clients", `{"client_id":5}`, anybody, 400, "schema: client_id"},
		{"POST", "/v1/clients", `{`, anybody, 753, "json"},
		{"GET", "/v1/clients/none", "", anybody, 404, ""},
		{"GET", "/v1/clients?limit=x", "", anybody, 400, "query: limit"},
		{"GET", "/v3/users", "", anybody, 403, "policy: identity:list_users"},
		{"POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["token"],"token":{"id":5}}}}`, noToken, 400, "schema: identity/token/id"},
		{"POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"x","password":"hunter2"}}}}}`, noToken, 401, "authentication"},
		{"DELETE", "/v3/image/none", "", "Authorization=Basic bm9ib2R5Om5vYm9keQ==", 403, "policy: delete_image"},
		{"POST", apiClients, `{"name":5}`, asAdmin, 400, "schema: name"},
	}
	for i, tt := range tests {
		var header []string
		if name, value, ok := strings.Cut(tt.header, "="); ok {
			header = []string{name, value}
		}
		w := asked(e, tt.method, tt.path, tt.body, header...)
		entry := recorded(e, http.MethodGet, fmt.Sprintf("/_standin/requests/%d", i+1), "").Body.String()
		want := fmt.Sprintf(`"refused_by":%q`, tt.want)
		if w.Code != tt.status || tt.want != "" && !strings.Contains(entry, want) || tt.want == "" && strings.Contains(entry, "refused_by") {
			t.Errorf("%s %s %s: status %d, want %d with %s\n%s", tt.method, tt.path, tt.body, w.Code, tt.status, want, entry)
		}
	}
}

// Ensure the journal lists near paths only if the path was the reason, and that the caller of an
// unknown path is unknown.
func TestReasonsInTheJournal(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	if got := status(e, "/v1/clients", "X-Standin-Fault", "statos=503"); got != http.StatusBadRequest {
		t.Errorf("a bad fault: %d", got)
	}
	status(e, "/v1/client")
	entries := e.Requests()
	if near := entries[0].Near; len(near) > 0 {
		t.Errorf("a bad fault is near %v", near)
	}
	if near := entries[1].Near; len(near) == 0 || entries[1].Caller != "" {
		t.Errorf("an unknown path is near %v, of caller %q", near, entries[1].Caller)
	}
}

// Ensure the verdicts of rules count towards the size of the journal.
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

// Ensure only requests that failed have another attempt.
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

// Ensure a verdict on all sandboxes needs the rules of one sandbox to fire there, including deleted
// sandboxes. Ensure it needs a rule whose window ends to fire in any of them.
func TestVerdictOnRulesOfSandboxes(t *testing.T) {
	t.Parallel()
	window := fault.Rule{Name: "window", What: fault.What{Status: 503}, When: fault.When{During: &fault.Window{End: fault.Duration(time.Hour)}}}
	e, err := emulator.New(emulator.WithRemovedSandboxes(), emulator.WithFault(window))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kept", "deleted"} {
		s, err := e.NewSandbox(name)
		if err != nil {
			t.Fatal(err)
		}
		own := fault.Rule{Name: "own", Where: fault.Where{Operation: "freezer.clients.create"}, What: fault.What{Status: 753}}
		open := fault.Rule{Name: "open", What: fault.What{Status: 500}, When: fault.When{During: &fault.Window{Start: fault.Duration(time.Hour)}}}
		if err := s.Fault(own, open); err != nil {
			t.Fatal(err)
		}
	}
	e.DeleteSandbox("deleted")
	for _, want := range []string{"the rule own fires in sandbox kept", "the rule own fires in sandbox deleted", "the rule window fires ("} {
		if v := e.VerifyAll(); v.Passed || strings.Count(v.String(), want) != 1 || strings.Contains(v.String(), "open") {
			t.Errorf("no %s in %s", want, v)
		}
	}
	recorded(e, "GET", "/~kept/v1/clients", "") // the window's rule, which all sandboxes start with, fires
	if v := e.VerifyAll().String(); strings.Contains(v, "window") {
		t.Errorf("after it has fired: %s", v)
	}
}
