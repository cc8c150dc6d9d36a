package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test's own binary be the command that standin run starts.
func TestMain(m *testing.M) {
	switch os.Getenv("STANDIN_TEST_COMMAND") {
	case "":
		for _, name := range []string{"OS_CLOUD", "http_proxy"} { // which the commands must not get
			if err := os.Setenv(name, "x"); err != nil {
				panic(err)
			}
		}
		os.Exit(m.Run())
	case "standin":
		os.Exit(program(os.Args[1:]))
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// needs finds a program that a test needs, or skips the test.
func needs(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not here", name)
	}
	return path
}

const list = `curl -s -o /dev/null "$STANDIN_URL/v1/clients" -H "X-Auth-Token: demo-token"`

// persistent is a client in Python that knows nothing but its environment: it logs in
// through Keystone and tries so often.
const persistent = `
import json, os, sys, urllib.error, urllib.request
def ask(url, body=None, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    return urllib.request.urlopen(request, timeout=10)
domain = {"name": os.environ["OS_USER_DOMAIN_NAME"]}
auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": os.environ["OS_USERNAME"], "password": os.environ["OS_PASSWORD"], "domain": domain}}},
        "scope": {"project": {"name": os.environ["OS_PROJECT_NAME"], "domain": {"name": os.environ["OS_PROJECT_DOMAIN_NAME"]}}}}}
token = ask(os.environ["OS_AUTH_URL"] + "/auth/tokens", auth, **{"Content-Type": "application/json"}).headers["X-Subject-Token"]
for attempt in range(int(sys.argv[1])):
    try:
        print(json.load(ask(os.environ["STANDIN_URL"] + "/v1/clients", **{"X-Auth-Token": token})))
        sys.exit(0)
    except urllib.error.HTTPError as e:
        print("attempt", attempt + 1, "got", e.code)
sys.exit(1)
`

// Ensure the exit code of standin run is the verdict, for clients in shell and in
// Python, and that failures of our own have codes of their own.
func TestRun(t *testing.T) {
	t.Parallel()
	python := write(t, "client.py", persistent)
	mine := write(t, "mine.yaml", "name: mine\nfaults: [{name: down, use: freezer.clients.list/401, when: {times: 2}}]\nexpect: [{operation: freezer.clients.list, requests: 3}]\n")
	nothing := write(t, "nothing.yaml", "name: nothing\n")
	right := write(t, "right.yaml", "name: right\nfaults: [{use: freezer.clients.list/401}]\nexpect: [{exit: nonzero}]\n")
	three := write(t, "three.yaml", "name: three\nexpect: [{exit: 3}]\n")
	tests := []struct {
		name, needs string
		args        []string
		code        int
		out, errOut string
	}{
		{"python, persistent", "python3", []string{"fails-twice-then-works", "--", "python3", python, "3"}, 0, "attempt 2 got 503\n{'clients': []}\n", "scenario fails-twice-then-works: passed\n  met      the command succeeds (exit code 0)\n"},
		{"python, gives up", "python3", []string{"fails-twice-then-works", "--", "python3", python, "2"}, 1, "attempt 2 got 503\n", "scenario fails-twice-then-works: FAILED\n  NOT MET  the command succeeds (exit code 1)\n"},
		{"curl, persistent", "curl", []string{mine, "--", "sh", "-c", list + ";" + list + ";" + list}, 0, "", "met      freezer.clients.list: 3 requests (3)"},
		{"curl, gives up", "curl", []string{mine, "--", "sh", "-c", list}, 1, "", "NOT MET  freezer.clients.list: 3 requests (1)"},
		{"what was requested, after a failure", "curl", []string{mine, "--", "sh", "-c", list}, 1, "", "    1  401  GET    /v1/clients  [freezer.clients.list]  demo"},
		{"nothing fails", "curl", []string{"syntax-error", "--", "true"}, 1, "", "NOT MET  the rule freezer.clients.create/753 fires (it never did: nothing failed)\n  no requests\n"},
		{"the command is told its exit code", "sh", []string{"flaky", "--", "sh", "-c", "exit 7"}, 1, "", "NOT MET  the command succeeds (exit code 7)"},
		{"fails, as it should", "curl", []string{right, "--", "sh", "-c", list + "; exit 3"}, 0, "", "met      the command fails (exit code not 0) (exit code 3)"},
		{"does not fail, as it should", "curl", []string{right, "--", "sh", "-c", list}, 1, "", "NOT MET  the command fails (exit code not 0) (exit code 0)"},
		{"a signal is no failure", "curl", []string{right, "--", "sh", "-c", list + "; kill -TERM $$"}, 1, "", "NOT MET  the command fails (exit code not 0) (ended by a signal: terminated)"},
		{"a number", "curl", []string{three, "--", "sh", "-c", list + "; exit 3"}, 0, "", "met      the command ends with exit code 3 (exit code 3)"},
		{"another number", "curl", []string{three, "--", "sh", "-c", list + "; exit 4"}, 1, "", "NOT MET  the command ends with exit code 3 (exit code 4)"},
		{"any exit", "curl", []string{"unauthorized", "--", "sh", "-c", list + "; exit 4"}, 0, "", "met      the command ends (exit code 4)"},
		{"without a scenario", "curl", []string{"--", "sh", "-c", list}, 0, "", "scenario (none): passed\n  met      the command succeeds (exit code 0)\n  met      the command sends requests (1)\n"},
		{"no such scenario", "", []string{"flakey", "--", "true"}, 3, "", `did you mean "flaky"?`},
		{"no such command", "", []string{"flaky", "--", "./there-is-no-such-command"}, 3, "", "no such file"},
		{"no command", "", []string{"flaky"}, 2, "", "expected standin run [SCENARIO…] -- COMMAND…"},
		{"no command after the dashes", "", []string{"flaky", "--"}, 2, "", "expected standin run [SCENARIO…] -- COMMAND…"},
		{"a seed", "curl", []string{"flaky", "--seed", "7", "--", "sh", "-c", list}, 0, "", "passed"},
		{"the command goes elsewhere", "", []string{"flaky", "--", "true"}, 1, "", "NOT MET  the command sends requests (0)"},
		{"a flag misspelt", "", []string{"flaky", "--seeed", "7", "--", "true"}, 2, "", "unknown flag --seeed"},
		{"nowhere to write", "", []string{"--junit", "/there/is/no/such/folder", "flaky", "--", "true"}, 3, "", "no such file"},
		{"no other cloud", "sh", []string{"flaky", "--", "sh", "-c", `test -z "$OS_CLOUD$http_proxy" && test "$OS_USERNAME" = demo`}, 1, "", "met      the command succeeds"},
		{"too slow", "curl", []string{nothing, "--timeout", "200ms", "--", "sh", "-c", list + "; sleep 300"}, 1, "", "NOT MET  the command ends within 200ms (stopped after 200ms)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.needs != "" {
				needs(t, tt.needs)
			}
			code, out, errOut := command(t, append([]string{"run"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errOut, tt.errOut) || strings.Contains(out, "scenario") {
				t.Errorf("code %d, want %d\nout %s\nerr %s", code, tt.code, out, errOut)
			}
		})
	}
}

// Ensure a client that rightly fails passes the scenarios that leave it no other way.
func TestRightlyFailing(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	const create = `curl -sf -o /dev/null "$STANDIN_URL/v1/clients" -H "X-Auth-Token: demo-token" -H "Content-Type: application/json" -d '{"client_id":"a","hostname":"h"}'`
	const consumer = `curl -sf -o /dev/null "$STANDIN_URL/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers" -H "X-Auth-Token: demo-token" -H "Content-Type: application/json" -d '{"name":"n","url":"u"}'`
	for scenario, client := range map[string]string{
		"syntax-error": create, "forbidden": create, "unauthorized": create, "unavailable": create, "quota-reached": consumer, "half-an-answer": create,
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			for _, after := range []string{"", "; true"} { // the client shows that it failed, or a test that expects it passes
				if code, out, errOut := command(t, "run", scenario, "--", "sh", "-c", client+after); code != 0 {
					t.Errorf("%q: code %d\n%s%s", after, code, out, errOut)
				}
			}
		})
	}
}

