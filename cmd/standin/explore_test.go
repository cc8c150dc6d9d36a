package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/explore"
)

// exploring returns the arguments of standin explore with flags for a client.
func exploring(flags string, client []string) []string {
	return slices.Concat([]string{"explore"}, strings.Fields(flags), []string{"--"}, client)
}

// reported explores a client, and returns its report with the exit code and the outputs.
func reported(t *testing.T, flags string, client []string) (x *explore.Report, code int, out, errOut string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "report")
	code, out, errOut = command(t, exploring("--report "+dir+" "+flags, client)...)
	x = &explore.Report{}
	read(t, dir, x)
	return x, code, out, errOut
}

// read reads the report in a folder, which fits its schema.
func read(t *testing.T, dir string, x *explore.Report) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Error(err)
		return
	}
	var v any
	if err := errors.Join(json.Unmarshal(text, x), json.Unmarshal(text, &v)); err != nil {
		t.Error(err)
	}
	schema, err := jsonschema.CompileString("explore.schema.json", string(catalog.Schema("explore")))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("%#v in %s", err, text)
	}
}

// timeless returns the report in a folder, without times and drawn names.
func timeless(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`"took_ms": [0-9.]+|[A-Z2-7]{26}`).ReplaceAllString(string(text), "")
}

// names returns the names of the files in a folder.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// Ensure two explorations give the same report but for its times, whatever the number of processors
// and of runs at once.
func TestExploreRepeats(t *testing.T) {
	t.Parallel()
	for habit, flags := range map[string]string{
		"pauses": "--failures lost-reply,half-answer,*/401", "silent": "--failures !hang,!unavailable", "hangs": "--timeout 4s --failures hang,reset",
		"resets-first": "--failures reset,*/401", "random-twice": "--failures reset,lost-reply",
	} {
		t.Run(habit, func(t *testing.T) {
			t.Parallel()
			at := func(processors, jobs string) (report, findings string) {
				dir := t.TempDir()
				cmd := exec.CommandContext(t.Context(), habitual("")[0], exploring("--report "+dir+" --jobs "+jobs+" "+flags, habitual(habit))...)
				cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", "GOMAXPROCS="+processors)
				if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != 1 {
					t.Errorf("%v: %s", err, out)
				}
				return timeless(t, dir), names(t, dir)
			}
			one, ones := at("1", "1")
			two, twos := at("2", "4")
			if one != two || ones != twos {
				t.Errorf("one at once: %s\n%s\nfour: %s\n%s", ones, one, twos, two)
			}
			if !strings.Contains(one, `"complete": true`) || strings.Contains(one, `"runs": []`) {
				t.Error(one)
			}
		})
	}
}

// Ensure commands that misbehave are explored or refused, and never mislead.
func TestExploreMisbehaving(t *testing.T) {
	t.Parallel()
	mark := func() string { return filepath.Join(t.TempDir(), "mark") }
	for name, tt := range map[string]struct {
		flags  string
		client []string
		code   int
		want   string // in the outputs
	}{
		"no request":                 {"", habitual("none"), 2, "it sends no request"},
		"no request the second time": {"", habitual("none-second", mark()), 2, "it sends no request"},
		"only its own sandbox":       {"--failures reset", habitual("only-own-box"), 0, "the run without failures"},
		"fails":                      {"", habitual("fails"), 2, "must succeed, and it did not: exit code 1\nit does not work\n"},
		"fails the second time":      {"", habitual("fails-second", mark()), 2, "must succeed, and it did not: exit code 1\nit works only once\n"},
		"never ends":                 {"--timeout 4s", habitual("never"), 2, "it did not: stopped after 4s\nbegun\n"},
		"cannot be run":              {"", []string{"./there-is-no-such-command"}, 3, "cannot run ./there-is-no-such-command: no such file"},
		"several processes":          {"--failures reset,lost-reply,*/401", habitual("several"), 0, "3 requests in the run"},
		"its own sandbox":            {"--failures reset", habitual("own-box"), 0, "POST /~mine/v1/containers (barbican.containers.create 1)"},
		"loses in its own sandbox":   {"--failures reset", habitual("loses-in-own-box"), 1, "barbican.containers: c is missing in sandbox mine"},
		"a drawn sandbox":            {"--failures reset,lost-reply", habitual("drawn-box"), 0, "what is in these sandboxes"},
		"resets, and then works":     {"--failures reset,*/401", habitual("resets-first"), 0, "2 requests in the run without failures, 4 runs with failures"},
		"resets in the middle":       {"--failures reset,*/401", habitual("resets"), 0, "1 requests are not in the journal, because it was cleared"},
		"loses after a reset":        {"--failures reset", habitual("loses-after-reset"), 1, "reset: silent-failure (finding-001.yaml)"},
		"drawn names":                {"--failures reset,lost-reply,*/404", habitual("random"), 0, "the client chooses a new value in each run: freezer.clients client/client_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errOut := command(t, exploring(tt.flags, tt.client)...)
			if all := out + errOut; code != tt.code || !strings.Contains(strings.Join(strings.Fields(all), " "), strings.Join(strings.Fields(tt.want), " ")) {
				t.Errorf("code %d, want %d and %s:\n%s", code, tt.code, tt.want, all)
			}
		})
	}
}

