package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/emulator/journal"
	"standin/internal/explore"
)

// interrupted explores a client, and interrupts it when the file exists.
func interrupted(t *testing.T, path string, args []string) (code int, out, errOut string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var o, e bytes.Buffer
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, streams{&o, &e}) }()
	eventually(t, func() bool { _, err := os.Stat(path); return err == nil })
	stop()
	return <-done, o.String(), e.String()
}

// runsOf counts the runs with a number that left a file in a folder.
func runsOf(t *testing.T, dir string, number int) int {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("run-%d-*", number)))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Ensure an exploration that was interrupted reports what was done, and goes on from there to the
// report of one that was not.
func TestExploreGoesOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		number string // of the run that is interrupted
		how    string
		code   int
		done   int
	}{
		"in the baseline":  {"0", "lose", 3, 0},
		"with findings":    {"4", "lose", 1, 3},
		"without findings": {"4", "fails", 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, runs := filepath.Join(t.TempDir(), "report"), t.TempDir()
			client := habitual("waits", runs, tt.number, tt.how)
			const flags = "--failures reset,*/401,*/403 --jobs 1 "
			code, out, errOut := interrupted(t, filepath.Join(runs, "stop"), exploring(flags+"--report "+dir, client))
			if code != tt.code || !strings.Contains(errOut, "standin: interrupted\n") {
				t.Errorf("code %d, want %d: %s%s", code, tt.code, out, errOut)
			}
			if tt.number != "0" {
				x := &explore.Report{}
				if read(t, dir, x); x.Complete || len(x.Runs) != tt.done || len(x.Findings) > tt.done || !strings.Contains(out, "the exploration was interrupted") {
					t.Errorf("%+v\n%s", x, out)
				}
			} else if got := names(t, dir); got != "runs.jsonl" || out != "" {
				t.Errorf("%s %s", got, out)
			}
			again, _, errOut := command(t, exploring(flags+"--resume "+dir, client)...)
			if n := runsOf(t, runs, 3); n != 1 {
				t.Errorf("run 3 was made %d times: %s", n, errOut)
			}
			whole := filepath.Join(t.TempDir(), "whole")
			if code, _, _ := command(t, exploring(flags+"--report "+whole, client)...); code != again {
				t.Errorf("exit code %d, and %d without an interrupt", again, code)
			}
			if got, want := timeless(t, dir), timeless(t, whole); got != want {
				t.Errorf("%s\nwithout an interrupt: %s", got, want)
			}
			if got, want := names(t, dir), names(t, whole); got != want {
				t.Errorf("%s, without an interrupt %s", got, want)
			}
		})
	}
}