// Ensure requests in sandboxes count, in those too that are deleted before the end, and
// that the rules and expectations of the scenario are judged over all of them.
func TestRunWithSandboxes(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	scenario := write(t, "s.yaml", `name: s
faults: [{use: freezer.clients.list/401}]
expect:
  - {operation: freezer.clients.list, requests: 3}
  - {sequence: [{status: 401}, {status: 200}]}
  - {no_unmatched: true}
`)
	in := func(box, path string) string {
		return `curl -s -o /dev/null "$STANDIN_URL` + box + path + `" -H "X-Auth-Token: demo-token";`
	}
	const end = `curl -s -X DELETE "$STANDIN_URL/_standin/sandboxes/a";`
	suite := in("/~a", "/v1/clients") + in("/~a", "/v1/clients") + end + in("/~b", "/v1/clients")
	if code, _, errOut := command(t, "run", scenario, "--", "sh", "-c", suite); code != 0 {
		t.Errorf("code %d: %s", code, errOut)
	}
	code, _, errOut := command(t, "run", scenario, "--", "sh", "-c", in("/~a", "/v1/clients")+end+in("/~b", "/v1/clients")+in("/~c", "/v2"))
	for _, want := range []string{"met      the command sends requests (3)", "NOT MET  freezer.clients.list: 3 requests (2)", "NOT MET  in order: ", "a               1  401  GET    /v1/clients  [", "b               1  401  GET    /v1/clients"} {
		if code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("code %d, want %s: %s", code, want, errOut)
		}
	}
	if code, _, errOut := command(t, "run", scenario, "--", "sh", "-c", in("/~a", "/nowhere")+end); code != 1 || !strings.Contains(errOut, "NOT MET  no request outside every operation (1: GET /~a/nowhere)") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// Ensure several scenarios and folders of them run one after the other, each with a