// Ensure requests whose paths are drawn are matched by their position, and that the report says so.
func TestExploreDrawnNames(t *testing.T) {
	t.Parallel()
	x, code, out, _ := reported(t, "--failures reset,lost-reply", habitual("random-twice"))
	b := &x.Baseline
	if code != 0 || b.Repeatable || len(b.Notes) != 1 || !strings.Contains(b.Notes[0], "matched by their position") || strings.Join(b.Masked, " ") != "freezer.clients client/client_id" {
		t.Errorf("code %d, %+v\n%s", code, b, out)
	}
	if len(b.Points) != 4 || x.Skipped.Unreachable != 0 || len(x.Runs) != 6 {
		t.Errorf("%+v %+v", b.Points, x.Runs)
	}
	for _, r := range x.Runs {
		if want := map[string]int{"freezer.clients.create": 1, "freezer.clients.show": 2}[r.Operation] + 2*(r.Nth-1); r.Requests != want {
			t.Errorf("%s %d: the client ended after %d requests, expected %d", r.Operation, r.Nth, r.Requests, want)
		}
	}
}

// Ensure what a command leaves running ends with each run.
func TestExploreLeavesNoProcess(t *testing.T) {
	t.Parallel()
	if !alive(os.Getpid()) {
		t.Skip("there is no /proc")
	}
	dir := t.TempDir()
	code, out, errOut := command(t, exploring("--failures reset", habitual("leaves", dir))...)
	pids := strings.Fields(names(t, dir))
	if code != 0 || len(pids) != 4 {
		t.Errorf("code %d, %d processes: %s%s", code, len(pids), out, errOut)
	}
	for _, name := range pids {
		var pid int
		if _, err := fmt.Sscan(name, &pid); err != nil || alive(pid) {
			t.Errorf("process %s is left: %v", name, err)
		}
	}
}

