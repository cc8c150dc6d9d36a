package ruleset_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/identity"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/servicetest"
)

// catalogue returns the catalogue of Freezer and Barbican.
func catalogue(tb testing.TB) (*ruleset.Catalogue, *contract.Contract) {
	tb.Helper()
	all := []*contract.Contract{servicetest.Contract(tb, "freezer"), servicetest.Contract(tb, "barbican")}
	return ruleset.NewCatalogue(all...), all[0]
}

// fires sends requests to an operation. It returns one character per request: the letter (a, b, c) of
// the first rule that fired, or a dot.
func fires(t *testing.T, requests int, at func(i int) time.Time, rules ...fault.Rule) string {
	t.Helper()
	k, c := catalogue(t)
	checked, err := k.Check(rules)
	if err != nil {
		t.Fatal(err)
	}
	var s ruleset.Set
	if at != nil {
		s.Clock = func() time.Time { return at(-1) }
	}
	if _, err := s.Arm(checked...); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range requests {
		call := &service.Call{Operation: c.Operation("freezer.clients.list"), Method: "GET", Path: "/v1/clients", Seed: 1}
		if at != nil {
			call.Now = at(i)
		}
		word := "."
		if d := s.Decide(call, "box", nil); len(d.Fired) > 0 {
			word = string("abc"[slices.IndexFunc(checked, func(r fault.Rule) bool { return r.Name == d.Fired[0].Name })])
		}
		b.WriteString(word)
	}
	return b.String()
}

