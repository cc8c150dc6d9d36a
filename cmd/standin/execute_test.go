package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Ensure reports replace the old files only when they are complete. Ensure an interrupted run
// leaves the old reports and no other file.
func TestReportsAreWhole(t *testing.T) {
	t.Parallel()
	needs(t, "sh")
	dir := t.TempDir()
	junit, link := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "link")
	if err := os.WriteFile(junit, []byte(strings.Repeat("old\n", 10_000)), 0o640); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(junit)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("junit.xml", link); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(t, "run", "--junit", link, "syntax-error", "--", "sh", "-c", "grep -q old "+junit); code != 1 || !strings.Contains(errOut, "met      the command ends (exit code 0)") {
		t.Errorf("the old report was gone: %d %s", code, errOut)
	}
	text, err := os.ReadFile(junit)
	if info, err2 := os.Stat(junit); err != nil || err2 != nil || !strings.HasSuffix(string(text), "</testsuites>\n") || info.Mode().Perm() != 0o640 || os.SameFile(before, info) {
		t.Errorf("%.200s %v %v", text, err, err2)
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

// Ensure everything that the command has started ends with it, at the time limit and when standin
// is interrupted.
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
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0) // a file, so that nothing waits for the end of a pipe
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

// alive reports whether a process is running.
func alive(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(state), ") Z ")
}

// eventually waits until a condition holds.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// Ensure variables of serve do not replace what a scenario sets, and that run reports them.
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

// Ensure two runs give the same journal byte by byte, whatever the number of processors, and that
// another seed gives another journal.
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
