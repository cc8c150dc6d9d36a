package control_test

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/internal/servicetest"
)

// Ensure invalid rules, scenarios, sandboxes and queries are refused with the mistake and its
// place, and change nothing.
func TestControlRefuses(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(fault.Rule{Name: "kept", Use: "freezer.clients.create/753"}))
	if err != nil {
		t.Fatal(err)
	}
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"what":{"status":503}},`, 100_000), ",") + "]"
	tests := []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"no body", "POST", "faults", "", 400, "the request has no body"},
		{"no JSON", "POST", "faults", "{", 400, "(request body):2:1"},
		{"an unknown key", "POST", "faults", `{"what":{"statsu":503}}`, 400, `(request body):1:10: unknown key \"statsu\", did you mean \"status\"?`},
		{"all mistakes at once", "POST", "faults", `[{"what":{"status":42}},{"when":{"probability":2},"what":{"delay":"soon"}}]`, 400, `expected a duration such as 250ms or 2s`},
		{"a rule that does nothing", "POST", "faults", `{"where":{"operation":"freezer.*"}}`, 400, "the rule does nothing"},
		{"a second mistake", "POST", "faults", `[{"use":"freezer.clients.create/753","name":"new"},{"use":"freezer.clients.create/999"}]`, 400, `documents no failure \"999\"; expected 400, 401`},
		{"a name that is taken", "POST", "faults", `{"name":"kept","what":{"status":503}}`, 400, `there is a rule \"kept\" already`},
		{"ten megabytes", "POST", "faults", `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, 413, "larger than"},
		{"a hundred thousand rules", "POST", "faults", many, 400, "a sandbox has at most 10000"},
		{"a scenario with mistakes", "PUT", "scenario", "name: x\nfaults:\n  - {use: freezer.clients.create/7}\n", 400, "(request body):3:11: freezer.clients.create documents no failure"},
		{"a scenario with a path", "PUT", "scenario", `{"name":"x","fixture":"/etc/passwd"}`, 400, `no built-in fixture`},
		{"an unknown scenario", "PUT", "scenario", `{"name":"flakey"}`, 400, `did you mean \"flaky\"?`},
		{"a scenario with a quirk", "PUT", "scenario", `{"name":"x","quirks":["a"]}`, 400, `no quirk \"a\"`},
		{"an unknown sandbox", "GET", "sandboxes/nobody/faults", "", 404, `no sandbox \"nobody\"`},
		{"questions about a sandbox that is not there", "GET", "../~nobody/_standin/requests", "", 404, `no sandbox \"nobody\"`},
		{"a verdict on a sandbox that is not there", "POST", "../~nobody/_standin/verify", "", 404, `no sandbox \"nobody\"`},
		{"a status that is none", "GET", "requests?status=abc", "", 400, "expected a status such as 503"},
		{"an end that is none", "GET", "requests?ended=foo", "", 400, "expected open, answered, aborted or cut"},
		{"an operation that is none", "GET", "requests?operation=freezer.clients.creat", "", 400, "did you mean freezer.clients.create?"},
		{"a word that is none", "GET", "requests?canonical=yes", "", 400, "expected true or false"},
		{"a misspelt parameter", "GET", "requests?stauts=503", "", 400, `unknown parameter \"stauts\", did you mean \"status\"?; there are operation, status,`},
		{"a filter where there are none", "DELETE", "requests?status=503", "", 400, `unknown parameter \"status\"; DELETE /_standin/requests takes none`},
		{"a form where there is one", "GET", "clock?format=text", "", 400, `unknown parameter \"format\"; GET /_standin/clock takes none`},
		{"a parameter that is spelt otherwise", "POST", "reset?Only=world", "", 400, `did you mean \"only\"?`},
		{"a filter of rules", "GET", "sandboxes/box/faults?name=kept", "", 400, "takes none"},
		{"a parameter of events", "GET", "events?form=1", "", 400, "there are operation, status"},
		{"a sandbox twice", "POST", "sandboxes", `{"name":"box"}`, 409, `there already is a sandbox \"box\"`},
		{"a sandbox of two worlds", "POST", "sandboxes", `{"name":"b","fork":"box","fixture":"empty"}`, 400, "fixture and fork cannot both be given"},
		{"an unknown profile", "POST", "sandboxes", `{"name":"b","profile":"observant"}`, 400, "no profile"},
		{"a sandbox with a path", "POST", "sandboxes", `{"name":"b","scenario":"../x.yaml"}`, 400, "no built-in scenario"},
		{"two clocks", "PUT", "clock", `{"advance":"1h","resume":true}`, 400, "expected one of"},
		{"a clock in words", "PUT", "clock", `{"set":"noon"}`, 400, "expected a time such as"},
		{"a long wait", "GET", "requests?wait=2h", "", 400, "up to 5m0s"},
		{"an expectation in words", "POST", "verify", `{"expect":[{"operation":"freezer.clients.creat"}]}`, 400, "did you mean freezer.clients.create?"},
		{"an impossible range", "POST", "verify", `[{"status":503,"requests":{"min":3,"max":2}}]`, 400, "min 3 is greater than max 2"},
		{"an unknown rule", "POST", "verify", `[{"fault":"kep"}]`, 400, `no rule \"kep\", did you mean \"kept\"?`},
		{"a bad status", "POST", "verify", `[{"status":"5x"}]`, 400, "expected a status such as 503"},
	}
	servicetest.Recorded(e, "POST", "/_standin/sandboxes", `{"name":"box"}`)
	before := servicetest.Recorded(e, "GET", "/_standin/faults", "").Body.String() + servicetest.Recorded(e, "GET", "/_standin/sandboxes", "").Body.String()
	for _, tt := range tests {
		w := servicetest.Recorded(e, tt.method, path.Join("/_standin", tt.path), tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %.300s", tt.name, w.Code, w.Body)
		}
	}
	after := servicetest.Recorded(e, "GET", "/_standin/faults", "").Body.String() + servicetest.Recorded(e, "GET", "/_standin/sandboxes", "").Body.String()
	timeless := func(s string) string { return regexp.MustCompile(`"now":"[^"]*"`).ReplaceAllString(s, "") }
	if timeless(before) != timeless(after) {
		t.Errorf("something was changed: %s, then %s", before, after)
	}
	for _, everybody := range []string{"/_standin/health?now=1", "/?now=1"} {
		if w := servicetest.Recorded(e, "GET", everybody, ""); w.Code != 200 {
			t.Errorf("%s: %d %s", everybody, w.Code, w.Body)
		}
	}
}