// verdict, and all of them in one file of JUnit XML.
func TestRunSeveral(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.yaml": "name: second\nfaults: [{use: freezer.clients.list/401}]\n",
		"a.yml":  "name: first\nexpect: [{status: 200}]\n",
		"c.json": `{"name": "first", "fixture": "mine.yaml"}`, "mine.yaml": "about: a fixture\n", "README.md": "name: none\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	junit, journal, timed := filepath.Join(dir, "verdict.xml"), filepath.Join(dir, "journal"), filepath.Join(dir, "requests")
	code, out, errOut := command(t, "run", "--junit", junit, "--journal", journal, "--requests", timed, dir, "syntax-error", "--", "sh", "-c", list+"; echo did")
	if code != 1 || out != "did\ndid\ndid\ndid\n" || !strings.Contains(errOut, "4 scenarios: 3 passed, 1 FAILED\n") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	text, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var all suites
	if err := xml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all.Suites {
		names = append(names, fmt.Sprintf("%s %d %d %v", s.Name, s.Tests, s.Failures, strings.Contains(s.Out, "200  GET    /v1/clients")))
	}
	if got := strings.Join(names, "; "); got != "first 3 0 false; second 2 0 false; first #2 2 0 false; syntax-error 3 1 true" || all.Tests != 10 || all.Failures != 1 {
		t.Errorf("%s in %s", got, text)
	}
	if f := all.Suites[3].Cases[2].Failure; f == nil || !strings.Contains(f.Text, "expected:  the rule freezer.clients.create/753 fires\nfound:     it never did") {
		t.Errorf("a failure without a text: %s", text)
	}
	if code, _, errOut := command(t, "run", t.TempDir(), "--", "true"); code != 3 || !strings.Contains(errOut, "no scenario in it") {
		t.Errorf("an empty folder: %d %s", code, errOut)
	}
	if err := os.WriteFile(filepath.Join(dir, "d.yaml"), []byte("name: x\nfaultz: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := command(t, "run", dir, "--", "sh", "-c", "echo did"); code != 3 || out != "" || !strings.Contains(errOut, `d.yaml:2:1: unknown key "faultz"`) {
		t.Errorf("a mistake in one of them: %d %s %s", code, out, errOut)
	}
}

// Ensure reports take their place when they are whole: whoever reads them meanwhile
// finds the old ones, and what was interrupted leaves these and nothing else.
func TestReportsAreWhole(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	dir := t.TempDir()
	junit, link := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "link")
	if err := os.WriteFile(junit, []byte("old\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("junit.xml", link); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(t, "run", "--junit", link, "syntax-error", "--", "sh", "-c", "grep -q old "+junit); code != 1 || !strings.Contains(errOut, "met      the command ends (exit code 0)") {
		t.Errorf("the old report was gone: %d %s", code, errOut)
	}
	text, err := os.ReadFile(junit)
	if info, err2 := os.Stat(junit); err != nil || err2 != nil || !strings.Contains(string(text), "</testsuites>") || info.Mode().Perm() != 0o640 {
		t.Errorf("%s %v %v", text, err, err2)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link was replaced: %v", err)
	}
	if code, _, _ := command(t, "run", "--junit", junit, "syntax-error", "--", "./nothing"); code != 3 {
		t.Errorf("code %d", code)
	}
	if again, _ := os.ReadFile(junit); string(again) != string(text) {
		t.Errorf("a run that failed by itself wrote %s", again)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("left over: %v %v", files, err)
	}
	if code, _, errOut := command(t, "run", "--junit", os.DevNull, "syntax-error", "--", "true"); code != 1 {
		t.Errorf("to a device: %d %s", code, errOut)
	}
}

// Ensure what the command has started is ended with it, when the time is over and when
// standin is interrupted.
func TestGrandchildrenEnd(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	if !alive(os.Getpid()) {
		t.Skip("there is no /proc")
	}
	for _, how := range []string{"timeout", "interrupt"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pid")
			script := `sh -c 'trap "" INT; echo $$ > "` + path + `.new"; mv "` + path + `.new" "` + path + `"; while :; do sleep 300; done' & wait`
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			args, want := []string{"run", "--timeout", "3s", "--", "sh", "-c", script}, 1
			if how == "interrupt" {
				args, want = []string{"run", "--", "sh", "-c", script}, 3
			}
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0) // a file, so that nobody waits for the end of a pipe
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			done := make(chan int, 1)
			go func() { done <- run(ctx, args, streams{null, null}) }()
			var pid int
			eventually(t, func() bool {
				text, _ := os.ReadFile(path)
				_, err := fmt.Sscan(string(text), &pid)
				return err == nil
			})
			if how == "interrupt" {
				interrupt()
			}
			if code := <-done; code != want {
				t.Errorf("code %d", code)
			}
			eventually(t, func() bool { return !alive(pid) })
		})
	}
}

