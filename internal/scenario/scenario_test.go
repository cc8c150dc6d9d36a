package scenario_test

import (
	"strings"
	"testing"

	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/servicetest"
)

// catalogue returns the catalogue of Freezer and Barbican.
func catalogue(tb testing.TB) *ruleset.Catalogue {
	tb.Helper()
	k := ruleset.NewCatalogue(servicetest.Contract(tb, "freezer"), servicetest.Contract(tb, "barbican"))
	k.Collections = []string{"freezer.clients", "privx.api_clients"}
	return k
}

// Ensure a mistake in a member of an expectation is the only one that is reported.
func TestOneMistake(t *testing.T) {
	t.Parallel()
	k := catalogue(t)
	for _, expect := range []string{"{status: 5x}", "{requests: many}", "{retries: bad}", "{ended: x}", "{waits: {min: 1}}"} {
		_, _, err := scenario.Read(k, "s.yaml", []byte("name: x\nexpect: ["+expect+", {status: 503}]\n"))
		if err == nil || strings.Contains(err.Error(), "is empty") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", expect, err)
		}
	}
}

// Ensure every mistake in a scenario is reported with its place and a hint.
func TestMistakes(t *testing.T) {
	t.Parallel()
	k := catalogue(t)
	tests := []struct{ text, want string }{
		{"name: x\nfaults:\n  - where: {operation: freezer.client.create}\n    what: {status: 503}\n", "s.yaml:3:24: no operation freezer.client.create; did you mean freezer.clients.create?"},
		{"name: x\nfaults:\n  - where: {operation: ['freezer.*', '!freezer.client.create']}\n    what: {status: 503}\n", "s.yaml:3:38: no operation freezer.client.create; did you mean freezer.clients.create?"},
		{"name: x\nfaults:\n  - where: {operation: ['freezer.*', '!*']}\n    what: {status: 503}\n", "s.yaml:3:24: freezer.*, !* excludes every operation"},
		{"name: x\nfaults:\n  - where: {operation: []}\n    what: {status: 503}\n", "s.yaml:3:24: the list is empty"},
		{"name: x\nfaults:\n  - where: {operation: 'freezer.*,,x'}\n    what: {status: 503}\n", "s.yaml:3:24: a pattern is empty"},
		{"name: x\nfaults:\n  - where: {operation: {a: b}}\n    what: {status: 503}\n", "s.yaml:3:24: expected a string"},
		{"name: x\nfaults:\n  - where: {operatio: x}\n    what: {status: 503}\n", `unknown key "operatio", did you mean "operation"?`},
		{"name: x\nfaults: [{when: {after: {operation: [freezer.client.list, '*.create']}}, what: {status: 503}}]\n", "s.yaml:2:38: no operation freezer.client.list; did you mean freezer.clients.list?"},
		{"name: x\nexpect: [{operation: ['*.create', freezer.client.list]}]\n", "s.yaml:2:35: no operation freezer.client.list; did you mean freezer.clients.list?"},
		{"about: x\n", `s.yaml:1:1: "name" is missing`},
		{"name: x\nfault: []\n", `s.yaml:2:1: unknown key "fault", did you mean "faults"?`},
		{"name: x\nfaults: [{what: {status: 1000}}]\n", "s.yaml:2:26: status 1000: expected 200 to 999"},
		{"name: x\nfaults: [{what: {delay: {uniform: {min: 2s, max: 1s}}}}]\n", "s.yaml:2:35: min 2s is greater than max 1s"},
		{"name: x\nfaults: [{what: {delay: {lognormal: {median: 1s}}}}]\n", "lognormal takes exactly one of sigma and p99"},
		{"name: x\nfaults: [{what: {connection: {kind: reset, mode: silent}}}]\n", "s.yaml:2:50: \"mode\" applies to truncate and content_length only"},
		{"name: x\nfaults: [{what: {connection: rset}}]\n", `s.yaml:2:30: no connection fault "rset", did you mean "reset"?`},
		{"name: x\nfaults: [{what: {page_cap: 1}, where: {operation: '*.create'}}]\n", `no operation that matches "*.create" has a page size`},
		{"name: x\nfaults: [{what: {status: 503, example: nope}, where: {operation: freezer.clients.create}}]\n", `no example "nope" for status 503; expected unavailable`},
		{"name: x\nfaults: [{when: {after: {fault: a}}, what: {status: 503}}]\n", `no rule "a"`},
		{"name: x\nfaults: [{name: a, what: {status: 503}}, {name: a, what: {status: 503}}]\n", `s.yaml:2:49: there is a rule "a" already`},
		{"name: x\nclock: {freeze: 2026-01-01T00:00:00Z, offset: 1h}\n", "s.yaml:2:8: a clock takes only one of freeze, start and offset"},
		{"name: x\nclock: {start: 0000-01-01T00:00:00Z}\n", "s.yaml:2:16: times are from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"},
		{"name: x\nclock: {offset: 3000000h}\n", "s.yaml:2:17: expected a duration such as 90s or -1h, up to 2562047h"},
		{"name: x\nfaults: [{when: {during: {from: 5s, to: 5s}}, what: {status: 503}}]\n", "s.yaml:2:26: the window ends before it begins"},
		{"name: x\nfaults: [{when: {during: {to: 0s}}, what: {status: 503}}]\n", "s.yaml:2:31: the window ends before it begins"},
		{"name: x\nfaults: [{when: {during: {to: 0001-01-01T00:00:00Z}}, what: {status: 503}}]\n", "s.yaml:2:31: the window ends before it begins"},
		{"name: x\nfaults: [{when: {during: {from: 2026-01-01T00:00:00Z, to: 5s}}, what: {status: 503}}]\n", "s.yaml:2:26: from and to must both be times or both be durations"},
		{"name: x\nfaults: [{when: {during: {from: 0s, to: 5s, since: frist}}, what: {status: 503}}]\n", `s.yaml:2:52: since "frist", did you mean "first"?; expected armed or first`},
		{"name: x\nfaults: [{when: {during: {from: 2026-01-01T00:00:00Z, since: first}}, what: {status: 503}}]\n", "s.yaml:2:62: since applies to durations only"},
		{"name: x\nfaults: [{when: {during: {from: 0s, until: 5s}}, what: {status: 503}}]\n", `s.yaml:2:37: unknown key "until"`},
		{"name: x\nfaults: [{when: {during: {from: 0s, to: 30}}, what: {status: 503}}]\n", "s.yaml:2:41: expected a duration such as 30s or a time such as 2026-01-31T12:00:00Z, got the number 30"},
		{"name: x\nfaults: [{when: {during: {from: -5s}}, what: {status: 503}}]\n", `s.yaml:2:33: expected a duration such as 30s or a time`},
		{"name: x\nexpect: [{operation: freezer.client.list}]\n", "s.yaml:2:22: no operation freezer.client.list; did you mean freezer.clients.list?"},
		{"name: x\nexpect: [{requests: {min: 2, max: 1}}]\n", "s.yaml:2:21: min 2 is greater than max 1"},
		{"name: x\nexpect: [{exit: nonzer}]\n", `s.yaml:2:17: expected an exit code such as 1, nonzero or any, got "nonzer", did you mean "nonzero"?`},
		{"name: x\nexpect: [{exit: -1}]\n", "s.yaml:2:17: expected an exit code"},
		{"name: x\nexpect: [{exit: 1, status: 503}]\n", "s.yaml:2:10: an expectation has only one of"},
		{"name: x\nexpect: [{exit: 1}, {exit: any}]\n", "s.yaml:2:28: exit is given twice"},
		{"name: x\nexpect: [{outcome: god}]\n", `s.yaml:2:20: unknown outcome "god", did you mean "good"?; expected good, tolerated, clean-failure,`},
		{"name: x\nexpect: [{outcome: silent}]\n", `s.yaml:2:20: unknown outcome "silent"`},
		{"name: x\nexpect: [{outcome: Good}]\n", `s.yaml:2:20: unknown outcome "Good", did you mean "good"?`},
		{"name: x\nexpect: [{outcome: [tolerated, clean-failur]}]\n", `s.yaml:2:32: unknown outcome "clean-failur", did you mean "clean-failure"?`},
		{"name: x\nexpect: [{outcome: [good]}]\n", `s.yaml:2:21: unknown outcome "good"; expected tolerated, clean-failure, silent-failure,`},
		{"name: x\nexpect: [{outcome: {}}]\n", "s.yaml:2:20: expected"},
		{"name: x\nexpect: [{outcome: 1}]\n", "s.yaml:2:20: expected a string"},
		{"name: x\nexpect: [{outcome: []}]\n", "s.yaml:2:10: the expectation is empty; expected"},
		{"name: x\nexpect: [{outcome: null}]\n", "s.yaml:2:20: expected a string"},
		{"name: x\nexpect: [{outcome: good, exit: 0}]\n", "s.yaml:2:10: an expectation has only one of"},
		{"name: x\nexpect: [{outcome: good}, {outcome: hang}]\n", "s.yaml:2:37: outcome is given twice"},
		{"name: x\nexpect: [{fault: b}]\nfaults: [{name: a, what: {status: 503}}]\n", `s.yaml:2:18: no rule "b"`},
		{"name: x\nfaults: [{what: {headers: {set: {content-length: '1'}}}}]\n", "content-length cannot be set here"},
		{"name: x\nfaults: [{where: {body: {a: {equals: 1}}}, what: {status: 503}}]\n", "is not a JSON pointer"},
		{"name: x\nfaults: [{where: {body: {/a: {matches: '['}}}, what: {status: 503}}]\n", "missing closing ]"},
		{"name: x\nfaults: [{where: {body: {/a: {}}}, what: {status: 503}}]\n", "the test is empty"},
		{"name: x\nfaults: [{where: {body: {/a: null}}, what: {status: 503}}]\n", "the test is empty"},
		{"name: x\nexpect: [{heder: {X-A: b}}]\n", `s.yaml:2:11: unknown key "heder", did you mean "header"?`},
		{"name: x\nexpect: [{header: {X A: b}}]\n", `s.yaml:2:25: "X A" is not a header name`},
		{"name: x\nexpect: [{body: {a: 1}}]\n", "s.yaml:2:21: \"a\" is not a JSON pointer"},
		{"name: x\nexpect: [{sequence: [{body: {/a: {matches: '['}}}]}]\n", "s.yaml:2:44: error parsing regexp: missing closing ]"},
		{"name: x\nexpect: [{ended: abortd}]\n", `s.yaml:2:18: expected open, answered, aborted or cut, got "abortd", did you mean "aborted"?`},
		{"name: x\nexpect: [{waits: {min: 3s, max: 1s}}]\n", "s.yaml:2:18: min 3s is greater than max 1s"},
		{"name: x\nexpect: [{waits: {max: 0s}}]\n", "s.yaml:2:24: max must be positive; leave it out if there is no limit"},
		{"name: x\nexpect: [{waits: {}}]\n", "s.yaml:2:18: waits needs min or max"},
		{"name: x\nexpect: [{waits: 1s}]\n", "s.yaml:2:18: expected a mapping with min, max or both"},
		{"name: x\nexpect: [{sequence: [{status: 503}], waits: {min: 1s}}]\n", "s.yaml:2:45: waits in a sequence needs at least two patterns"},
		{"name: x\nexpect: [{state: {freezer.client: 2}}]\n", `s.yaml:2:35: no collection "freezer.client", did you mean "freezer.clients"?`},
		{"name: x\nexpect: [{state: {freezer.clients: {min: 3, max: 1}}}]\n", "s.yaml:2:36: min 3 is greater than max 1"},
		{"name: x\nexpect: [{state: {freezer.clients: two}}]\n", "s.yaml:2:36: expected a number of records"},
		{"name: x\nexpect: [{state: {freezer.clients: {wher: {}}}}]\n", `s.yaml:2:37: unknown key "wher", did you mean "where"?`},
		{"name: x\nexpect: [{state: {freezer.clients: {where: {a: 1}, count: 1}}}]\n", "s.yaml:2:48: \"a\" is not a JSON pointer"},
		{"name: x\nexpect: [{unchanged: true, state: {freezer.clients: 1}}]\n", "s.yaml:2:10: an expectation has only one of"},
		{"name: x\nexpect: [{created_once: true, retries: good}]\n", "s.yaml:2:10: an expectation has only one of"},
	}
	for _, tt := range tests {
		if _, _, err := scenario.Read(k, "s.yaml", []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
	if _, warnings, err := scenario.Read(k, "s.yaml", []byte("name: x\nclock: {freeze: 2026-01-01T00:00:00Z}\nfaults: [{when: {during: {to: 30s}}, what: {status: 503}}]\n")); err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "s.yaml:3:26: warning: the clock is frozen") {
		t.Errorf("a window that nothing ends: %v %v", warnings, err)
	}
	_, warnings, err := scenario.Read(k, "s.yaml", []byte("name: x\nfaults: [{where: {operation: barbican.*}, what: {status: 753}}]\n"))
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].Error(), "s.yaml:2:58: warning: barbican.* documents no 753") {
		t.Errorf("an undocumented status: %v %v", warnings, err)
	}
}

