package emulator_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/ruleset"
	"standin/internal/scenario"
)

// Ensure what exceeds a bound of the control API is refused with the bound, and what just
// keeps to it is taken.
func TestLimits(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithSandboxes(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	rule := func(format string, n int) string {
		return fmt.Sprintf(`{"what":{"status":503},`+format+`}`, strings.Repeat("x", n))
	}
	conditions := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"a%d":null`, i))
		}
		return `{"what":{"status":503},"where":{"query":{` + strings.Join(all, ",") + `}}}`
	}
	for _, tt := range []struct {
		name, method, path string
		body               func(n int) string // at the bound and beyond it
		most               int
		status             int // at the bound
		want               string
	}{
		{"a path of a rule", "POST", "faults", func(n int) string { return rule(`"where":{"path":"/%s"}`, n-1) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a glob of a header", "POST", "faults", func(n int) string { return rule(`"where":{"header":{"A":"%s"}}`, n) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a glob of a caller", "POST", "faults", func(n int) string { return rule(`"where":{"caller":{"user":"%s"}}`, n) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a regular expression", "POST", "faults", func(n int) string { return rule(`"where":{"body":{"/a":{"matches":"%s"}}}`, n) }, contract.MaxGlob, 201, "1001 bytes; max 1000"},
		{"a glob with segments", "POST", "faults", func(n int) string { return rule(`"where":{"path":"/{a}%s"}`, n-4) }, 200, 201, "201 bytes; max 200"},
		{"conditions", "POST", "faults", conditions, 100, 201, "101 conditions; max 100"},
		{"operations", "POST", "faults", func(n int) string {
			return `{"where":{"operation":[` + strings.TrimSuffix(strings.Repeat(`"freezer.*",`, n), ",") + `]},"what":{"status":503}}`
		}, 100, 201, "101 patterns; max 100"},
		{"the name of a rule", "POST", "faults", func(n int) string { return rule(`"name":"%s"`, n) }, 100, 201, "at most 100"},
		{"a delay", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"delay":"%ds"}}`, n) }, 600, 201, "10m0s"},
		{"chunks", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"dribble":{"chunks":%d,"over":"1s"}}}`, n) }, 10_000, 201, "10000"},
		{"bandwidth", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"bandwidth":%d}}`, n) }, 1 << 30, 201, "1073741824"},
		{"garbage", "POST", "faults", func(n int) string { return fmt.Sprintf(`{"what":{"connection":{"kind":"garbage","bytes":%d}}}`, n) }, 1 << 20, 201, "1048576"},
		{"records made up", "PUT", "state", func(n int) string { return fmt.Sprintf(`{"freezer":{"generate":{"clients":{"count":%d}}}}`, n) }, 100_000, 204, "100000"},
		{"hundreds of instructions", "POST", "faults", func(n int) string {
			return `{"what":{"status":503},"where":{"body":{"/a":{"matches":"` + strings.Repeat("a{100}", n) + `"}}}}`
		}, 19, 201, "max 2000"},
		{"patterns that are expected", "POST", "verify", func(n int) string {
			return "[" + strings.TrimSuffix(strings.Repeat(`{"operation":"freezer.*","requests":0},`, n), ",") + "]"
		}, scenario.MostPatterns, 200, "more than 200 patterns"},
		{"the name of a snapshot", "POST", "snapshots", func(n int) string { return `{"name":"` + strings.Repeat("x", n) + `"}` }, 100, 204, "at most 100"},
	} {
		at := recorded(e, tt.method, "/_standin/"+tt.path, tt.body(tt.most))
		if at.Code != tt.status {
			t.Errorf("%s, %d: %d %.300s", tt.name, tt.most, at.Code, at.Body)
		}
		beyond := recorded(e, tt.method, "/_standin/"+tt.path, tt.body(tt.most+1))
		if beyond.Code != 400 || !strings.Contains(beyond.Body.String(), tt.want) {
			t.Errorf("%s, %d: %d %.300s, want %s", tt.name, tt.most+1, beyond.Code, beyond.Body, tt.want)
		}
		e.Reset()
	}
}