// alive reports whether a process runs.
func alive(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(state), ") Z ")
}

// eventually waits until a condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// Ensure variables of serve do not replace what a scenario says, and that this is told.
func TestRunReadsNoVariablesOfServe(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	scenario := write(t, "s.yaml", "name: s\nfixture: empty\nseed: 1\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	show := func(env ...string) string {
		cmd := exec.CommandContext(t.Context(), self, "run", scenario, "--", "sh", "-c", `curl -s "$STANDIN_URL/_standin/state/devops"; curl -s "$STANDIN_URL/_standin/sandboxes/default" | grep -o '"seed":[0-9]*'`)
		cmd.Env = append(append(os.Environ(), "STANDIN_TEST_COMMAND=standin"), env...)
		var errOut bytes.Buffer
		cmd.Stderr = &errOut
		out, _ := cmd.Output()
		for _, name := range env {
			if name, _, _ := strings.Cut(name, "="); !strings.Contains(errOut.String(), "run does not read "+name) {
				t.Errorf("nothing is told of %s: %s", name, &errOut)
			}
		}
		return string(out)
	}
	if plain, with := show(), show("STANDIN_FIXTURE=documented", "STANDIN_SEED=7", "STANDIN_PROFILE=observed"); plain != with || !strings.Contains(plain, `"seed":1`) {
		t.Errorf("without:\n%s\nwith:\n%s", plain, with)
	}
}