// Ensure a flood of output is kept in part.
func TestExploreFlood(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "report")
	code, _, errOut := command(t, exploring("--failures reset --report "+dir, habitual("floods"))...)
	text, err := os.ReadFile(filepath.Join(dir, "runs.jsonl"))
	if code != 1 || err != nil {
		t.Fatalf("code %d: %v %s", code, err, errOut)
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for _, line := range lines[1:] {
		r := &explore.Result{}
		if err := json.Unmarshal(line, r); err != nil {
			t.Fatal(err)
		}
		if n := len(r.Output); n < 60<<10 || n > 64<<10+100 || !strings.Contains(r.Output, " bytes left out]\n") {
			t.Errorf("%s keeps %d bytes", r.Name, n)
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d lines, expected 3", len(lines))
	}
}

// Ensure the input of a command ends at once, although that of standin never does, and that an
// exploration leaves no other files than its reports.
func TestExploreLeavesItsReports(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"work", "temporary"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	work := filepath.Join(dir, "work")
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer hold.Close()
	cmd := exec.CommandContext(t.Context(), habitual("")[0], exploring("--failures reset --report r --junit j.xml --markdown m.md", habitual("reads"))...)
	cmd.Dir, cmd.Stdin = work, in
	cmd.Env = append(os.Environ(), "STANDIN_TEST_COMMAND=standin", "TMPDIR="+filepath.Join(dir, "temporary"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Join([]string{names(t, work), names(t, filepath.Join(work, "r")), names(t, filepath.Join(dir, "temporary"))}, "; ")
	if want := "j.xml m.md r; accept.yaml index.html report.json runs.jsonl; "; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
}

// Ensure the findings of an earlier report go, and other files stay. Ensure an output that cannot be
// written is reported before the first run.
func TestExploreCleansItsFolder(t *testing.T) {
	t.Parallel()
	dir, runs := t.TempDir(), t.TempDir()
	for _, name := range []string{"finding-001.yaml", "finding-009.yaml", "mine.yaml", "runs.jsonl"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, errOut := command(t, exploring("--failures reset --report "+dir, habitual("right"))...); code != 0 {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	if got, want := names(t, dir), "accept.yaml index.html mine.yaml report.json runs.jsonl"; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "index.html"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(t, exploring("--report "+other, habitual("counts", runs))...); code != 2 || names(t, other) != "index.html" {
		t.Errorf("code %d: %s", code, errOut)
	}
	for _, flags := range []string{"--report " + dir + "/mine.yaml", "--report " + dir + "/mine.yaml/x", "--junit " + dir + "/no/j.xml", "--markdown " + dir + "/no/m.md"} {
		code, _, errOut := command(t, exploring(flags, habitual("counts", runs))...)
		if code != 3 || !strings.Contains(errOut, dir) || names(t, runs) != "" {
			t.Errorf("%s: code %d, runs %s: %s", flags, code, names(t, runs), errOut)
		}
	}
}

// Ensure flags that are wrong, or that select nothing, are bad use.
func TestExploreBadUse(t *testing.T) {
	t.Parallel()
	another := t.TempDir()
	if err := os.WriteFile(filepath.Join(another, "runs.jsonl"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for flags, want := range map[string]string{
		"--only barbican.container.list":    "--only: no operation barbican.container.list; did you mean barbican.containers.list?",
		"--only nova.*":                     "--only: no operation nova.*; standin operations lists them",
		"--only privx.*":                    "--only privx.*: the client sends no such request; it sends barbican.containers.create, barbican.containers.list",
		"--only !barbican.*":                "--only !barbican.*: the client sends no such request",
		"--failures lost-repy":              `--failures: no failure "lost-repy", did you mean "lost-reply"?; expected lost-reply, half-answer,`,
		"--failures */777":                  `--failures: no failure "*/777"; expected`,
		"--failures reset,,hang":            "--failures: a pattern is empty",
		"--failures devops.images.list/401": "--failures devops.images.list/401: none of them can happen at the requests of the client",
		"--depth 3":                         "--depth 3: expected 1 or 2",
		"--depth=-1":                        "--depth -1: expected 1 or 2",
		"--jobs=-1":                         "--jobs -1: expected 1 or more",
		"--jobs -1":                         "--jobs",
		"--max-runs=-1":                     "--max-runs -1: expected 1 or more",
		"--time=-1s":                        "--time -1s: expected a duration",
		"--timeout=-1s":                     "--timeout -1s: expected a duration",
		"--report a --resume b":             "expected --report or --resume, not both",
		"--resume " + t.TempDir():           "there is no exploration to go on with; expected the folder of a --report",
		"--resume /there/is/no/such/folder": "there is no exploration to go on with",
		"--resume " + another:               "it has another exploration: {}; expected {\"command\":",
		"--reports x":                       "unknown flag --reports",
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			if code, out, errOut := command(t, exploring(flags, habitual("right"))...); code != 2 || out != "" || !strings.HasPrefix(errOut, "standin: ") || !strings.Contains(errOut, want) {
				t.Errorf("code %d, want %s: %s%s", code, want, out, errOut)
			}
		})
	}
	for _, args := range [][]string{{"explore"}, {"explore", "--"}} {
		if code, _, errOut := command(t, args...); code != 2 || !strings.Contains(errOut, "expected standin explore [FLAGS] -- COMMAND…") {
			t.Errorf("%q: code %d: %s", args, code, errOut)
		}
	}
}

// Ensure cases beyond the number of runs, and beyond the time, are counted as left out.
func TestExploreBudget(t *testing.T) {
	t.Parallel()
	all, _, _, _ := reported(t, "--failures lost-reply,reset,*/401,*/403", habitual("silent"))
	some, code, out, _ := reported(t, "--failures lost-reply,reset,*/401,*/403 --max-runs 3", habitual("silent"))
	if code != 1 || len(some.Runs) != 3 || some.Skipped.Budget != len(all.Runs)-3 || !some.Complete || !strings.Contains(out, fmt.Sprintf("%d budget", len(all.Runs)-3)) {
		t.Errorf("code %d, %d of %d runs, %+v: %s", code, len(some.Runs), len(all.Runs), some.Skipped, out)
	}
	none, code, out, _ := reported(t, "--failures lost-reply,reset,*/401,*/403 --time 1ns", habitual("silent"))
	if code != 0 || len(none.Runs) != 0 || none.Skipped.Budget != len(all.Runs) || !strings.Contains(out, "no failure was tried") {
		t.Errorf("code %d, %d runs, %+v: %s", code, len(none.Runs), none.Skipped, out)
	}
}

// Ensure runs with two failures are in every form of the report, at the request of the first.
func TestExploreDepth(t *testing.T) {
	t.Parallel()
	x, code, out, _ := reported(t, "--depth 2 --failures lost-reply,*/401", habitual("retries"))
	n := 0
	for i := range x.Findings {
		f := &x.Findings[i]
		if !strings.Contains(out, f.File) {
			t.Errorf("the text has no %s", f.File)
		}
		if x.Runs[slices.IndexFunc(x.Runs, func(r explore.Run) bool { return r.Number == f.Runs[0] })].After != nil && f.Verdict == journal.SilentFailure {
			n++
		}
	}
	if code != 1 || n == 0 || !strings.Contains(out, "lost-reply then 401 at POST /v1/containers") {
		t.Errorf("code %d, %d findings with two failures: %s", code, n, out)
	}
}