// Ensure the numbers of sandboxes, snapshots and rules are bounded, and how long a poll
// may be.
func TestCountsAreLimited(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithSandboxes(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, method, path, body string, status int, want string) {
		t.Helper()
		if w := recorded(e, method, path, body); w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.300s, want %d %s", what, w.Code, w.Body, status, want)
		}
	}
	for i := range 1000 {
		if err := e.Snapshot(fmt.Sprint("s", i)); err != nil {
			t.Fatal(err)
		}
	}
	refused("snapshots", "POST", "/_standin/snapshots", `{"name":"one-more"}`, 400, "at most 1000 snapshots")
	rules := make([]fault.Rule, ruleset.MostRules)
	for i := range rules {
		rules[i] = fault.Rule{What: fault.What{Status: 503}, When: fault.When{Skip: 1 << 30}}
	}
	if err := e.Fault(rules...); err != nil {
		t.Error(err)
	}
	refused("rules", "POST", "/_standin/faults", `{"what":{"status":503}}`, 400, "at most 10000")
	for _, name := range []string{"a", "b"} {
		if _, err := e.NewSandbox(name); err != nil {
			t.Fatal(err)
		}
	}
	refused("sandboxes", "GET", "/~c/v1/clients", "", 429, "there are 2")
	refused("a poll for more than the journal holds", "GET", "/_standin/requests?wait=1s&at_least=4097", "", 400, "up to 4096")
	refused("a long poll", "GET", "/_standin/requests?wait=301s", "", 400, "up to 5m0s")
}

// Ensure no more than twenty mistakes are reported at once.
func TestMistakesAreLimited(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	var keys, values []string
	for i := range 20_000 {
		keys, values = append(keys, fmt.Sprintf(`"k%d":1`, i)), append(values, `{"x":1}`)
	}
	unknown := "{" + strings.Join(keys, ",") + "}"
	for _, tt := range []struct{ method, path, body string }{
		{"POST", "sandboxes", unknown}, {"PUT", "clock", unknown}, {"POST", "snapshots", unknown}, {"POST", "faults", unknown},
		{"PUT", "scenario", unknown}, {"PUT", "state", unknown}, {"POST", "verify", "[" + strings.Join(values, ",") + "]"},
	} {
		w := recorded(e, tt.method, "/_standin/"+tt.path, tt.body)
		if n := strings.Count(w.Body.String(), "(request body):"); w.Code != 400 || n == 0 || n > 20 || w.Body.Len() > 20_000 {
			t.Errorf("%s %s: %d, %d mistakes, %d bytes", tt.method, tt.path, w.Code, n, w.Body.Len())
		}
	}
}

// Ensure a word that is far too long is refused without being compared with all others.
func TestLongWords(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("freezer.clients.", 4000)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/" + long, ""},
		{"GET", "/_standin/sandboxes/" + long, ""},
		{"GET", "/~" + long + "/_standin/state", ""},
		{"POST", "/_standin/faults", `{"use":"` + long + `/503"}`},
		{"POST", "/_standin/faults", `{"` + long + `":1}`},
		{"PUT", "/_standin/scenario", `{"name":"` + long + `"}`},
		{"GET", "/_standin/requests?" + long + "=1", ""},
		{"POST", "/_standin/reset?only=" + long, ""},
		{"POST", "/_standin/sandboxes", `{"name":"x","fixture":"` + long + `"}`},
	} {
		w := recorded(e, tt.method, tt.path, tt.body)
		if w.Code != 400 && w.Code != 404 || strings.Contains(w.Body.String(), "did you mean") {
			t.Errorf("%s %.40s: %d %.200s", tt.method, tt.path, w.Code, w.Body)
		}
	}
}

// Ensure docs/limits.md says what the code does.
func TestLimitsAreDocumented(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{
		fmt.Sprintf("| entries of a journal | %s |", thousands(journal.DefaultEntries)),
		fmt.Sprintf("| bytes of a journal | %d MiB |", journal.DefaultBytes>>20),
		fmt.Sprintf("| bytes of all journals | %d MiB |", journal.DefaultAllBytes>>20),
		fmt.Sprintf("| a body in the journal | %d KiB |", journal.KeptBody>>10),
		fmt.Sprintf("| rules of a sandbox | %s |", thousands(ruleset.MostRules)),
		fmt.Sprintf("| a pattern | %s bytes |", thousands(contract.MaxGlob)),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/limits.md has no row %s", want)
		}
	}
}

// Ensure the tests that docs/limits.md names exist.
func TestLimitsHaveTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)` \\|").FindAllSubmatch(page, -1)
	if len(named) == 0 {
		t.Fatal("docs/limits.md names no test")
	}
	defined := map[string]bool{}
	for _, root := range []string{".", "../internal", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				defined[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range named {
		if !defined[string(m[1])] {
			t.Errorf("docs/limits.md names %s, which does not exist", m[1])
		}
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
