package fault_test

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
	"standin/internal/service"
	"standin/schemas"
)

// catalogue is that of Freezer and Barbican.
func catalogue(tb testing.TB) (*fault.Catalogue, *contract.Contract) {
	tb.Helper()
	var all []*contract.Contract
	for _, name := range []string{"freezer.yaml", "barbican.yaml"} {
		data, err := schemas.FS.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		c, err := contract.Parse(name, data)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, c)
	}
	return fault.NewCatalogue(all...), all[0]
}

// fires plays requests to an operation against rules and tells with "x" which fail.
func fires(t *testing.T, requests int, at func(i int) time.Time, rules ...fault.Rule) string {
	t.Helper()
	k, c := catalogue(t)
	checked, err := k.Check(rules)
	if err != nil {
		t.Fatal(err)
	}
	var s fault.Set
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

// Ensure when a rule fires, alone and with others.
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

// Ensure windows are written as they are read.
func TestWindowsAreWritten(t *testing.T) {
	t.Parallel()
	k, _ := catalogue(t)
	for _, text := range []string{
		`{"from":"2026-01-01T00:00:00Z"}`, `{"to":"2026-01-01T00:00:00Z"}`, `{}`,
		`{"from":"0s"}`, `{"from":"0s","to":"30s"}`, `{"from":"10s","to":"30s","since":"first"}`, `{"from":"0s","since":"first"}`,
	} {
		rules, err := k.Parse("rule", []byte(`{"what":{"status":503},"when":{"during":`+text+`}}`))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := json.Marshal(rules[0].When.During); err != nil || string(got) != text {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	for _, w := range []fault.Window{{From: time.Now(), End: 1}, {Start: -1}, {Start: 2, End: 1}, {Since: "ever", End: 1}} {
		if _, err := k.Check([]fault.Rule{{When: fault.When{During: &w}, What: fault.What{Status: 503}}}); err == nil {
			t.Errorf("%+v passes", w)
		}
	}
}

// Ensure a date in Retry-After is rounded up, and can be written at the end of time.
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
		if got := fault.RetryAfter(tt.text).Header(now); got != tt.want {
			t.Errorf("%s at %s: %s, want %s", tt.text, tt.now, got, tt.want)
		}
	}
}

// Ensure a draw depends on seed, sandbox, rule and match, and on nothing else.
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

// Ensure delays are distributed as they say.
func TestDelays(t *testing.T) {
	t.Parallel()
	k, c := catalogue(t)
	sample := func(d *fault.Delay) []time.Duration {
		rules, err := k.Check([]fault.Rule{{Name: "d", When: fault.When{Times: new(0)}, What: fault.What{Delay: d}}})
		if err != nil {
			t.Fatal(err)
		}
		var s fault.Set
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

// Ensure where a rule looks: everything must fit.
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
		{`{operation: "*.show", method: PUT, path: /x}`, "-"},
	}
	for _, tt := range tests {
		rules, err := k.Parse("rule", []byte("{name: r, where: "+tt.where+", what: {status: 503}}"))
		if err != nil {
			t.Errorf("%s: %v", tt.where, err)
			continue
		}
		var s fault.Set
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

// Ensure every mistake in a scenario is told with its place and what may have been meant.
func TestMistakes(t *testing.T) {
	t.Parallel()
	k, _ := catalogue(t)
	tests := []struct{ text, want string }{
		{"name: x\nfaults:\n  - where: {operation: freezer.client.create}\n    what: {status: 503}\n", "s.yaml:3:24: no operation freezer.client.create; did you mean freezer.clients.create?"},
		{"about: x\n", `s.yaml:1:1: "name" is missing`},
		{"name: x\nfault: []\n", `s.yaml:2:1: unknown key "fault", did you mean "faults"?`},
		{"name: x\nfaults: [{what: {status: 1000}}]\n", "s.yaml:2:26: status 1000: expected 200 to 999"},
		{"name: x\nfaults: [{what: {delay: {uniform: {min: 2s, max: 1s}}}}]\n", "s.yaml:2:35: min 2s is more than max 1s"},
		{"name: x\nfaults: [{what: {delay: {lognormal: {median: 1s}}}}]\n", "a lognormal delay has either sigma or p99"},
		{"name: x\nfaults: [{what: {connection: {kind: reset, mode: silent}}}]\n", "s.yaml:2:50: \"mode\" is only of truncate and content_length"},
		{"name: x\nfaults: [{what: {connection: rset}}]\n", `s.yaml:2:30: no connection fault "rset", did you mean "reset"?`},
		{"name: x\nfaults: [{what: {page_cap: 1}, where: {operation: '*.create'}}]\n", `no operation that "*.create" matches has a limit`},
		{"name: x\nfaults: [{what: {status: 503, example: nope}, where: {operation: freezer.clients.create}}]\n", `no example "nope" of 503; there are unavailable`},
		{"name: x\nfaults: [{when: {after: {fault: a}}, what: {status: 503}}]\n", `no rule "a"`},
		{"name: x\nfaults: [{name: a, what: {status: 503}}, {name: a, what: {status: 503}}]\n", `s.yaml:2:49: there is a rule "a" already`},
		{"name: x\nclock: {freeze: 2026-01-01T00:00:00Z, offset: 1h}\n", "s.yaml:2:8: a clock has one of freeze, start and offset"},
		{"name: x\nclock: {start: 0000-01-01T00:00:00Z}\n", "s.yaml:2:16: times are from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"},
		{"name: x\nclock: {offset: 3000000h}\n", "s.yaml:2:17: expected a duration such as 90s or -1h, up to 2562047h"},
		{"name: x\nfaults: [{when: {during: {from: 5s, to: 5s}}, what: {status: 503}}]\n", "s.yaml:2:26: the window ends before it begins"},
		{"name: x\nfaults: [{when: {during: {to: 0s}}, what: {status: 503}}]\n", "s.yaml:2:31: the window ends before it begins"},
		{"name: x\nfaults: [{when: {during: {to: 0001-01-01T00:00:00Z}}, what: {status: 503}}]\n", "s.yaml:2:31: the window ends before it begins"},
		{"name: x\nfaults: [{when: {during: {from: 2026-01-01T00:00:00Z, to: 5s}}, what: {status: 503}}]\n", "s.yaml:2:26: from and to are both times, or both durations"},
		{"name: x\nfaults: [{when: {during: {from: 0s, to: 5s, since: frist}}, what: {status: 503}}]\n", `s.yaml:2:52: since "frist", did you mean "first"?; expected armed or first`},
		{"name: x\nfaults: [{when: {during: {from: 2026-01-01T00:00:00Z, since: first}}, what: {status: 503}}]\n", "s.yaml:2:62: since applies to durations only"},
		{"name: x\nfaults: [{when: {during: {from: 0s, until: 5s}}, what: {status: 503}}]\n", `s.yaml:2:37: unknown key "until"`},
		{"name: x\nfaults: [{when: {during: {from: 0s, to: 30}}, what: {status: 503}}]\n", "s.yaml:2:41: expected a duration such as 30s or a time such as 2026-01-31T12:00:00Z, got the number 30"},
		{"name: x\nfaults: [{when: {during: {from: -5s}}, what: {status: 503}}]\n", `s.yaml:2:33: expected a duration such as 30s or a time`},
		{"name: x\nexpect: [{operation: freezer.client.list}]\n", "s.yaml:2:22: no operation freezer.client.list; did you mean freezer.clients.list?"},
		{"name: x\nexpect: [{requests: {min: 2, max: 1}}]\n", "s.yaml:2:21: min 2 is greater than max 1"},
		{"name: x\nexpect: [{exit: nonzer}]\n", `s.yaml:2:17: expected an exit code such as 1, nonzero or any, got "nonzer", did you mean "nonzero"?`},
		{"name: x\nexpect: [{exit: -1}]\n", "s.yaml:2:17: expected an exit code"},
		{"name: x\nexpect: [{exit: 1, status: 503}]\n", "s.yaml:2:10: an expectation is either"},
		{"name: x\nexpect: [{exit: 1}, {exit: any}]\n", "s.yaml:2:28: exit is given twice"},
		{"name: x\nexpect: [{fault: b}]\nfaults: [{name: a, what: {status: 503}}]\n", `s.yaml:2:18: no rule "b"`},
		{"name: x\nfaults: [{what: {headers: {set: {content-length: '1'}}}}]\n", "content-length is not set here"},
		{"name: x\nfaults: [{where: {body: {a: {equals: 1}}}, what: {status: 503}}]\n", "is no JSON pointer"},
		{"name: x\nfaults: [{where: {body: {/a: {matches: '['}}}, what: {status: 503}}]\n", "missing closing ]"},
		{"name: x\nfaults: [{where: {body: {/a: {}}}, what: {status: 503}}]\n", "nothing is asked"},
	}
	for _, tt := range tests {
		if _, _, err := k.Scenario("s.yaml", []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, warnings, err := k.Scenario("s.yaml", []byte("name: x\nclock: {freeze: 2026-01-01T00:00:00Z}\nfaults: [{when: {during: {to: 30s}}, what: {status: 503}}]\n")); err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "s.yaml:3:26: warning: the clock is frozen") {
		t.Errorf("a window that nothing ends: %v %v", warnings, err)
	}
	_, warnings, err := k.Scenario("s.yaml", []byte("name: x\nfaults: [{where: {operation: barbican.*}, what: {status: 753}}]\n"))
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "s.yaml:2:58: warning: barbican.* documents no 753") {
		t.Errorf("an undocumented status: %v %v", warnings, err)
	}
}

// Ensure what is allowed and perhaps not meant is warned of, and what is meant is not.
func TestWarnings(t *testing.T) {
	t.Parallel()
	k, _ := catalogue(t)
	const down = "{name: down, where: {operation: freezer.clients.*}, when: {times: 0}, what: {status: 503}}"
	for _, tt := range []struct{ text, want string }{
		{"faults: [{what: {status: 503, retry_after: 2 seconds}}]", `s.yaml:2:44: warning: "2 seconds" is neither a duration such as 2s, nor a number of seconds, nor a date; it is sent as it is`},
		{"faults: [{what: {status: 503, retry_after: 2s}}, {what: {status: 503, retry_after: '120'}}, {what: {status: 503, retry_after: date-1h}}, {what: {status: 503, retry_after: 'Thu, 01 Jan 2026 12:00:00 GMT'}}]", ""},
		{"faults:\n  - " + down + "\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", "s.yaml:4:5: warning: the rule never fires: rule down before it always fires"},
		{"faults:\n  - " + down + "\n  - {where: {operation: freezer.*}, what: {status: 401}}", ""},
		{"faults:\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}\n  - " + down, ""},
		{"faults:\n  - {name: a, where: {operation: freezer.*, method: GET}, when: {times: 0}, what: {status: 503}}\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", ""},
		{"faults:\n  - {name: a, where: {operation: freezer.*, method: GET}, when: {times: 0}, what: {status: 503}}\n  - {where: {operation: freezer.clients.list, method: GET, path: /x}, what: {status: 401}}", "warning: the rule never fires"},
		{"faults:\n  - {name: a, when: {times: 0}, what: {delay: 1s}, continue: true}\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", ""},
		{"faults:\n  - {name: a, when: {probability: 0.5}, what: {status: 503}}\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", ""},
		{"expect: [{operation: freezer.clients.list, status: 418}]", "s.yaml:2:52: warning: freezer.clients.list documents no 418, and no rule of the scenario answers it"},
		{"expect: [{operation: freezer.clients.list, status: 2xx}, {operation: freezer.clients.list, status: none}, {operation: freezer.clients.list, status: 418, requests: 0}]", ""},
		{"expect: [{operation: freezer.clients.list, status: 418}]\nfaults: [{where: {operation: '*.list'}, what: {status: 418}}]", "documents no 418; the service's envelope"},
		{"expect: [{sequence: [{operation: freezer.clients.delete, status: 201}]}]", "s.yaml:2:66: warning: freezer.clients.delete documents no 201"},
	} {
		_, warnings, err := k.Scenario("s.yaml", []byte("name: x\n"+tt.text+"\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		var got []string
		for _, w := range warnings {
			if tt.want != "" || !strings.Contains(w.Error(), "the service's envelope") {
				got = append(got, w.Error())
			}
		}
		if text := strings.Join(got, "\n"); !strings.Contains(text, tt.want) || tt.want == "" && text != "" || len(got) > 1 && !strings.Contains(text, "envelope") {
			t.Errorf("%s: %s, want %q", tt.text, text, tt.want)
		}
	}
}

// FuzzRules ensures that what Parse takes can be armed, decided about and written
// down, and that what was written reads as the same rules.
func FuzzRules(f *testing.F) {
	k, c := catalogue(f)
	for _, seed := range []string{
		`{"use":"freezer.clients.create/753"}`,
		`[{"name":"a","where":{"operation":"freezer.*","header":{"X":null},"body":{"/a":{"equals":[1]}}},"when":{"skip":1,"times":2},"what":{"status":503,"retry_after":"2s"}}]`,
		"faults:\n  - {what: {delay: {lognormal: {median: 1ms, p99: 9ms}}}, continue: true}\n  - {what: {connection: {kind: reset, at: body, bytes: 3}}, phase: after}\n",
		`{"what":{"rate_limit":{"requests":1,"per":"1s","kind":"bucket","by":"caller"},"headers":{"set":{"A":"b"}}},"when":{"after":{"operation":"*","count":2}}}`,
		`{"what":{"status":503},"when":{"during":{"from":"0s","to":"30s","since":"first"}}}`,
		`{"what":{"status":503},"when":{"during":{"to":"30s"}}}`,
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
		var s fault.Set
		if _, err := s.Arm(rules...); err != nil {
			t.Fatalf("checked, and not armed: %v", err)
		}
		for _, op := range c.Operations {
			d := s.Decide(&service.Call{Operation: op, Method: op.Method, Path: op.Path, Body: []byte(`{"a":[1]}`), RawQuery: "limit=3"}, "box", nil)
			for _, x := range d.Fired {
				x.What.NewBody([]byte(`{"a":1}`))
			}
		}
		text := written(t, s.States())
		again, err := k.Parse("again", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var other fault.Set
		if _, err := other.Arm(again...); err != nil {
			t.Fatal(err)
		}
		fresh := new(fault.Set)
		if _, err := fresh.Arm(rules...); err != nil {
			t.Fatal(err)
		}
		if a, b := written(t, fresh.States()), written(t, other.States()); string(a) != string(b) {
			t.Errorf("%s became %s", a, b)
		}
	})
}

// written is the rules of a set as JSON, as a file has them.
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

// FuzzScenario ensures that whatever is no scenario is refused with an error, and
// that what is one has rules that can be armed.
func FuzzScenario(f *testing.F) {
	k, _ := catalogue(f)
	for _, seed := range []string{
		"name: x\nabout: y\nfixture: documented\nseed: 42\nclock: {freeze: 2026-01-01T00:00:00Z}\nquirks: []\nfaults:\n  - name: m\n    where: {operation: freezer.clients.create}\n    when: {skip: 1, times: 2}\n    what: {status: 503, retry_after: 2s}\nexpect:\n  - {operation: freezer.clients.create, requests: {min: 3, max: 5}}\n",
		`{"name":"x","fixture":["a","b"],"expect":[{"sequence":[{"status":503},{"operation":"freezer.*"}]},{"no_unmatched":true}]}`,
		"name: &a x\nabout: *a\nfaults: [{use: freezer.clients.create/753, when: {after: {fault: b}}}, {name: b, what: {delay: 1s}}]\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, err := k.Scenario("s.yaml", data)
		if err != nil {
			return
		}
		if s.Name == "" && !strings.Contains(string(data), "name") {
			t.Error("a scenario without a name")
		}
		var set fault.Set
		if _, err := set.Arm(s.Faults...); err != nil {
			t.Errorf("checked, and not armed: %v", err)
		}
	})
}