// Ensure two runs give the same journal to the byte, whatever the number of
// processors, and that another seed gives another.
func TestJournalsRepeat(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	script := ""
	for i := range 12 {
		script += fmt.Sprintf(`curl -s -o /dev/null "$STANDIN_URL/v1/clients" -H "X-Auth-Token: demo-token" -H "Content-Type: application/json" -d '{"client_id":"n%d","hostname":"h"}';`+"\n"+list+"\n", i)
	}
	script += "true\n"
	scenario := write(t, "s.yaml", `name: s
fixture: documented
seed: 42
clock: {freeze: 2026-01-01T00:00:00Z}
faults:
  - {name: cut, where: {operation: freezer.clients.create}, when: {calls: [3]}, phase: after, what: {connection: reset}}
  - {name: flaky, where: {operation: freezer.*}, when: {probability: 0.3}, what: {status: 503}}
  - {name: late, where: {operation: "*.create"}, when: {times: 0}, what: {delay: {uniform: {max: 3ms}}}, continue: true}
`)
	journal := func(processors, seed string) string {
		path := filepath.Join(t.TempDir(), "journal")
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), self, "run", "--seed", seed, "--journal", path, scenario, "--", "sh", "-c", script)
		cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", "GOMAXPROCS="+processors)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	one, two, other := journal("1", "42"), journal("2", "42"), journal("2", "43")
	if one != two {
		t.Errorf("one processor:\n%s\ntwo:\n%s", one, two)
	}
	if one == other {
		t.Error("another seed changes nothing")
	}
	if n := strings.Count(one, "\n"); n != 24 || !strings.Contains(one, `"draw":`) || !strings.Contains(one, `"ended":"cut"`) {
		t.Errorf("%d lines: %s", n, one)
	}
}