// Ensure an exploration goes on from a file whose last line was cut, and refuses a broken one and
// one of another command.
func TestExploreGoesOnFromCutFile(t *testing.T) {
	t.Parallel()
	dir, runs := filepath.Join(t.TempDir(), "report"), t.TempDir()
	client := habitual("waits", runs, "none", "lose")
	const flags = "--failures lost-reply,reset --depth 2 --jobs 1 "
	command(t, exploring(flags+"--report "+dir, client)...)
	file, before := filepath.Join(dir, "runs.jsonl"), timeless(t, dir)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, int64(len(text)-10)); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(t, exploring(flags+"--resume "+dir, client)...); code != 1 || timeless(t, dir) != before {
		t.Errorf("code %d: %s %s", code, errOut, timeless(t, dir))
	}
	if n := runsOf(t, runs, 3); n != 2 {
		t.Errorf("the last run was made %d times", n)
	}
	for what, args := range map[string][]string{
		"it has another exploration": exploring(flags+"--resume "+dir, habitual("right")),
		`"failures":"reset"`:         exploring("--failures reset --resume "+dir, client),
	} {
		if code, _, errOut := command(t, args...); code != 2 || !strings.Contains(errOut, what) {
			t.Errorf("code %d, want %s: %s", code, what, errOut)
		}
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[1] = []byte("{\n")
	if err := os.WriteFile(file, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(t, exploring(flags+"--resume "+dir, client)...); code != 3 || !strings.Contains(errOut, file+", line 2: unexpected end of JSON input") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// Ensure findings that are accepted do not fail, and that the report has the date of each.
func TestExploreAccepts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "report")
	command(t, exploring("--failures reset --report "+dir, habitual("silent"))...)
	text, err := os.ReadFile(filepath.Join(dir, "accept.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	today := strings.Split(string(text), "date: '")[1][:10]
	mine := write(t, "mine.yaml", strings.ReplaceAll(string(text), today, "2026-01-02")+"  - {fingerprint: '0123456789ab', date: 2026-01-03, about: an old one}\n")
	x, code, out, errOut := reported(t, "--failures reset --accept "+mine, habitual("silent"))
	for _, want := range []string{": 2 warning\n", "reset: silent-failure (finding-001.yaml), accepted on 2026-01-02\n"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("code %d, want %s: %s%s", code, want, out, errOut)
		}
	}
	if len(x.Gone) != 0 || len(x.Findings) != 2 || x.Findings[0].Accepted != "2026-01-02" {
		t.Errorf("%+v %+v", x.Gone, x.Findings)
	}
	runs := t.TempDir()
	for text, want := range map[string]string{
		"accepted:\n  - {fingerprint: a, date: 2026-01-02, abut: x}\n": `:2:40: unknown key "abut", did you mean "about"?`,
		"accepted:\n  - {fingerprint: a, date: 2026-13-02}\n":          `:2:28: expected a date such as 2026-11-26, got "2026-13-02"`,
		"accepted:\n  - {fingerprint: a, date: yesterday}\n":           `:2:28: expected a date such as 2026-11-26, got "yesterday"`,
		"accepted:\n  - {fingerprint: a}\n":                            `:2:5: "date" is missing`,
		"accepted: {fingerprint: a, date: 2026-01-02}\n":               `:1:11: expected a list`,
		"accepted: a\n": `:1:11: expected a list`,
		"finding: []\n": `unknown key "finding"`,
		"accepted: [\n": `bad.yaml:`,
	} {
		bad := write(t, "bad.yaml", text)
		if code, _, errOut := command(t, exploring("--accept "+bad, habitual("counts", runs))...); code != 3 || !strings.Contains(errOut, bad) || !strings.Contains(errOut, want) {
			t.Errorf("%s: code %d, want %s: %s", text, code, want, errOut)
		}
	}
	if code, _, errOut := command(t, exploring("--accept "+dir+"/nothing", habitual("counts", runs))...); code != 3 || !strings.Contains(errOut, "no such file") || names(t, runs) != "" {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// Ensure JUnit XML has a case for each request, and that lines of text are short.
func TestExploreForms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junit, markdown := filepath.Join(dir, "j.xml"), filepath.Join(dir, "m.md")
	x, _, out, _ := reported(t, "--depth 2 --failures lost-reply,reset,unavailable --junit "+junit+" --markdown "+markdown, habitual("retries"))
	text, err := os.ReadFile(junit)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &all); err != nil || len(all.Suites) != 1 || len(all.Suites[0].Cases) != len(x.Baseline.Points) || all.Failures == 0 {
		t.Fatalf("%v in %s", err, text)
	}
	for i, c := range all.Suites[0].Cases {
		p := x.Baseline.Points[i]
		bad := false
		for _, r := range x.Runs {
			bad = bad || r.Finding != "" && (r.After == nil && r.Operation == p.Operation && r.Nth == p.Nth || r.After != nil && r.After.Operation == p.Operation && r.After.Nth == p.Nth)
		}
		if want := fmt.Sprintf("%s (%s %d)", p.Request, p.Operation, p.Nth); c.Name != want || bad != (c.Failure != nil) {
			t.Errorf("%q fails: %v; expected %q: %v", c.Name, c.Failure != nil, want, bad)
		}
	}
	shown, err := os.ReadFile(markdown)
	if err != nil || !strings.Contains(string(shown), "| ❌ | POST /v1/containers (barbican.containers.create 2) |") {
		t.Errorf("%v %s", err, shown)
	}
	for line := range strings.SplitSeq(out, "\n") {
		if n := len([]rune(line)); n > 100 && !strings.HasPrefix(line, "explore ") { // it has the path of the test
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// Ensure the scenario of a finding brings the same verdict in standin run, and passes with a client
// that is right. Ensure standin check accepts it.
func TestExploreReplays(t *testing.T) {
	t.Parallel()
	for verdict, tt := range map[journal.Outcome]struct{ habit, failures string }{
		journal.SilentFailure: {"silent", "reset"},
		journal.Inconsistent:  {"inconsistent", "lost-reply"},
		journal.Hang:          {"hangs", "hang"},
		journal.RetryStorm:    {"storms", "reset"},
		journal.Crash:         {"crashes", "reset"},
	} {
		t.Run(string(verdict), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "report")
			limit := "--timeout 4s"
			code, out, errOut := command(t, exploring(limit+" --report "+dir+" --failures "+tt.failures, habitual(tt.habit))...)
			if code != 1 || !strings.Contains(out, ": "+string(verdict)+" (finding-001.yaml)") {
				t.Fatalf("code %d: %s%s", code, out, errOut)
			}
			files, err := filepath.Glob(filepath.Join(dir, "finding-*.yaml"))
			if err != nil || len(files) == 0 {
				t.Fatal(err, names(t, dir))
			}
			for _, file := range files {
				if code, _, errOut := command(t, "check", file); code != 0 || errOut != "" {
					t.Errorf("check: code %d: %s", code, errOut)
				}
				replay := func(habit string) []string {
					return append([]string{"run", "--timeout", "4s", file, "--"}, habitual(habit)...)
				}
				code, _, errOut := command(t, replay(tt.habit)...)
				if code != 1 || !strings.Contains(errOut, "NOT MET") || !strings.Contains(errOut, "("+string(verdict)+": ") {
					t.Errorf("%s: code %d, want %s: %s", file, code, verdict, errOut)
				}
				if code, _, errOut := command(t, replay("right")...); code != 0 {
					t.Errorf("%s, a right client: code %d: %s", file, code, errOut)
				}
			}
		})
	}
}
