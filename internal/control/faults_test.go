package control_test

import (
	"fmt"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure a rule can be armed, is counted, shown and removed over HTTP. Ensure the aliases of
// WireMock work.
func TestRulesOverHTTP(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string) string {
		w := servicetest.Recorded(e, method, path, body)
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	do("POST", "/_standin/faults", `{"use":"freezer.clients.list/401"}`)
	do("POST", "/_standin/faults", `{"faults":[{"what":{"status":599},"where":{"operation":"freezer.*"},"when":{"times":0}},{"name":"tail","what":{"delay":{"uniform":{"min":"1ms","max":"2ms"}}}}]}`)
	for _, want := range []int{401, 599} {
		if got := servicetest.Status(e, "/v1/clients"); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	list := do("GET", "/_standin/faults", "")
	for _, want := range []string{
		`"name":"freezer.clients.list/401","use":"freezer.clients.list/401"`, `"matched":2,"fired":1`, `"name":"rule-1"`,
		`"when":{"times":0}`, `"delay":{"uniform":{"min":"1ms","max":"2ms"}}`,
	} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in %s", want, list)
		}
	}
	if got := do("GET", "/_standin/faults/freezer.clients.list/401", ""); !strings.HasPrefix(got, `200 {"name":"freezer.clients.list/401"`) {
		t.Error(got)
	}
	if got := do("DELETE", "/_standin/faults/rule-1", ""); got != "204 " {
		t.Error(got)
	}
	if got := servicetest.Status(e, "/v1/clients"); got != 200 {
		t.Errorf("after the rule: %d", got)
	}
	if got := do("GET", "/__admin/requests", ""); !strings.Contains(got, `"last":3`) {
		t.Error(got)
	}
	if got := do("POST", "/__admin/reset", ""); got != "204 " {
		t.Error(got)
	}
	if got := do("GET", "/_standin/faults", "") + do("GET", "/_standin/requests", ""); got != `200 []200 {"requests":[],"last":0,"evicted":0,"incomplete":false}` {
		t.Error(got)
	}
}