// Ensure scenario files are checked, and warned about.
func TestCheckScenarios(t *testing.T) {
	t.Parallel()
	bad := write(t, "bad.yaml", "name: x\nfixture: documentd\nfaults: [{where: {operation: freezer.client.create}, what: {status: 503}}]\n")
	missing := write(t, "missing.yaml", "name: x\nfixture: documentd\n")
	odd := write(t, "odd.yaml", "name: x\nfaults: [{where: {operation: devops.*}, what: {status: 753}}]\n")
	if code, _, errOut := command(t, "check", bad); code != 1 || !strings.Contains(errOut, bad+":3:30: no operation freezer.client.create; did you mean freezer.clients.create?") {
		t.Errorf("%d %s", code, errOut)
	}
	if code, _, errOut := command(t, "check", missing); code != 1 || !strings.Contains(errOut, missing+":2:10: fixture \"documentd\"") || !strings.Contains(errOut, `did you mean "documented"?`) {
		t.Errorf("%d %s", code, errOut)
	}
	if code, out, errOut := command(t, "check", odd); code != 0 || !strings.Contains(errOut, "warning: devops.* documents no 753") || out != odd+": ok\n" {
		t.Errorf("%d %s %s", code, out, errOut)
	}
	for name, want := range map[string]string{
		"":                        ":1:1: the file is empty",
		"# nothing\n---\n":        ":1:1: the file is empty",
		"operation: *.create\n":   `:1:12: no anchor ".create"; a text that begins with * needs quotes: "*.create"`,
		"a: {b: *}\n":             "a text that begins with * needs quotes",
		"devops:\n\timages: []\n": ":2:1: a tab; YAML is indented with spaces",
		"about: @me\n":            ":1:8: a text that begins with @ needs quotes",
		"about: a: b\n":           "a text with a colon and a blank in it needs quotes",
	} {
		path := write(t, "x.yaml", name)
		if code, _, errOut := command(t, "check", path); code != 1 || !strings.Contains(errOut, path) || !strings.Contains(errOut, want) {
			t.Errorf("%q: %d %s, want %s", name, code, errOut, want)
		}
	}
	lines := write(t, "lines.yaml", "expect: [{status: x}]\nseed: y\nfaults:\n  - {what: {status: 1}}\n  - {whot: {}}\nname: 7\n")
	_, _, errOut := command(t, "check", lines)
	last := 0
	for line := range strings.Lines(errOut) {
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(line, lines), ":%d:", &n); err != nil || n < last {
			t.Errorf("not in the order of lines: %s", errOut)
		}
		last = n
	}
	if last != 6 {
		t.Errorf("ends at line %d: %s", last, errOut)
	}
	fixture := write(t, "fixture.yaml", "privx: {roles: [{}]}\ndevops:\n  images: [{id: 1}]\nfreezer: {clients: [{}]}\n")
	_, _, errOut = command(t, "check", fixture)
	if one, two := strings.Index(errOut, "fixture.yaml:1:"), strings.Index(errOut, "fixture.yaml:4:"); one < 0 || two < one {
		t.Errorf("not in the order of lines: %s", errOut)
	}
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	code, _, errOut := command(t, append([]string{"check"}, files...)...)
	for warning := range strings.Lines(errOut) {
		if !strings.Contains(warning, "documents no 503; the service's envelope is answered") {
			t.Error(warning)
		}
	}
	if code != 0 {
		t.Errorf("%d %s", code, errOut)
	}
}

// A tail collects what is written, and can be waited for.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *tail) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *tail) await(t *testing.T, want string) string {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		w.mu.Lock()
		text := w.text.String()
		w.mu.Unlock()
		if strings.Contains(text, want) {
			return text
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in %q", want, text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// serve runs the emulator until the test ends.
func serve(t *testing.T, args ...string) (url string, log *tail) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done, out, log := make(chan int, 1), &tail{}, &tail{}
	go func() {
		done <- run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), streams{out, log})
	}()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d: %s", code, &log.text)
		}
	})
	_, url, _ = strings.Cut(strings.TrimSpace(out.await(t, "\n")), "standin ready ")
	return url, log
}

// Ensure --watch starts anew when a file changes, and keeps what it has when the
// file has mistakes.
func TestWatch(t *testing.T) {
	t.Parallel()
	const text = "name: a\nfaults: [{use: freezer.clients.create/753}]\n"
	path := write(t, "s.yaml", text)
	url, log := serve(t, "--scenario", path, "--watch")
	rules := func() string {
		_, out, _ := command(t, "requests", "--url", url)
		return out + fetch(t, url+"/_standin/faults")
	}
	if got := rules(); !strings.Contains(got, "freezer.clients.create/753") {
		t.Fatal(got)
	}
	rewrite := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(text + "faultz: []\n")
	log.await(t, `unknown key \"faultz\"`)
	if got := rules(); !strings.Contains(got, "freezer.clients.create/753") {
		t.Errorf("with a mistake in the file: %s", got)
	}
	rewrite("name: b\nfaults: [{use: freezer.clients.list/401}]\n")
	log.await(t, "reloaded")
	if got := rules(); strings.Contains(got, "create/753") || !strings.Contains(got, "freezer.clients.list/401") {
		t.Errorf("with another rule: %s", got)
	}
}