// Ensure what is probably not intended brings a warning, and what is intended does not.
func TestWarnings(t *testing.T) {
	t.Parallel()
	k := catalogue(t)
	const down = "{name: down, where: {operation: freezer.clients.*}, when: {times: 0}, what: {status: 503}}"
	for _, tt := range []struct{ text, want string }{
		{"faults: [{what: {status: 503, retry_after: 2 seconds}}]", `s.yaml:2:44: warning: "2 seconds" is neither a duration such as 2s, nor a number of seconds, nor a date; it is sent unchanged`},
		{"faults: [{what: {status: 503, retry_after: 2s}}, {what: {status: 503, retry_after: '120'}}, {what: {status: 503, retry_after: date-1h}}, {what: {status: 503, retry_after: 'Thu, 01 Jan 2026 12:00:00 GMT'}}]", ""},
		{"faults:\n  - " + down + "\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", "s.yaml:4:5: warning: the rule never fires: rule down before it always fires"},
		{"faults:\n  - " + down + "\n  - {where: {operation: freezer.*}, what: {status: 401}}", ""},
		{"faults:\n  - " + down + "\n  - {where: {operation: [freezer.clients.list, '*.consumers.list']}, what: {status: 401}}", ""},
		{"faults:\n  - " + down + "\n  - {where: {operation: [freezer.clients.*, '!*.create']}, what: {status: 401}}", "warning: the rule never fires"},
		{"faults:\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}\n  - " + down, ""},
		{"faults:\n  - {name: a, where: {operation: freezer.*, method: GET}, when: {times: 0}, what: {status: 503}}\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", ""},
		{"faults:\n  - {name: a, where: {operation: freezer.*, method: GET}, when: {times: 0}, what: {status: 503}}\n  - {where: {operation: freezer.clients.list, method: GET, path: /x}, what: {status: 401}}", "warning: the rule never fires"},
		{"faults:\n  - {name: a, when: {times: 0}, what: {delay: 1s}, continue: true}\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", ""},
		{"faults:\n  - {name: a, when: {probability: 0.5}, what: {status: 503}}\n  - {where: {operation: freezer.clients.list}, what: {status: 401}}", ""},
		{"expect: [{operation: freezer.clients.list, status: 418}]", "s.yaml:2:52: warning: freezer.clients.list documents no 418, and no rule of the scenario answers it"},
		{"expect: [{operation: freezer.clients.list, status: 2xx}, {operation: freezer.clients.list, status: none}, {operation: freezer.clients.list, status: 418, requests: 0}]", ""},
		{"expect: [{operation: freezer.clients.list, status: 418}]\nfaults: [{where: {operation: '*.list'}, what: {status: 418}}]", "documents no 418; the body is a general error"},
		{"expect: [{sequence: [{operation: freezer.clients.delete, status: 201}]}]", "s.yaml:2:66: warning: freezer.clients.delete documents no 201"},
	} {
		_, warnings, err := scenario.Read(k, "s.yaml", []byte("name: x\n"+tt.text+"\n"))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		var got []string
		for _, w := range warnings {
			if tt.want != "" || !strings.Contains(w.Error(), "a general error of the service") {
				got = append(got, w.Error())
			}
		}
		if text := strings.Join(got, "\n"); !strings.Contains(text, tt.want) || tt.want == "" && text != "" || len(got) > 1 && !strings.Contains(text, "general error") {
			t.Errorf("%s: %s, want %q", tt.text, text, tt.want)
		}
	}
}

