package sandbox_test

import (
	"strings"
	"testing"

	"standin/internal/core"
	"standin/internal/sandbox"
	"standin/internal/servicetest"
)

// Ensure a scenario starts from the sandbox's first start, not from the scenario before it.
func TestScenariosDoNotAddUp(t *testing.T) {
	t.Parallel()
	e := begin(t, core.Options{})
	for _, name := range []string{"maintenance-window", "flaky", "short-pages", "unavailable"} {
		if w := servicetest.Recorded(e, "PUT", "/_standin/scenario", `{"name":"`+name+`"}`); w.Code != 204 {
			t.Fatalf("%s: %s", name, w.Body)
		}
	}
	info := servicetest.Recorded(e, "GET", "/_standin/sandboxes/default", "").Body.String()
	if !strings.Contains(info, `"seed":1,`) || !strings.Contains(info, `"mode":"real"`) {
		t.Errorf("got %s", info)
	}
	if err := e.Apply(sandbox.Plan{Scenario: "syntax-error"}); err != nil {
		t.Fatal(err)
	}
	if body := servicetest.Recorded(e, "GET", "/v1/clients", "").Body.String(); body != `{"clients":[]}` {
		t.Errorf("the fixture of short-pages stayed: %s", body)
	}
}

// Ensure scenarios can be taken back: the sandbox, and a later reset, start as the sandbox first did.
func TestScenariosAreTakenBack(t *testing.T) {
	t.Parallel()
	e := begin(t, core.Options{Plan: sandbox.Plan{Scenario: "flaky"}})
	ask := func(method, path, body string) string {
		t.Helper()
		w := servicetest.Recorded(e, method, path, body)
		if w.Code >= 400 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	first := ask("GET", "/_standin/faults", "")
	for _, name := range []string{"unavailable", "short-pages"} {
		ask("PUT", "/_standin/scenario", `{"name":"`+name+`"}`)
	}
	ask("POST", "/_standin/faults", `{"where":{"path":"/v1/*"},"what":{"status":503}}`)
	ask("DELETE", "/_standin/scenario", "")
	for _, after := range []string{"taken back", "reset"} {
		if got := ask("GET", "/_standin/faults", ""); got != first {
			t.Errorf("%s: the rules are %s, want %s", after, got, first)
		}
		if got := ask("GET", "/_standin/sandboxes/default", ""); !strings.Contains(got, `"scenario":"flaky"`) {
			t.Errorf("%s: %s", after, got)
		}
		ask("POST", "/_standin/reset", "")
	}
}

// Ensure a fork keeps its world, whatever fixture a scenario has.
func TestForkWithScenario(t *testing.T) {
	t.Parallel()
	e := begin(t, core.Options{})
	if w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", `{"name":"fork","fork":"default","scenario":"short-pages"}`); w.Code != 201 {
		t.Fatal(w.Body)
	}
	if body := servicetest.Recorded(e, "GET", "/~fork/v1/clients", "").Body.String(); body != `{"clients":[]}` {
		t.Errorf("got %s", body)
	}
	if w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", `{"name":"x","fixture":"default","snapshot":"s"}`); w.Code != 400 {
		t.Errorf("a fixture and a snapshot: %d", w.Code)
	}
}
