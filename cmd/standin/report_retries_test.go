package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"standin/emulator/journal"
)

// Ensure standin report retries judges the sandbox that is asked for, by its flags, in each form.
func TestReportRetries(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, "--control-token", "secret", "--scenario", "unavailable")
	for range 2 {
		fetch(t, url+"/~box/v1/clients")
	}
	const failed = "FAILED      ignores-retry-after"
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--sandbox", "box"}, 1, failed},
		{[]string{"--url", url + "/~box"}, 1, "freezer.clients.list in sandbox box: 1 was answered 503 and told to wait 2000 ms; 2 came after "},
		{[]string{"--url", url + "/~box", "--sandbox", "other"}, 1, "--url selects sandbox box, but --sandbox is other"},
		{[]string{"--sandbox", "bix"}, 1, `did you mean "box"?`},
		{nil, 0, "retries in sandbox default: 15 not tested"},
		{[]string{"--require", "no-cap"}, 1, "FAILED      no-cap"},
		{[]string{"--sandbox", "box", "--except", "ignores-retry-after"}, 0, "passed      no-cap"},
		{[]string{"--sandbox", "box", "--operation", "barbican.*"}, 0, "15 not tested"},
		{[]string{"--sandbox", "box", "--except", "ignores-retry-after", "--max", "1"}, 1, "2 attempts of one request; at most 1"},
		{[]string{"--sandbox", "box", "--operation", "freezer.client.*"}, 1, "freezer.client.*"},
		{[]string{"--except", "no-pauses"}, 1, `did you mean "no-pause"?`},
		{[]string{"--tolerance", "0%"}, 1, "expected a percentage from 1% to 100%"},
		{[]string{"--format", "pdf"}, 2, "expected text, json, junit, markdown, html"},
		{[]string{"--sandbox", "box", "--format", "markdown"}, 1, "| ❌ | ignores-retry-after |"},
		{[]string{"--sandbox", "box", "--format", "html"}, 1, `<tr class="failed">`},
	} {
		args := slices.Concat([]string{"report", "retries"}, tt.args)
		code, out, errOut := command(t, slices.Concat(args, flags(args, url))...)
		if code != tt.code || !strings.Contains(out+errOut, tt.want) {
			t.Errorf("%q: %d\n%s%s\nwant %d %s", tt.args, code, out, errOut, tt.code, tt.want)
		}
	}
	_, out, _ := command(t, "report", "retries", "--url", url+"/~box", "--token", "secret", "--format", "json")
	var r journal.Retries
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Good() || !slices.Equal(r.Result(journal.IgnoresRetryAfter).Chains[0].Entries, []uint64{1, 2}) {
		t.Errorf("%v: %s", err, out)
	}
}

// Ensure standin run writes verdicts and rules in the form of the file's name, and prints the rules
// that failed.
func TestRunReports(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("SKIPPED: there is no curl")
	}
	dir := t.TempDir()
	for name, want := range map[string]string{
		"r.txt": "FAILED      retries: ignores-retry-after", "r.xml": `<failure message="found: freezer.clients.list: 1 was answered 503`,
		"r.md": "| ❌ | retries: ignores-retry-after |", "r.html": "<p>retries: ignores-retry-after</p>", "r.json": `"id": "ignores-retry-after",`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, scenario := filepath.Join(dir, name), filepath.Join(dir, name+".yaml")
			if err := os.WriteFile(scenario, []byte(`{name: down, faults: [{name: down, where: {operation: freezer.clients.list}, when: {times: 0}, what: {status: 503, retry_after: 2s}}]}`), 0o600); err != nil {
				t.Fatal(err)
			}
			code, _, errOut := command(t, "run", "--report", file, scenario, "--", "sh", "-c", list+"; "+list)
			if code != 0 || !strings.Contains(errOut, "  retries  ignores-retry-after: freezer.clients.list: 1 was answered 503") {
				t.Errorf("code %d: %s", code, errOut)
			}
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), want) {
				t.Errorf("%v: no %q in\n%s", err, want, text)
			}
			if filepath.Ext(name) == ".xml" {
				var v struct{}
				if err := xml.Unmarshal(text, &v); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
