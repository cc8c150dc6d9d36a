package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test binary be the command that standin run or explore starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == asClient {
		os.Exit(play(os.Args[2:]))
	}
	switch os.Getenv("STANDIN_TEST_COMMAND") {
	case "":
		for _, name := range []string{"OS_CLOUD", "http_proxy"} { // the commands must not get these
			if err := os.Setenv(name, "x"); err != nil {
				panic(err)
			}
		}
		if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil { // else a client with the race detector waits a second at its end
			panic(err)
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

// persistent is a client in Python that only uses its environment. It logs in through Keystone and
// repeats a failed request a given number of times.
const persistent = `
import json, os, sys, time, urllib.error, urllib.request
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
        time.sleep(int(e.headers["Retry-After"]))
sys.exit(1)
`

// Ensure the exit code of standin run is the verdict, for clients in shell and in Python. Ensure
// failures of standin have their own exit codes.
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
		{"fails, as it should", "curl", []string{right, "--", "sh", "-c", list + "; exit 3"}, 0, "", "met      the command fails (exit code 3)"},
		{"does not fail, as it should", "curl", []string{right, "--", "sh", "-c", list}, 1, "", "NOT MET  the command fails (exit code 0)"},
		{"a signal is no failure", "curl", []string{right, "--", "sh", "-c", list + "; kill -TERM $$"}, 1, "", "NOT MET  the command fails (ended by a signal: terminated)"},
		{"a number", "curl", []string{three, "--", "sh", "-c", list + "; exit 3"}, 0, "", "met      the command ends with exit code 3 (exit code 3)"},
		{"another number", "curl", []string{three, "--", "sh", "-c", list + "; exit 4"}, 1, "", "NOT MET  the command ends with exit code 3 (exit code 4)"},
		{"any exit", "curl", []string{"unauthorized", "--", "sh", "-c", list + "; exit 4"}, 0, "", "met      the command ends (exit code 4)"},
		{"without a scenario", "curl", []string{"--", "sh", "-c", list}, 0, "", "scenario none: passed\n  met      the command succeeds (exit code 0)\n  met      the command sends requests (1)\n"},
		{"no such scenario", "", []string{"flakey", "--", "true"}, 3, "", `did you mean "flaky"?`},
		{"no such command", "", []string{"flaky", "--", "./there-is-no-such-command"}, 3, "", "cannot run ./there-is-no-such-command: no such file"},
		{"no command", "", []string{"flaky"}, 2, "", "expected standin run [SCENARIO…] -- COMMAND…"},
		{"no command after the dashes", "", []string{"flaky", "--"}, 2, "", "expected standin run [SCENARIO…] -- COMMAND…"},
		{"a seed", "curl", []string{"flaky", "--seed", "7", "--", "sh", "-c", list}, 0, "", "passed"},
		{"the command goes elsewhere", "", []string{"flaky", "--", "true"}, 1, "", "NOT MET  the command sends requests (0)"},
		{"a flag misspelt", "", []string{"flaky", "--seeed", "7", "--", "true"}, 2, "", "unknown flag --seeed"},
		{"nowhere to write", "", []string{"--junit", "/there/is/no/such/folder", "flaky", "--", "true"}, 3, "", "cannot write /there/is/no/such/folder: no such file"},
		{"a report without a form", "", []string{"--report", "r.pdf", "flaky", "--", "true"}, 3, "", "expected a name that ends in .txt, .json, .xml (JUnit), .md or .html"},
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

// Ensure a client that fails as it must passes the scenarios in which it cannot succeed.
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
			for _, after := range []string{"", "; true"} { // the client reports its failure, or a test that expects the failure passes
				if code, out, errOut := command(t, "run", scenario, "--", "sh", "-c", client+after); code != 0 {
					t.Errorf("%q: code %d\n%s%s", after, code, out, errOut)
				}
			}
		})
	}
}

// Ensure requests in sandboxes count, including sandboxes that are deleted before the end. Ensure
// rules and expectations are judged over all sandboxes.
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
	if code, _, errOut := command(t, "run", scenario, "--", "sh", "-c", in("/~a", "/nowhere")+end); code != 1 || !strings.Contains(errOut, "NOT MET  no unmatched requests (1: GET /~a/nowhere)") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// Ensure each sandbox that received a request, also a deleted one, must have the expected records,
// and that the verdict names the sandbox.
func TestRunJudgesEachWorld(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	scenario := write(t, "w.yaml", "name: w\nexpect: [{state: {freezer.clients: 1}}, {unchanged: true}, {operation: freezer.clients.create, created_once: true}]\n")
	in := func(box, name string) string {
		return `curl -s -o /dev/null "$STANDIN_URL/~` + box + `/v1/clients" -H "X-Auth-Token: demo-token" -H "Content-Type: application/json" -d '{"client_id": "` + name + `", "hostname": "h"}';`
	}
	const end = `curl -s -X DELETE "$STANDIN_URL/_standin/sandboxes/b";`
	_, _, errOut := command(t, "run", scenario, "--", "sh", "-c", in("a", "x")+in("b", "x")+in("b", "y")+end)
	for _, want := range []string{
		"NOT MET  freezer.clients: 1 records at the end (2 in sandbox b; created by 1, 2)",
		"NOT MET  the records at the end are those of the start (freezer.clients", "x was created by 1 in sandbox a;",
		"met      freezer.clients.create: each request creates its records once (3 requests",
	} {
		if !strings.Contains(errOut, want) {
			t.Errorf("no %s in %s", want, errOut)
		}
	}
}

// Ensure several scenarios and folders run one after the other, each with a verdict, and that one
// JUnit file has all verdicts.
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
	var all struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Out      string `xml:"system-out"`
			Cases    []struct {
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all.Suites {
		names = append(names, fmt.Sprintf("%s %d %d %v", s.Name, s.Tests, s.Failures, strings.Contains(s.Out, "200  GET    /v1/clients")))
	}
	if got := strings.Join(names, "; "); got != "first 3 0 false; second 2 0 false; first #2 2 0 false; syntax-error 4 1 true" || all.Tests != 11 || all.Failures != 1 {
		t.Errorf("%s in %s", got, text)
	}
	if f := all.Suites[3].Cases[3].Failure; f == nil || !strings.Contains(f.Text, "expected:  the rule freezer.clients.create/753 fires\nfound:     it never did") {
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

// A tail collects what is written. A test can wait for a text in it.
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
	deadline := time.Now().Add(2 * time.Minute)
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

func fetch(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), needs(t, "curl"), "-s", "--noproxy", "*", "-H", "X-Auth-Token: demo-token", url)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
