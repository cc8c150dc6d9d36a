package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// command runs a command line to its end.
func command(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{&o, &e})
	return code, o.String(), e.String()
}

func TestCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yaml", "extends: default\ndevops: {images: [{id: a, provider: b, remote_user: c}]}")
	bad := write("bad.yaml", "devops:\n  images:\n    - {id: a, provider: b, remote_usr: c}\n")
	notOpenAPI := write("contract.yaml", "openapi: 3.0.0\n")
	tests := []struct {
		name        string
		args        []string
		code        int
		out, errOut string
	}{
		{"help", []string{"--help"}, 0, "Usage: standin <command>", ""},
		{"version", []string{"--version"}, 0, "", ""},
		{"operations", []string{"operations"}, 0, "freezer.clients.create", ""},
		{"operations, filtered", []string{"operations", "devops.images.*"}, 0, "devops.images.delete", ""},
		{"operations, misspelt", []string{"operations", "devops.imags.list"}, 1, "", "did you mean devops.images.list?"},
		{"a failure", []string{"faults", "freezer.clients.create/503"}, 0, "freezer.clients.create/503/unavailable\n  {\"title\":\"503 Service Unavailable\"", ""},
		{"a failure by its example", []string{"faults", "barbican.consumers.create/403/quota"}, 0, "because a quota has been reached", ""},
		{"no such failure", []string{"faults", "freezer.clients.create/418"}, 1, "", "documents no failure \"418\"; expected 400"},
		{"no such example", []string{"faults", "freezer.clients.create/503/x"}, 1, "", "no example \"x\" for status 503"},
		{"version, a command", []string{"version"}, 0, "", ""},
		{"help, a command", []string{"help"}, 0, "Examples:\n  standin ", ""},
		{"groups of commands", []string{"help"}, 0, "\nReference:\n  scenarios ", ""},
		{"a default in the help", []string{"serve", "--help"}, 0, "(default 127.0.0.1:9311)", ""},
		{"help of a command", []string{"help", "run"}, 0, "standin run fails-twice-then-works -- ./client", ""},
		{"help of a command in a group", []string{"help", "report", "coverage"}, 0, "standin report coverage shard-1.json shard-2.json --min 80%", ""},
		{"help of no command", []string{"help", "rin"}, 2, "", "unexpected argument rin"},
		{"the schema of scenarios", []string{"schema", "scenario"}, 0, `"title": "Standin scenario"`, ""},
		{"a scenario's schema", []string{"scenarios", "flaky"}, 0, "$schema=http://127.0.0.1:9311/_standin/schemas/scenario.schema.json\n", ""},
		{"check, good", []string{"check", good}, 0, good + ": ok\n", ""},
		{"check, bad", []string{"check", good, bad}, 1, good + ": ok\n", bad + `:3:28: unknown key "remote_usr", did you mean "remote_user"?`},
		{"check, every mistake", []string{"check", bad}, 1, "", bad + `:3:7: "remote_user" is missing`},
		{"check, contract", []string{"check", notOpenAPI}, 1, "", notOpenAPI + `:1:10: expected openapi: 3.1.x, got "3.0.0"`},
		{"check, our contracts", []string{"check", "../../schemas/freezer.yaml", "../../schemas/control.yaml"}, 0, "freezer.yaml: ok", ""},
		{"check, no file", []string{"check", filepath.Join(dir, "nothing")}, 1, "", "no such file"},
		{"generate", []string{"generate", "--service", "devops", "--count", "2"}, 0, "devops:\n", ""},
		{"generate, unknown service", []string{"generate", "--service", "nova"}, 2, "", "must be one of"},
		{"generate, absurd count", []string{"generate", "--service", "devops", "--count=-1"}, 1, "", "expected 0 to 1000000"},
		{"unknown command", []string{"frobnicate"}, 2, "", "unexpected argument frobnicate"},
		{"unknown flag", []string{"--nothing"}, 2, "", "unknown flag --nothing"},
		{"unknown fixture", []string{"--fixture", "documentd"}, 1, "", `did you mean "documented"?`},
		{"bad listen address", []string{"--listen", "nowhere=127.0.0.1:0"}, 1, "", `no service "nowhere"`},
		{"bad host href", []string{"--host-href", "localhost"}, 1, "", "expected a URL"},
		{"nobody there", []string{"healthcheck", "--listen", "127.0.0.1:1"}, 1, "", "refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, errOut := command(t, tt.args...)
			if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errOut, tt.errOut) {
				t.Errorf("code %d\nout %s\nerr %s", code, out, errOut)
			}
		})
	}
}

