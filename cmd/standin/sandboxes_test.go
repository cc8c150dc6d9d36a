package main

import (
	"strings"
	"testing"
)

// Ensure the sandboxes of several emulators are listed by name.
func TestSandboxes(t *testing.T) {
	t.Parallel()
	one, _ := serve(t, "--scenario", "unavailable")
	two, _ := serve(t)
	ask(t, one+"/~box/v1/clients")
	ask(t, two+"/~apart/v1/clients")
	code, out, errOut := command(t, "sandboxes", "--url", one, "--url", two)
	want := strings.Join([]string{
		"SANDBOX  REQUESTS  FAULTS  SCENARIO     EMULATOR",
		"apart    1         0                    " + two,
		"box      1         1       unavailable  " + one,
		"default  0         1       unavailable  " + one,
		"default  0         0                    " + two,
	}, "\n") + "\n"
	if code != 0 || out != want {
		t.Errorf("code %d %s\n%s, want\n%s", code, errOut, out, want)
	}
	code, out, _ = command(t, "sandboxes", "--url", two, "--format", "json")
	if code != 0 || !strings.Contains(out, `"emulator": "`+two+`",
    "name": "apart",
    "url": "`+two+`/~apart"`) {
		t.Errorf("code %d\n%s", code, out)
	}
	if code, _, errOut := command(t, "sandboxes", "--url", two, "--url", "127.0.0.1:1"); code != 1 || !strings.Contains(errOut, "no emulator answers at http://127.0.0.1:1;") {
		t.Errorf("an emulator that is down: %d %s", code, errOut)
	}
}
