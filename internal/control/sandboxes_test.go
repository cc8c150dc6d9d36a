package control_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/control"
	"standin/internal/service"
	"standin/internal/servicetest"
)

// Ensure a sandbox needs no name, accepts a name made from any text, and reports how clients reach
// it and log in.
func TestSandboxesAreNamed(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("default"))
	if err != nil {
		t.Fatal(err)
	}
	create := func(body string) control.Info {
		t.Helper()
		w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", body)
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
		if w := servicetest.Recorded(e, "GET", "/~"+i.Name+"/v1/clients", "", "X-Auth-Token", i.Token); w.Code != http.StatusOK {
			t.Errorf("the token %q of %s: %d", i.Token, i.Name, w.Code)
		}
	}
	i := create(`{"fixture":"default"}`)
	if i.Environment["OS_AUTH_URL"] != i.URL+"/identity/v3" || i.Environment["OS_USERNAME"] != "demo" || i.Environment["OS_PASSWORD"] != "demo" || i.Environment["PRIVX_API_CLIENT_SECRET"] != "demo-secret" {
		t.Errorf("%+v", i.Access)
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/sandboxes", ""); strings.Contains(w.Body.String(), "environment") {
		t.Errorf("lists are short: %s", w.Body)
	}
	if w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", `{"name":"tests/a"}`); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "letters, digits") {
		t.Errorf("a bad name: %d %s", w.Code, w.Body)
	}
}

// Ensure names and tokens that are made for a request through a proxy have its slot. Ensure a request
// whose sandbox only the body names is sent back to the proxy with the name.
func TestSlots(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("default"))
	if err != nil {
		t.Fatal(err)
	}
	slot := []string{service.SlotHeader, "3f"}
	for _, tt := range []struct {
		body   string
		header []string
		status int
		has    string // in the body, or in the header that names the sandbox
	}{
		{`{}`, slot, 201, `"name":"sandbox-1.3f"`},
		{`{"for":"a::b"}`, slot, 201, `"name":"a-b.3f"`},
		{`{"for":"a::b"}`, slot, 201, `"name":"a-b-2.3f"`},
		{`{"for":"a::b"}`, []string{service.SlotHeader, "3F"}, 201, `"name":"a-b"`},
		{`{"for":"a::b"}`, []string{service.SlotHeader, "3f1"}, 201, `"name":"a-b-2"`},
		{`{"name":"mine"}`, slot, 421, "mine"},
		{`{"name":"a b"}`, slot, 400, "letters, digits"},
		{`{"name":"mine"}`, append(slot, service.SandboxHeader, "mine"), 201, `"name":"mine"`},
		{`{"fork":"mine"}`, slot, 421, "mine"},
		{`{"snapshot":"s"}`, slot, 421, "default"},
		{`{"for":"c","fork":"mine"}`, append(slot, service.SandboxHeader, "mine"), 201, `"name":"c.3f"`},
		{`{"name":"copy","fork":"mine"}`, append(slot, service.SandboxHeader, "mine"), 400, "give for in place of name"},
		{`{"name":"copy","snapshot":"s"}`, append(slot, service.SandboxHeader, "mine"), 400, "give for in place of name"},
		{`{"for":"c","fork":"other"}`, append(slot, service.SandboxHeader, "mine"), 421, "other"},
	} {
		w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", tt.body, tt.header...)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) || w.Code == 421 && w.Header().Get(service.SandboxHeader) != tt.has {
			t.Errorf("%s with %q: %d %q %.300s, want %d and %s", tt.body, tt.header, w.Code, w.Header(), w.Body, tt.status, tt.has)
		}
	}
	for path, want := range map[string]string{"/~mine/_standin/sandboxes": "beside", "/~away/_standin/sandboxes": "away"} {
		w := servicetest.Recorded(e, "POST", path, `{"name":"`+want+`"}`)
		if !strings.Contains(w.Body.String(), `"url":"http://localhost/~`+want+`"`) {
			t.Errorf("created at %s: %s", path, w.Body)
		}
	}
	w := servicetest.Recorded(e, "POST", "/~mine/identity/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],`+
		`"password":{"user":{"name":"demo","password":"demo","domain":{"id":"default"}}}},"scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}`, service.SlotHeader, "a7")
	token := w.Header().Get("X-Subject-Token")
	if !regexp.MustCompile(`^gAAAAAB.{68}slota7`).MatchString(token) {
		t.Errorf("the token %s has not the slot a7", token)
	}
	if got := servicetest.Recorded(e, "GET", "/~mine/_standin/requests", "").Body.String(); !strings.Contains(got, "/auth/tokens") || strings.Contains(got, service.SlotHeader) {
		t.Errorf("the journal shows what the proxy sent: %s", got)
	}
	if w := servicetest.Recorded(e, "GET", "/v1/clients", "", "X-Auth-Token", token); w.Code != http.StatusOK || !strings.Contains(servicetest.Recorded(e, "GET", "/~mine/_standin/requests", "").Body.String(), "/v1/clients") {
		t.Errorf("the token does not lead to its sandbox: %d %s", w.Code, w.Body)
	}
}