// FuzzScenario ensures that an invalid scenario is refused with an error, and that a valid one has
// rules that can be armed.
func FuzzScenario(f *testing.F) {
	k := catalogue(f)
	for _, seed := range []string{
		"name: x\nabout: y\nfixture: documented\nseed: 42\nclock: {freeze: 2026-01-01T00:00:00Z}\nquirks: []\nfaults:\n  - name: m\n    where: {operation: freezer.clients.create}\n    when: {skip: 1, times: 2}\n    what: {status: 503, retry_after: 2s}\nexpect:\n  - {operation: freezer.clients.create, requests: {min: 3, max: 5}}\n",
		`{"name":"x","fixture":["a","b"],"expect":[{"sequence":[{"status":503},{"operation":"freezer.*"}]},{"no_unmatched":true}]}`,
		"name: &a x\nabout: *a\nfaults: [{use: freezer.clients.create/753, when: {after: {fault: b}}}, {name: b, what: {delay: 1s}}]\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, err := scenario.Read(k, "s.yaml", data)
		if err != nil {
			return
		}
		if s.Name == "" && !strings.Contains(string(data), "name") {
			t.Error("a scenario without a name")
		}
		var set ruleset.Set
		if _, err := set.Arm(s.Faults...); err != nil {
			t.Errorf("checked, and not armed: %v", err)
		}
	})
}
