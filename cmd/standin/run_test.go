package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
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
		os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdout, os.Stderr}))
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

// program finds a program that a test needs, or skips the test.
func program(t *testing.T, name string) string {
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
	tests := []struct {
		name, needs string
		args        []string
		code        int
		out, errOut string
	}{
		{"python, persistent", "python3", []string{"fails-twice-then-works", "--", "python3", python, "3"}, 0, "attempt 2 got 503\n{'clients': []}\nscenario fails-twice-then-works: passed\n  met      the command succeeds (exit code 0)\n", ""},
		{"python, gives up", "python3", []string{"fails-twice-then-works", "--", "python3", python, "2"}, 1, "scenario fails-twice-then-works: FAILED\n  NOT MET  the command succeeds (exit code 1)\n", ""},
		{"curl, persistent", "curl", []string{mine, "--", "sh", "-c", list + ";" + list + ";" + list}, 0, "met      freezer.clients.list: 3 requests (3)", ""},
		{"curl, gives up", "curl", []string{mine, "--", "sh", "-c", list}, 1, "NOT MET  freezer.clients.list: 3 requests (1)", ""},
		{"nothing fails", "curl", []string{"syntax-error", "--", "true"}, 1, "NOT MET  the rule freezer.clients.create/753 fires (it never did: nothing failed)", ""},
		{"the command is told its exit code", "sh", []string{"flaky", "--", "sh", "-c", "exit 7"}, 1, "NOT MET  the command succeeds (exit code 7)", ""},
		{"no such scenario", "", []string{"flakey", "--", "true"}, 3, "", `did you mean "flaky"?`},
		{"no such command", "", []string{"flaky", "--", "./there-is-no-such-command"}, 3, "", "no such file"},
		{"no command", "", []string{"flaky"}, 2, "", "expected"},
		{"a seed", "curl", []string{"flaky", "--seed", "7", "--", "sh", "-c", list}, 0, "passed", ""},
		{"the command goes elsewhere", "", []string{"flaky", "--", "true"}, 1, "NOT MET  the command sends requests (0)", ""},
		{"a flag misspelt", "", []string{"flaky", "--seeed", "7", "--", "true"}, 2, "", "unknown flag --seeed"},
		{"nowhere to write", "", []string{"--junit", "/there/is/no/such/folder", "flaky", "--", "true"}, 3, "", "no such file"},
		{"no other cloud", "sh", []string{"flaky", "--", "sh", "-c", `test -z "$OS_CLOUD$http_proxy" && test "$OS_USERNAME" = demo`}, 1, "met      the command succeeds", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.needs != "" {
				program(t, tt.needs)
			}
			code, out, errOut := command(t, append([]string{"run"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errOut, tt.errOut) {
				t.Errorf("code %d, want %d\nout %s\nerr %s", code, tt.code, out, errOut)
			}
		})
	}
}

// Ensure the verdict is also written as JUnit XML.
func TestJUnit(t *testing.T) {
	t.Parallel()
	program(t, "sh")
	path := filepath.Join(t.TempDir(), "junit.xml")
	if code, _, errOut := command(t, "run", "--junit", path, "syntax-error", "--", "true"); code != 1 {
		t.Errorf("code %d: %s", code, errOut)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s suite
	if err := xml.Unmarshal(text, &s); err != nil || s.Name != "syntax-error" || s.Tests != 3 || s.Failures != 2 || s.Cases[0].Failure != nil || s.Cases[2].Failure == nil {
		t.Errorf("%s: %v", text, err)
	}
}

// Ensure two runs give the same journal to the byte, whatever the number of
// processors, and that another seed gives another.
func TestJournalsRepeat(t *testing.T) {
	t.Parallel()
	program(t, "curl")
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
	log.await(t, "started anew")
	if got := rules(); strings.Contains(got, "create/753") || !strings.Contains(got, "freezer.clients.list/401") {
		t.Errorf("with another rule: %s", got)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, "curl"), "-s", "--noproxy", "*", "-H", "X-Auth-Token: demo-token", url)
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
	out.await(t, "1  200  GET    /~box/v1/clients  [freezer.clients.list]  demo")
	fetch(t, url+"/~box/v1/client")
	out.await(t, "2  404  GET    /~box/v1/client  [no operation]")
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
