package main

import (
	"strings"
	"testing"
)

// Ensure a command that is compared with runs without the rules knows the number of its run, as in
// an exploration.
func TestComparedRunsHaveNumbers(t *testing.T) {
	t.Parallel()
	sh := needs(t, "sh")
	needs(t, "curl")
	scenario := write(t, "lists.yaml", `
name: lists
fixture: default
faults: [{use: freezer.clients.list/401}]
expect: [{outcome: tolerated}]
`)
	code, out, errOut := command(t, "run", scenario, "--", sh, "-c", `echo "run ${STANDIN_RUN?}"; `+list)
	if code != 0 || !strings.Contains(out, "run 1\n") {
		t.Errorf("exit code %d, out %q\n%s", code, out, errOut)
	}
}

// Ensure a report whose findings are not written says so.
func TestFindingsWithoutReport(t *testing.T) {
	t.Parallel()
	sh := needs(t, "sh")
	needs(t, "curl")
	create := `curl -s -o /dev/null "$STANDIN_URL/v1/clients" -H "X-Auth-Token: demo-token" -d '{"client_id":"node7","hostname":"node7"}'`
	for _, dir := range []string{"", t.TempDir()} {
		code, out, errOut := command(t, "explore", "--failures", "*/403", "--report="+dir, "--", sh, "-c", create)
		if told := strings.Contains(errOut, "no file was written"); code != 1 || told != (dir == "") {
			t.Errorf("--report %q: exit code %d\n%s%s", dir, code, out, errOut)
		}
	}
}
