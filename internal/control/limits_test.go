package control_test

import (
	"fmt"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/servicetest"
)

// Ensure a request beyond a limit of the control API is refused with the limit, and one at the
// limit is accepted.
func TestLimits(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithSandboxes(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	rule := func(format string, n int) string {
		return fmt.Sprintf(`{"what":{"status":503},`+format+`}`, strings.Repeat("x", n))
	}
	conditions := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"a%d":null`, i))
		}
		return `{"what":{"status":503},"where":{"query":{` + strings.Join(all, ",") + `}}}`
	}
	for _, tt := range []struct {
		name, method, path string
		body               func(n int) string // returns a body at the limit, and one beyond it
		most               int
		status             int // at the limit
		want               string
	}{
		{"a path of a rule", "POST", "faults", func(n int) string { return rule(`"where":{"path":"/%s"}`, n-1) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a glob of a header", "POST", "faults", func(n int) string { return rule(`"where":{"header":{"A":"%s"}}`, n) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a glob of a caller", "POST", "faults", func(n int) string { return rule(`"where":{"caller":{"user":"%s"}}`, n) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a regular expression", "POST", "faults", func(n int) string { return rule(`"where":{"body":{"/a":{"matches":"%s"}}}`, n) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a glob with segments", "POST", "faults", func(n int) string { return rule(`"where":{"path":"/{a}%s"}`, n-4) }, 200, 201, "201 bytes; max 200"},
		{"conditions", "POST", "faults", conditions, 100, 201, "101 conditions; max 100"},
		{"operations", "POST", "faults", func(n int) string {
			return `{"where":{"operation":[` + strings.TrimSuffix(strings.Repeat(`"freezer.*",`, n), ",") + `]},"what":{"status":503}}`
		}, 100, 201, "101 patterns; max 100"},
		{"the name of a rule", "POST", "faults", func(n int) string { return rule(`"name":"%s"`, n) }, 100, 201, "at most 100"},
		{"a delay", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"delay":"%ds"}}`, n) }, 600, 201, "10m0s"},
		{"chunks", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"dribble":{"chunks":%d,"over":"1s"}}}`, n) }, 10_000, 201, "10000"},
		{"bandwidth", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"bandwidth":%d}}`, n) }, 1 << 30, 201, "1073741824"},
		{"garbage", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"connection":{"kind":"garbage","bytes":%d}}}`, n) }, 1 << 20, 201, "1048576"},
		{"records made up", "PUT", "state", func(n int) string { return fmt.Sprintf(`{"freezer":{"generate":{"clients":{"count":%d}}}}`, n) }, 100_000, 204, "100000"},
		{"hundreds of instructions", "POST", "faults", func(n int) string {
			return `{"what":{"status":503},"where":{"body":{"/a":{"matches":"` + strings.Repeat("a{100}", n) + `"}}}}`
		}, 19, 201, "max 2000"},
		{"patterns that are expected", "POST", "verify", func(n int) string {
			return "[" + strings.TrimSuffix(strings.Repeat(`{"operation":"freezer.*","requests":0},`, n), ",") + "]"
		}, scenario.MaxPatterns, 200, "more than 200 patterns"},
		{"the name of a snapshot", "POST", "snapshots", func(n int) string { return `{"name":"` + strings.Repeat("x", n) + `"}` }, 100, 204, "at most 100"},
	} {
		at := servicetest.Recorded(e, tt.method, "/_standin/"+tt.path, tt.body(tt.most))
		if at.Code != tt.status {
			t.Errorf("%s, %d: %d %.300s", tt.name, tt.most, at.Code, at.Body)
		}
		beyond := servicetest.Recorded(e, tt.method, "/_standin/"+tt.path, tt.body(tt.most+1))
		if beyond.Code != 400 || !strings.Contains(beyond.Body.String(), tt.want) {
			t.Errorf("%s, %d: %d %.300s, want %s", tt.name, tt.most+1, beyond.Code, beyond.Body, tt.want)
		}
		e.Reset()
	}
}

// Ensure the numbers of sandboxes, snapshots and rules are limited, and the duration of a poll too.
func TestCountsAreLimited(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithSandboxes(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, method, path, body string, status int, want string) {
		t.Helper()
		if w := servicetest.Recorded(e, method, path, body); w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.300s, want %d %s", what, w.Code, w.Body, status, want)
		}
	}
	for i := range 1000 {
		if err := e.Snapshot(fmt.Sprint("s", i)); err != nil {
			t.Fatal(err)
		}
	}
	refused("snapshots", "POST", "/_standin/snapshots", `{"name":"one-more"}`, 400, "at most 1000 snapshots")
	rules := make([]fault.Rule, ruleset.MaxRules)
	for i := range rules {
		rules[i] = fault.Rule{What: fault.What{Status: 503}, When: fault.When{Skip: 1 << 30}}
	}
	if err := e.Fault(rules...); err != nil {
		t.Error(err)
	}
	refused("rules", "POST", "/_standin/faults", `{"what":{"status":503}}`, 400, "at most 10000")
	for _, name := range []string{"a", "b"} {
		if _, err := e.NewSandbox(name); err != nil {
			t.Fatal(err)
		}
	}
	refused("sandboxes", "GET", "/~c/v1/clients", "", 429, "the limit is 2")
	refused("a poll for more than the journal holds", "GET", "/_standin/requests?wait=1s&at_least=4097", "", 400, "at most 4096")
	refused("a long poll", "GET", "/_standin/requests?wait=301s", "", 400, "up to 5m0s")
}