// Ensure --watch does not take a file that is empty for the empty fixture.
func TestWatchOfAnEmptyFile(t *testing.T) {
	t.Parallel()
	path := write(t, "f.yaml", "devops: {images: [{id: kept, provider: p, remote_user: r}]}\n")
	url, log := serve(t, "--fixture", path, "--watch")
	if err := os.WriteFile(path, []byte("# being written\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log.await(t, "the file is empty")
	if got := fetch(t, url+"/_standin/state/devops"); !strings.Contains(got, `"kept"`) {
		t.Errorf("an empty file was loaded: %s", got)
	}
	if err := os.WriteFile(path, []byte("devops: {images: [{id: other, provider: p, remote_user: r}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log.await(t, "reloaded")
	if got := fetch(t, url+"/_standin/state/devops"); !strings.Contains(got, `"other"`) {
		t.Errorf("the file was not loaded: %s", got)
	}
}

// Ensure files are read once they look the same twice, and not while they change.
func TestSettler(t *testing.T) {
	t.Parallel()
	s := settler{read: "a", last: "a"}
	got := ""
	for _, now := range []string{"a", "empty", "half", "whole", "whole", "whole", "a", "a", "a", "b", "a", "a"} {
		if s.settled(now) {
			got += now + " "
			s.read = now
		}
	}
	if got != "whole a " {
		t.Errorf("read %s", got)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), needs(t, "curl"), "-s", "--noproxy", "*", "-H", "X-Auth-Token: demo-token", url)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Ensure requests are printed, those that were and those that come.
func TestRequests(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, "--control-token", "secret")
	fetch(t, url+"/~box/v1/clients")
	if code, _, errOut := command(t, "requests", "--url", url, "--sandbox", "box"); code != 1 || !strings.Contains(errOut, "401") {
		t.Errorf("without the token: %d %s", code, errOut)
	}
	if code, _, errOut := command(t, "requests", "--url", url, "--token", "secret", "--sandbox", "bix"); code != 1 || !strings.Contains(errOut, `did you mean`) {
		t.Errorf("an unknown sandbox: %d %s", code, errOut)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &tail{}, make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"requests", "--url", url, "--token", "secret", "--sandbox", "box", "--follow"}, streams{out, io.Discard})
	}()
	out.await(t, "1  200  GET    /v1/clients  [freezer.clients.list]  demo")
	fetch(t, url+"/~box/v1/client")
	out.await(t, "2  404  GET    /v1/client  [no operation]")
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Ensure standin requests knows the sandbox of a URL, all sandboxes, one exchange whole,
// and says in words what the emulator refuses.
func TestRequestsOfSandboxes(t *testing.T) {
	t.Parallel()
	url, _ := serve(t)
	ask(t, url+"/~box/v1/clients?limit=1", "X-Standin-Fault", "status=503")
	ask(t, url+"/v1/clients")
	ask(t, url+"/~box/v1/clients/b%1bx")
	const boxed, plain = "   1  503  GET    /v1/clients?limit=1  [freezer.clients.list]  demo", "   1  200  GET    /v1/clients  [freezer.clients.list]  demo"
	for _, tt := range []struct {
		args       []string
		code       int
		want, none string
	}{
		{[]string{"--url", url + "/~box"}, 0, boxed, plain},
		{[]string{"--url", url + "/~box/"}, 0, boxed, "/~box"},
		{[]string{"--url", url, "--sandbox", "box"}, 0, boxed, plain},
		{[]string{"--url", url}, 0, plain, boxed},
		{[]string{"--url", url, "--all"}, 0, "box          " + boxed, "/~box"},
		{[]string{"--url", url, "--all"}, 0, "default      " + plain, ""},
		{[]string{"--url", url + "/~box", "--sandbox", "other"}, 1, "--url leads into the sandbox box, and --sandbox is other", ""},
		{[]string{"--url", url + "/~box", "1"}, 0, "fault request fired at its request 1: [status 503]", "200"},
		{[]string{"--url", url + "/~box", "1"}, 0, "> GET /~box/v1/clients?limit=1\n> Accept-Encoding: gzip\n", ""},
		{[]string{"--url", url + "/~box", "1"}, 0, "\n< 503\n", ""},
		{[]string{"--url", url + "/~box", "2"}, 0, `> GET /~box/v1/clients/b\x1bx`, "\x1b"},
		{[]string{"--url", url, "7"}, 1, "standin: 404 Not Found: No request 7; the newest is 1.\n", "{"},
		{[]string{"--url", url, "--operation", "freezer.client.*"}, 1, "standin: 400 Bad Request: no operation freezer.client.*", "{"},
	} {
		code, out, errOut := command(t, append([]string{"requests"}, tt.args...)...)
		if text := out + errOut; code != tt.code || !strings.Contains(text, tt.want) || tt.none != "" && strings.Contains(text, tt.none) {
			t.Errorf("%v: code %d\n%s", tt.args, code, text)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	out, done := &tail{}, make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"requests", "--url", url, "--all", "--follow"}, streams{out, io.Discard})
	}()
	out.await(t, boxed)
	out.await(t, plain)
	ask(t, url+"/~new/v1/clients")
	out.await(t, "new          "+plain)
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Ensure the files of standin run can be printed, with times where they have them.
func TestRequestsOfFiles(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	dir := t.TempDir()
	journal, timed := filepath.Join(dir, "journal"), filepath.Join(dir, "requests")
	client := list + `; curl -s -o /dev/null "$STANDIN_URL/~box/v1/clients" -H "X-Auth-Token: demo-token"`
	for i, scenarios := range [][]string{{"flaky"}, {"flaky", "unauthorized"}} {
		if code, _, errOut := command(t, append(append([]string{"run", "--journal", journal, "--requests", timed}, scenarios...), "--", "sh", "-c", client)...); code != 0 {
			t.Fatal(errOut)
		}
		_, old, _ := command(t, "requests", "--file", journal)
		_, out, _ := command(t, "requests", "--file", timed)
		if !strings.Contains(old, "--:--:--  default         1  200  GET    /v1/clients  [") || strings.Contains(out, "--:--:--") || !strings.Contains(out, "box             1  200  GET    /v1/clients  [") {
			t.Errorf("%s\n%s", old, out)
		}
		if got := strings.Count(out, "scenario "); got != i*2 {
			t.Errorf("%d headings: %s", got, out)
		}
	}
	if code, out, _ := command(t, "requests", "--file", timed, "--sandbox", "box", "1"); code != 0 || !strings.Contains(out, "sandbox box, caller demo, answered\nbegan 20") {
		t.Errorf("%d %s", code, out)
	}
	if code, _, errOut := command(t, "requests", "--file", timed, "9"); code != 1 || !strings.Contains(errOut, "no exchange 9") {
		t.Errorf("%d %s", code, errOut)
	}
	if code, _, errOut := command(t, "requests", "--file", write(t, "other", "{}\n")); code != 1 || !strings.Contains(errOut, "other:1: expected an exchange") {
		t.Errorf("%d %s", code, errOut)
	}
}

// Ensure no proxy is asked for an emulator, whatever its address is.
func TestNoProxyIsAsked(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"127.0.0.1", "localhost"}
	if addresses, err := net.LookupHost(name); err == nil {
		hosts = append(append(hosts, name), addresses...)
	}
	for _, host := range hosts {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			continue // an address that is not this machine's
		}
		at := l.Addr().String()
		l.Close()
		serve(t, "--listen", at)
		_, port, _ := net.SplitHostPort(at)
		for _, args := range [][]string{{"healthcheck", "--listen", net.JoinHostPort(host, port)}, {"requests", "--url", "http://" + net.JoinHostPort(host, port)}} {
			cmd := exec.CommandContext(t.Context(), self, args...)
			cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", "HTTP_PROXY=http://127.0.0.1:9", "http_proxy=http://127.0.0.1:9", "NO_PROXY=", "no_proxy=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v: %s", args, err, out)
			}
		}
	}
}