// Ensure rules fire at the right requests, alone and with others.
func TestWhen(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	minutes := func(i int) time.Time { return noon.Add(time.Duration(i) * time.Minute) }
	const minute = fault.Duration(time.Minute)
	rule := func(name string, w fault.When) fault.Rule {
		return fault.Rule{Name: name, When: w, What: fault.What{Status: 503}}
	}
	tests := []struct {
		name  string
		rules []fault.Rule
		want  string
	}{
		{"once unless told otherwise", []fault.Rule{rule("a", fault.When{})}, "a......."},
		{"without end", []fault.Rule{rule("a", fault.When{Times: new(0)})}, "aaaaaaaa"},
		{"skip and times", []fault.Rule{rule("a", fault.When{Skip: 2, Times: new(3)})}, "..aaa..."},
		{"every third", []fault.Rule{rule("a", fault.When{Every: 3})}, "..a..a.."},
		{"every second, after two", []fault.Rule{rule("a", fault.When{Skip: 2, Every: 2})}, "...a.a.a"},
		{"every second, twice", []fault.Rule{rule("a", fault.When{Every: 2, Times: new(2)})}, ".a.a...."},
		{"calls", []fault.Rule{rule("a", fault.When{Calls: []int{2, 5}})}, ".a..a..."},
		{"never", []fault.Rule{rule("a", fault.When{Probability: new(0.0)})}, "........"},
		{"always", []fault.Rule{rule("a", fault.When{Probability: new(1.0)})}, "aaaaaaaa"},
		{"a window", []fault.Rule{rule("a", fault.When{During: &fault.Window{From: minutes(2), To: minutes(5)}})}, "..aaa..."},
		{"an open window", []fault.Rule{rule("a", fault.When{During: &fault.Window{To: minutes(2)}})}, "aa......"},
		{"a window, once", []fault.Rule{rule("a", fault.When{During: &fault.Window{From: minutes(2)}, Times: new(1)})}, "..a....."},
		{"a window since the arming, a minute before", []fault.Rule{rule("a", fault.When{During: &fault.Window{End: 3 * minute}})}, "aa......"},
		{"the same, spelt out", []fault.Rule{rule("a", fault.When{During: &fault.Window{Start: 2 * minute, End: 4 * minute, Since: fault.Arming}})}, ".aa....."},
		{"a window since the first request", []fault.Rule{rule("a", fault.When{During: &fault.Window{End: 3 * minute, Since: fault.FirstRequest}})}, "aaa....."},
		{"later than the first request", []fault.Rule{rule("a", fault.When{During: &fault.Window{Start: 2 * minute, Since: fault.FirstRequest}})}, "..aaaaaa"},
		{"since the first request, once", []fault.Rule{rule("a", fault.When{During: &fault.Window{Start: minute, End: 3 * minute, Since: fault.FirstRequest}, Times: new(1)})}, ".a......"},
		{"the first in order wins", []fault.Rule{rule("a", fault.When{Times: new(2)}), rule("b", fault.When{Times: new(2)})}, "aabb...."},
		{"all that fit count", []fault.Rule{rule("a", fault.When{Times: new(2)}), rule("b", fault.When{Skip: 2, Times: new(2)})}, "aabb...."},
		{"after another fault", []fault.Rule{rule("a", fault.When{Skip: 1}), rule("b", fault.When{Times: new(0), After: &fault.Since{Fault: "a"}})}, ".abbbbbb"},
		{"after an operation", []fault.Rule{rule("a", fault.When{Times: new(2), After: &fault.Since{Operation: "freezer.*", Count: 3}})}, "...aa..."},
	}
	for _, tt := range tests {
		if got := fires(t, 8, minutes, tt.rules...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Ensure a date in Retry-After is rounded up, and can be written for the last time of a clock.
func TestRetryAfterDates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		now        string
		text, want string
	}{
		{"2026-01-01T12:00:00.5Z", "date+5s", "Thu, 01 Jan 2026 12:00:06 GMT"},
		{"2026-01-01T12:00:00Z", "date+5s", "Thu, 01 Jan 2026 12:00:05 GMT"},
		{"9999-12-31T23:59:59Z", "date+5s", "Fri, 31 Dec 9999 23:59:59 GMT"},
		{"0001-01-01T00:00:00Z", "date-5s", "Mon, 01 Jan 0001 00:00:00 GMT"},
	} {
		now, err := time.Parse(time.RFC3339Nano, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := ruleset.RetryAfter(fault.RetryAfter(tt.text), now); got != tt.want {
			t.Errorf("%s at %s: %s, want %s", tt.text, tt.now, got, tt.want)
		}
	}
}

// Ensure a draw depends only on seed, sandbox, rule and match.
func TestDrawsAreIndependent(t *testing.T) {
	t.Parallel()
	flaky := fault.Rule{Name: "a", When: fault.When{Probability: new(0.5)}, What: fault.What{Status: 503}}
	other := fault.Rule{Name: "b", When: fault.When{Probability: new(0.3)}, What: fault.What{Delay: fault.Fixed(1)}, Continue: true}
	alone := fires(t, 64, nil, flaky)
	behind := fires(t, 64, nil, flaky, other)
	if alone == "" || strings.ReplaceAll(behind, "b", ".") != alone {
		t.Errorf("another rule changed the draws: %s, then %s", alone, behind)
	}
	if share := strings.Count(alone, "a"); share < 16 || share > 48 {
		t.Errorf("%d of 64 at one in two", share)
	}
	renamed := flaky
	renamed.Name = "c"
	if fires(t, 64, nil, renamed) == alone {
		t.Error("another name draws the same")
	}
}

// Ensure delays have their distributions.
func TestDelays(t *testing.T) {
	t.Parallel()
	k, c := catalogue(t)
	sample := func(d *fault.Delay) []time.Duration {
		rules, err := k.Check([]fault.Rule{{Name: "d", When: fault.When{Times: new(0)}, What: fault.What{Delay: d}}})
		if err != nil {
			t.Fatal(err)
		}
		var s ruleset.Set
		if _, err := s.Arm(rules...); err != nil {
			t.Fatal(err)
		}
		var all []time.Duration
		for range 2000 {
			d := s.Decide(&service.Call{Operation: c.Operations[0], Seed: 1}, "box", nil)
			all = append(all, d.Fired[0].Delay)
		}
		slices.Sort(all)
		return all
	}
	const ms = fault.Duration(time.Millisecond)
	near := func(what string, got time.Duration, want, tolerance float64) {
		t.Helper()
		if math.Abs(float64(got)/float64(time.Millisecond)-want) > tolerance {
			t.Errorf("%s: %s, want about %v ms", what, got, want)
		}
	}
	u := sample(&fault.Delay{Uniform: &fault.Uniform{Min: 100 * ms, Max: 200 * ms}})
	near("uniform, least", u[0], 100, 2)
	near("uniform, middle", u[1000], 150, 6)
	near("uniform, most", u[1999], 200, 2)
	g := sample(&fault.Delay{Normal: &fault.Normal{Mean: 100 * ms, StdDev: 20 * ms}})
	near("normal, middle", g[1000], 100, 4)
	near("normal, at one deviation", g[1683], 120, 4)
	if z := sample(&fault.Delay{Normal: &fault.Normal{Mean: ms, StdDev: 100 * ms}}); z[0] != 0 {
		t.Errorf("a negative delay: %s", z[0])
	}
	l := sample(&fault.Delay{Lognormal: &fault.Lognormal{Median: 100 * ms, P99: 500 * ms, Max: 600 * ms}})
	near("lognormal, middle", l[1000], 100, 6)
	near("lognormal, 99 of 100", l[1979], 500, 90)
	if l[1999] > 600*time.Millisecond {
		t.Errorf("beyond the maximum: %s", l[1999])
	}
	s := sample(&fault.Delay{Lognormal: &fault.Lognormal{Median: 100 * ms, Sigma: 0.5}})
	near("lognormal by sigma, at one deviation", s[1683], 165, 12)
}

// Ensure a rule applies only to requests that match every member of its where.
func TestWhere(t *testing.T) {
	t.Parallel()
	k, c := catalogue(t)
	call := func() *service.Call {
		return &service.Call{
			Operation: c.Operation("freezer.clients.show"), Method: "GET", Path: "/v1/clients/node-7", RawQuery: "limit=10&x=", Host: "h",
			Header: map[string][]string{"X-Foo": {"bar", "baz"}, "X-Auth-Token": {"t"}},
			Body:   []byte(`{"client":{"hostname":"node-7","tags":["a","b"],"n":1.0}}`),
			Caller: &identity.Caller{Name: "demo", ID: "u1", Token: &identity.Token{ID: "t"}, Project: &identity.Project{ID: "p1", Name: "proj"}},
		}
	}
	tests := []struct{ where, miss string }{
		{`{}`, ""},
		{`{operation: freezer.clients.show}`, ""},
		{`{operation: "freezer.*", method: get}`, ""},
		{`{operation: "*.show", path: "/v1/clients/{client_id}"}`, ""},
		{`{path: "/v1/*/node-*"}`, ""},
		{`{operation: "*.show", path: "/v1/{x}"}`, "the path was /v1/clients/node-7, not /v1/{x}"},
		{`{operation: "*.show", method: POST}`, "the method was GET, not POST"},
		{`{query: {limit: "1*", x: "", y: null}}`, ""},
		{`{operation: "*.show", query: {limit: "11"}}`, `query parameter limit was not "11"`},
		{`{operation: "*.show", query: {x: null}}`, "query parameter x was there"},
		{`{header: {x-foo: baz, X-Bar: null, host: h}}`, ""},
		{`{operation: "*.show", header: {X-Bar: "*"}}`, "header X-Bar was absent"},
		{`{operation: "*.show", header: {X-Auth-Token: other}}`, "header X-Auth-Token was another"},
		{`{caller: {user: de*, token: t, project: proj}}`, ""},
		{`{caller: {user: u1, project: p1}}`, ""},
		{`{operation: "*.show", caller: {user: admin}}`, "the caller was demo, not admin"},
		{`{operation: "*.show", caller: {token: x}}`, "the caller's token was another"},
		{`{body: {/client/hostname: {equals: node-7, matches: "^node-\\d$", exists: true}, /client/tags/1: {equals: b}, /client/n: {equals: 1}, /gone: {exists: false}}}`, ""},
		{`{operation: "*.show", body: {/client/hostname: {equals: x}}}`, `the body's "/client/hostname" does not equal what the rule says`},
		{`{operation: "*.show", body: {/client/x: {exists: true}}}`, `the body has no "/client/x"`},
		{`{operation: "*.show", body: {/client: {exists: false}}}`, `the body has "/client"`},
		{`{operation: freezer.clients.list}`, "-"},
		{`{operation: [freezer.clients.list, "*.show"]}`, ""},
		{`{operation: ["freezer.*", "!freezer.clients.list"]}`, ""},
		{`{operation: "freezer.*, !freezer.clients.list"}`, ""},
		{`{operation: ["!barbican.*", "!*.list"]}`, ""},
		{`{operation: ["freezer.*", "!*.show"]}`, "-"},
		{`{operation: ["!freezer.*"]}`, "-"},
		{`{operation: [freezer.clients.list, "barbican.*"]}`, "-"},
		{`{operation: "*.show", method: PUT, path: /x}`, "-"},
	}
	for _, tt := range tests {
		rules, err := k.Parse("rule", []byte("{name: r, where: "+tt.where+", what: {status: 503}}"))
		if err != nil {
			t.Errorf("%s: %v", tt.where, err)
			continue
		}
		var s ruleset.Set
		if _, err := s.Arm(rules...); err != nil {
			t.Fatal(err)
		}
		d := s.Decide(call(), "box", nil)
		got := strings.Join(d.Misses, "; ")
		if fired := len(d.Fired) == 1; fired != (tt.miss == "") || tt.miss != "" && tt.miss != "-" && got != "rule r: "+tt.miss || tt.miss == "-" && got != "" {
			t.Errorf("%s: fired %v, missed by %q", tt.where, fired, got)
		}
	}
}

// FuzzRules ensures that rules which Parse accepts can be armed, decided about and written. What
// was written must read as the same rules.
func FuzzRules(f *testing.F) {
	k, c := catalogue(f)
	for _, seed := range []string{
		`{"use":"freezer.clients.create/753"}`,
		`[{"name":"a","where":{"operation":"freezer.*","header":{"X":null},"body":{"/a":{"equals":[1]}}},"when":{"skip":1,"times":2},"what":{"status":503,"retry_after":"2s"}}]`,
		"faults:\n  - {what: {delay: {lognormal: {median: 1ms, p99: 9ms}}}, continue: true}\n  - {what: {connection: {kind: reset, at: body, bytes: 3}}, phase: after}\n",
		`{"what":{"rate_limit":{"requests":1,"per":"1s","kind":"bucket","by":"caller"},"headers":{"set":{"A":"b"}}},"when":{"after":{"operation":"*","count":2}}}`,
		`{"what":{"status":503},"when":{"during":{"from":"0s","to":"30s","since":"first"}}}`,
		`{"what":{"status":503},"when":{"during":{"to":"30s"}}}`,
		`{"where":{"operation":["freezer.*","!freezer.clients.list"]},"what":{"status":503}}`,
		`{"what":{"rate_limit":{"requests":1,"per":"1s","by":""},"headers":{"set":{}}}}`,
		`{"what":{"body":{"a":1},"dribble":{"chunks":3,"over":"1s"}},"when":{"probability":0.5,"during":{"from":"2026-01-01T00:00:00Z"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := k.Parse("rules", data)
		if err != nil {
			return
		}
		var s ruleset.Set
		if _, err := s.Arm(rules...); err != nil {
			t.Fatalf("checked, and not armed: %v", err)
		}
		for _, op := range c.Operations {
			d := s.Decide(&service.Call{Operation: op, Method: op.Method, Path: op.Path, Body: []byte(`{"a":[1]}`), RawQuery: "limit=3"}, "box", nil)
			for _, x := range d.Fired {
				ruleset.NewBody(&x.What, []byte(`{"a":1}`))
			}
		}
		text := written(t, s.States())
		again, err := k.Parse("again", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var other ruleset.Set
		if _, err := other.Arm(again...); err != nil {
			t.Fatal(err)
		}
		fresh := new(ruleset.Set)
		if _, err := fresh.Arm(rules...); err != nil {
			t.Fatal(err)
		}
		if a, b := written(t, fresh.States()), written(t, other.States()); string(a) != string(b) {
			t.Errorf("%s became %s", a, b)
		}
	})
}

// written returns the rules of a set as JSON, in the form of a file.
func written(t *testing.T, states []fault.State) []byte {
	t.Helper()
	rules := make([]fault.Rule, len(states))
	for i, st := range states {
		rules[i] = st.Rule
	}
	b, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
