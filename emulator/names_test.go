package emulator_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/control"
)

// Ensure a sandbox needs no name, takes one from any text, and says how clients reach
// it and log in.
func TestSandboxesAreNamed(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("default"))
	if err != nil {
		t.Fatal(err)
	}
	create := func(body string) control.Info {
		t.Helper()
		w := recorded(e, "POST", "/_standin/sandboxes", body)
		var i control.Info
		if err := json.Unmarshal(w.Body.Bytes(), &i); err != nil || w.Code != http.StatusCreated || i.Access == nil {
			t.Fatalf("%s: %d %s, %v", body, w.Code, w.Body, err)
		}
		return i
	}
	long := strings.Repeat("long", 100)
	var names []string
	for _, tt := range []struct{ body, want string }{
		{`{}`, "sandbox-1"},
		{`{"name":"sandbox-2"}`, "sandbox-2"},
		{`{}`, "sandbox-3"},
		{`{"for":"tests/test_a.py::TestB::test_c[503-x]"}`, "tests-test_a.py-TestB-test_c-503-x"},
		{`{"for":"tests/test_a.py::TestB::test_c[503-x]"}`, "tests-test_a.py-TestB-test_c-503-x-2"},
		{`{"for":"../../default"}`, "default-2"},
		{`{"for":"测试"}`, "sandbox-"},
		{`{"for":"试测"}`, "sandbox-"},
		{`{"for":"` + long + `"}`, "longlong"},
		{`{"for":"` + long + `er"}`, "longlong"},
	} {
		i := create(tt.body)
		if !strings.HasPrefix(i.Name, tt.want) || len(tt.want) > 9 && i.Name != tt.want || slices.Contains(names, i.Name) || len(i.Name) > 100 || strings.HasSuffix(tt.want, "-") && strings.Contains(i.Name, "-2") && len(i.Name) < 12 {
			t.Errorf("%s: %q, want %q", tt.body, i.Name, tt.want)
		}
		names = append(names, i.Name)
		if got := i.Environment["STANDIN_URL"]; got != "http://localhost/~"+i.Name {
			t.Errorf("%s is at %s", i.Name, got)
		}
		if w := recorded(e, "GET", "/~"+i.Name+"/v1/clients", "", "X-Auth-Token", i.Token); w.Code != http.StatusOK {
			t.Errorf("the token %q of %s: %d", i.Token, i.Name, w.Code)
		}
	}
	i := create(`{"fixture":"default"}`)
	if i.Environment["OS_AUTH_URL"] != i.URL+"/identity/v3" || i.Environment["OS_USERNAME"] != "demo" || i.Environment["OS_PASSWORD"] != "demo" || i.Environment["PRIVX_API_CLIENT_SECRET"] != "demo-secret" {
		t.Errorf("%+v", i.Access)
	}
	if w := recorded(e, "GET", "/_standin/sandboxes", ""); strings.Contains(w.Body.String(), "environment") {
		t.Errorf("lists are short: %s", w.Body)
	}
	if w := recorded(e, "POST", "/_standin/sandboxes", `{"name":"tests/a"}`); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "letters, digits") {
		t.Errorf("a bad name: %d %s", w.Code, w.Body)
	}
}

// Ensure the journal can be had as lines for people.
func TestRequestsAsText(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	status(e, "/v1/clients")
	for _, w := range []string{
		recorded(e, "GET", "/_standin/requests?format=text", "").Body.String(),
		recorded(e, "GET", "/_standin/requests", "", "Accept", "text/plain").Body.String(),
		recorded(e, "GET", "/_standin/requests", "", "Accept", "text/plain, application/json;q=0.5").Body.String(),
	} {
		if !strings.Contains(w, "    1  200  GET    /v1/clients  [freezer.clients.list]  demo") || strings.Contains(w, "{") {
			t.Error(w)
		}
	}
	for _, accept := range []string{"*/*", "application/json", "", "text/html, application/json"} {
		if w := recorded(e, "GET", "/_standin/requests", "", "Accept", accept); !strings.HasPrefix(w.Body.String(), `{"requests"`) {
			t.Errorf("Accept %q: %s", accept, w.Body)
		}
	}
	if w := recorded(e, "GET", "/_standin/requests?format=xml", ""); w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Ensure POST verify takes one expectation as well as a list.
func TestVerifyOne(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	status(e, "/v1/clients")
	for _, tt := range []struct {
		body string
		code int
		want string
	}{
		{`{"operation":"freezer.clients.list"}`, 200, `"freezer.clients.list: at least 1 requests"`},
		{`{"operation":"freezer.clients.list","requests":2}`, 409, `"found":"1"`},
		{`{"expect":[{"operation":"freezer.clients.list"}]}`, 200, `"passed":true`},
		{`{"operation":"freezer.clients.lst"}`, 400, "(request body):1:14: no operation freezer.clients.lst"},
		{`{"exit":0}`, 400, "exit is judged by standin run only"},
		{`[{"exit":"any"}]`, 400, "exit is judged by standin run only"},
		{`{}`, 400, "nothing is expected"},
	} {
		if w := recorded(e, "POST", "/_standin/verify", tt.body); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.body, w.Code, w.Body, tt.want)
		}
	}
}

// Ensure the journal says nothing of paths that are near where the path was not the
// reason, and that the caller of an unknown path is nobody.
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
