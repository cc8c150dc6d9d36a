package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/internal/coverage"
)

// Ensure serve writes the coverage at its end, that a running emulator reports it, and that the
// files of two shards add up. The exit code depends on --min.
func TestCoverage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second, scenario := filepath.Join(dir, "first.json"), filepath.Join(dir, "second.json"), filepath.Join(dir, "missing.yaml")
	serveWith(t, first, func(url string) {
		get(t, url+"/v1/clients")
		get(t, url+"/~box/v1/clients")
		for args, want := range map[string]string{
			"":                       "Coverage: 1 of 155 operations used",
			"--sandbox box":          "Coverage of sandbox box: 1 of 155 operations used",
			"--format json":          `"report": "coverage"`,
			"--min 5%":               "freezer.clients.list P   --- -   -   -   -   -",
			"--url " + url + "/~box": "Coverage of sandbox box: ",
		} {
			code, out, errOut := command(t, append([]string{"report", "coverage", "--url", url}, strings.Fields(args)...)...)
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: code %d\n%s%s", args, code, out, errOut)
			}
		}
		if code, _, errOut := command(t, "report", "coverage", "--url", url, "--sandbox", "nowhere"); code != 1 || !strings.Contains(errOut, `404 Not Found: no sandbox "nowhere"`) {
			t.Errorf("no such sandbox: %d %s", code, errOut)
		}
	})
	serveWith(t, second, func(url string) {
		get(t, url+"/v1/containers")
		if code, out, errOut := command(t, "report", "coverage", url, first); code != 0 || !strings.Contains(out, "Coverage: 2 of 155 operations used") {
			t.Errorf("an address and a file: code %d\n%s%s", code, out, errOut)
		}
		if code, out, errOut := command(t, "report", "coverage", url, url, "--format", "json"); code != 0 || !strings.Contains(out, `"provoked": 2`) {
			t.Errorf("two addresses: code %d\n%s%s", code, out, errOut)
		}
	})

	code, out, errOut := command(t, "report", "coverage", first, second, "--min", "12.5%", "--scenario", scenario)
	if code != 0 || !strings.Contains(out, "2 of 155 operations used, with 13 documented answers.\n2 provoked, 0 injected, 11 never met: 15.3% of") {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	if code, _, errOut = command(t, "report", "coverage", first, second, "--min", "80"); code != 1 || errOut != "standin: 15.3% of the documented answers were met; expected at least 80%\n" {
		t.Errorf("code %d, %s", code, errOut)
	}
	if code, out, errOut = command(t, "check", scenario); code != 0 {
		t.Errorf("the scenario: %s%s", out, errOut)
	}
}

// serveWith runs serve with --coverage, calls back with its address, and waits until it has ended.
func serveWith(t *testing.T, file string, use func(url string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready, done := &lineWriter{line: make(chan string, 1)}, make(chan int, 1)
	var errOut bytes.Buffer
	go func() {
		done <- run(ctx, []string{"--listen", "127.0.0.1:0", "--coverage", file, "--log", "off"}, streams{ready, &errOut})
	}()
	var url string
	if _, err := fmt.Sscanf(<-ready.line, "standin ready %s", &url); err != nil {
		t.Fatal(err)
	}
	use(url)
	stop()
	if code := <-done; code != 0 {
		t.Fatalf("code %d: %s", code, errOut.String())
	}
}

func get(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "demo-token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// Ensure standin run writes the coverage of all its scenarios into one file.
func TestCoverageOfRun(t *testing.T) {
	t.Parallel()
	needs(t, "curl")
	file := filepath.Join(t.TempDir(), "coverage.json")
	if code, _, errOut := command(t, "run", "--coverage", file, "unavailable", "syntax-error", "--", "sh", "-c", list); code == 3 {
		t.Fatal(errOut)
	}
	r, err := coverage.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Text(), "freezer.clients.list P ") || !strings.Contains(r.Text(), "freezer.clients.list: 503/other (0 provoked, 1 injected)") &&
		!strings.Contains(r.Text(), "freezer.clients.list: 503 (0 provoked, 1 injected)") {
		t.Error(r.Text())
	}
}

// Ensure files that cannot be added up are refused by name and reason, all at once.
func TestCoverageRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	foreign, half := filepath.Join(dir, "foreign.json"), filepath.Join(dir, "half.json")
	for name, text := range map[string]string{foreign: `{"mode": "set"}`, half: `{"report": "coverage", "version": 1, "cells": [`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"files", []string{foreign, half, dir + "/none"}, 1, []string{
			foreign + `: not a coverage file: expected a JSON object with "report": "coverage"`,
			half + ": the file ends after 47 bytes, within its JSON; it was written by half", "none: no such file",
		}},
		{"a sandbox of files", []string{"--sandbox", "a", half}, 1, []string{"--sandbox is for running emulators"}},
		{"a share", []string{"--min", "101%"}, 2, []string{"expected a share from 0% to 100%, such as 80%"}},
		{"no share", []string{"--min", "NaN"}, 2, []string{"expected a share from 0% to 100%"}},
		{"a format", []string{"--format", "xml"}, 2, []string{`must be one of "text","json"`}},
		{"no emulator", []string{"--url", "http://127.0.0.1:1"}, 1, []string{"no emulator answers at http://127.0.0.1:1"}},
		{"no folder", []string{"--scenario", dir + "/none/a.yaml"}, 1, []string{"no emulator answers"}},
	}
	for _, tt := range tests {
		code, _, errOut := command(t, append([]string{"report", "coverage"}, tt.args...)...)
		for _, want := range tt.want {
			if code != tt.code || !strings.Contains(errOut, want) {
				t.Errorf("%s: code %d, %s; want %q", tt.name, code, errOut, want)
			}
		}
	}
	if code, _, errOut := command(t, "--coverage", dir+"/none/coverage.json"); code != 1 || !strings.Contains(errOut, "no such file") {
		t.Errorf("serve without the folder: %d %s", code, errOut)
	}
}
