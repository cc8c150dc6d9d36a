package control_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/control"
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
