package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure scenario files are checked, and bring warnings.
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
		if !strings.Contains(warning, "documents no 503; the body is a general error of the service") {
			t.Error(warning)
		}
	}
	if code != 0 {
		t.Errorf("%d %s", code, errOut)
	}
}

// Ensure --watch reloads when a file changes, and keeps the state when the file has mistakes.
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

// Ensure --watch does not load an empty file as an empty fixture.
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

// Ensure files are read when they look the same twice, and not while they change.
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