// Ensure an empty body is a mistake, and a long invalid value is not repeated in full.
func TestStateRefuses(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "control", "default", []servicetest.Step{
		{Method: "PUT", Path: "/_standin/state", Status: 400, Want: servicetest.Has("no body")},
		{Method: "PUT", Path: "/_standin/state", Body: strings.Repeat("a", 3<<20), Status: 400, Not: servicetest.Has(strings.Repeat("a", 100))},
		{Method: "PUT", Path: "/_standin/state/devops", Body: `{"freezer":{}}`, Status: 400, Want: servicetest.Has(`expected a fixture with the section`)},
		{Method: "PUT", Path: "/_standin/state", Body: `{"extends":"/etc/passwd"}`, Status: 400, Want: servicetest.Has("1:12: extends")},
		{Method: "GET", Path: "/_standin/state/devops", Status: 200, Want: servicetest.Has("ami-63071b0a")},
	})
}

// Ensure at most twenty mistakes are reported at once.
func TestMistakesAreLimited(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	var keys, values []string
	for i := range 20_000 {
		keys, values = append(keys, fmt.Sprintf(`"k%d":1`, i)), append(values, `{"x":1}`)
	}
	unknown := "{" + strings.Join(keys, ",") + "}"
	for _, tt := range []struct{ method, path, body string }{
		{"POST", "sandboxes", unknown}, {"PUT", "clock", unknown}, {"POST", "snapshots", unknown}, {"POST", "faults", unknown},
		{"PUT", "scenario", unknown}, {"PUT", "state", unknown}, {"POST", "verify", "[" + strings.Join(values, ",") + "]"},
	} {
		w := servicetest.Recorded(e, tt.method, "/_standin/"+tt.path, tt.body)
		if n := strings.Count(w.Body.String(), "(request body):"); w.Code != 400 || n == 0 || n > 20 || w.Body.Len() > 20_000 {
			t.Errorf("%s %s: %d, %d mistakes, %d bytes", tt.method, tt.path, w.Code, n, w.Body.Len())
		}
	}
}

// Ensure a word that is much too long is refused without comparing it with all known words.
func TestLongWords(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("freezer.clients.", 4000)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/" + long, ""},
		{"GET", "/_standin/sandboxes/" + long, ""},
		{"GET", "/~" + long + "/_standin/state", ""},
		{"POST", "/_standin/faults", `{"use":"` + long + `/503"}`},
		{"POST", "/_standin/faults", `{"` + long + `":1}`},
		{"PUT", "/_standin/scenario", `{"name":"` + long + `"}`},
		{"GET", "/_standin/requests?" + long + "=1", ""},
		{"POST", "/_standin/reset?only=" + long, ""},
		{"POST", "/_standin/sandboxes", `{"name":"x","fixture":"` + long + `"}`},
	} {
		w := servicetest.Recorded(e, tt.method, tt.path, tt.body)
		if w.Code != 400 && w.Code != 404 || strings.Contains(w.Body.String(), "did you mean") {
			t.Errorf("%s %.40s: %d %.200s", tt.method, tt.path, w.Code, w.Body)
		}
	}
}