// Ensure the help of each command has an example of it.
func TestHelpHasExamples(t *testing.T) {
	t.Parallel()
	_, out, _ := command(t, "help")
	commands := regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?)    *[A-Z]`).FindAllStringSubmatch(out, -1)
	if len(commands) < 14 {
		t.Fatalf("%d commands in\n%s", len(commands), out)
	}
	for _, c := range commands {
		if _, help, _ := command(t, append([]string{"help"}, strings.Fields(c[1])...)...); !strings.Contains(help, "\n    standin "+c[1]) && c[1] != "serve" || !strings.Contains(help, "\n    standin") {
			t.Errorf("%s has no example:\n%s", c[1], help)
		}
	}
}

// Ensure lists fit on a screen, and that each name in the list of failures can be shown.
func TestLists(t *testing.T) {
	t.Parallel()
	for list, most := range map[string]int{"faults": 120, "scenarios": 120, "operations": 190} { // one path of Keystone has 72 bytes
		_, out, _ := command(t, list)
		for line := range strings.Lines(out) {
			if len(line) > most {
				t.Errorf("%s: %d columns: %s", list, len(line), line)
				break
			}
		}
	}
	_, out, _ := command(t, "faults", "privx.*")
	for line := range strings.Lines(out) {
		if name := strings.Fields(line)[0]; name != "NAME" {
			if code, _, errOut := command(t, "faults", name); code != 0 {
				t.Errorf("%s: %s", name, errOut)
			}
		}
	}
}

func TestGenerateIsRepeatable(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"freezer", "barbican", "devops", "privx"} {
		_, one, _ := command(t, "generate", "--service", service, "--count", "20", "--seed", "3")
		_, two, _ := command(t, "generate", "--service", service, "--count", "20", "--seed", "3")
		_, other, _ := command(t, "generate", "--service", service, "--count", "20", "--seed", "4")
		if one != two || one == other {
			t.Errorf("%s: seed 3 and 3 agree: %v; seed 3 and 4 agree: %v", service, one == two, one == other)
		}
		path := filepath.Join(t.TempDir(), "made.yaml")
		if err := os.WriteFile(path, []byte(one), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errOut := command(t, "check", path); code != 0 {
			t.Errorf("%s: %s", service, errOut)
		}
	}
}

// A lineWriter sends the first line that is written to it.
type lineWriter struct {
	once sync.Once
	line chan string
}

func (w *lineWriter) Write(b []byte) (int, error) {
	w.once.Do(func() { w.line <- strings.TrimSpace(string(b)) })
	return len(b), nil
}

// Ensure serve prints its address, answers there, is reported ready, and stops with exit code 0 on
// a signal.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready := &lineWriter{line: make(chan string, 1)}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"--listen", "127.0.0.1:0", "--fixture", "documented", "--log-format", "json", "--auth", "off", "--seed", "0"}, streams{ready, io.Discard})
	}()
	var url string
	select {
	case line := <-ready.line:
		if _, err := fmt.Sscanf(line, "standin ready %s", &url); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	case code := <-done:
		t.Fatalf("ended with %d", code)
	}
	resp, err := http.Get(url + "/v3/images")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), "image id") {
		t.Errorf("got %s", b)
	}
	if code, _, errOut := command(t, "healthcheck", "--listen", strings.TrimPrefix(url, "http://")); code != 0 {
		t.Errorf("healthcheck: %s", errOut)
	}
	stop()
	select {
	case code := <-done:
		if code != 0 {
			t.Errorf("exit code %d", code)
		}
	case <-time.After(2 * time.Minute):
		t.Error("does not stop")
	}
}

// Ensure a variable that belongs to no flag is refused. Ensure variables of others are accepted: of
// standin run and explore, of Kubernetes, of tests.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		variable string
		code     int
		want     string
	}{
		{"STANDIN_FIXTRUE=default", 2, `unknown environment variable STANDIN_FIXTRUE, did you mean "STANDIN_FIXTURE"?`},
		{"STANDIN_GIBBERISH=1", 2, "unknown environment variable STANDIN_GIBBERISH; expected STANDIN_ and the name of a flag"},
		{"STANDIN_FIXTRUE=", 0, ""},
		{"STANDIN_FIXTURE=default", 0, ""},
		{"STANDIN_CONTROL_TOKEN=x", 0, ""},
		{"STANDIN_URL=http://127.0.0.1:1", 0, ""},
		{"STANDIN_BIN=standin", 0, ""},
		{"STANDIN_RUN=3", 0, ""},
		{"STANDIN_SERVICE_HOST=10.0.0.1", 0, ""},
		{"STANDIN_SERVICE_PORT_HTTP=9311", 0, ""},
		{"STANDIN_PORT=tcp://10.0.0.1:9311", 0, ""},
		{"STANDIN_PORT_9311_TCP_ADDR=10.0.0.1", 0, ""},
		{"STANDIN_TESTS_PORT_9311_TCP=tcp://10.0.0.1:9311", 0, ""},
	} {
		t.Run(tt.variable, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), self, "scenarios")
			cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", tt.variable)
			var errOut bytes.Buffer
			cmd.Stderr = &errOut
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(errOut.String(), tt.want) {
				t.Errorf("code %d: %s", code, &errOut)
			}
		})
	}
}
