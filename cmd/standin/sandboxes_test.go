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
	const down = "no emulator answers at http://127.0.0.1:1;"
	if code, out, errOut := command(t, "sandboxes", "--url", two, "--url", "127.0.0.1:1", "--url", two); code != 1 || !strings.Contains(errOut, down) || strings.Count(out, "apart ") != 1 {
		t.Errorf("an emulator that is down: %d %s%s", code, out, errOut)
	}
	if code, out, errOut := command(t, "requests", "--all", "--url", "127.0.0.1:1", "--url", two); code != 1 || !strings.Contains(errOut, down) || strings.Count(out, "/v1/clients") != 1 {
		t.Errorf("requests, and an emulator that is down: %d %s%s", code, out, errOut)
	}
	if code, out, _ := command(t, "sandboxes", "--url", "127.0.0.1:1"); code != 1 || out != "" {
		t.Errorf("only an emulator that is down: %d %s", code, out)
	}
}
