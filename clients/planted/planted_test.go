package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/command"
	"standin/internal/explore"
	"standin/internal/servicetest"
)

var update = flag.Bool("update", false, "write the table of docs/dev/planted-clients.md")

// An expected result of a mode that makes a mistake.
type expected struct {
	scenario string // a built-in one, or the name of a file in testdata
	rules    string // the rules that fail, in the order of reports
	unseen   string // why no rule fails
}

// mistakes has what each mode with a mistake fails, and where.
var mistakes = map[string]expected{
	"repeats-forbidden":    {scenario: "forbidden", rules: "repeats-client-error"},
	"repeats-syntax-error": {scenario: "syntax-error", rules: "repeats-client-error"},
	"repeats-over-quota":   {scenario: "quota-reached", rules: "repeats-client-error"},
	"repeats-bad-request":  {scenario: "plain", rules: "repeats-client-error"},
	"deletes-until-204":    {scenario: "plain", rules: "repeats-client-error"},

	"keeps-token":             {scenario: "token-expires-mid-run", rules: "keeps-dead-token"},
	"forgets-new-token":       {scenario: "token-expires-mid-run", rules: "keeps-dead-token"},
	"sends-rest-of-body":      {scenario: "dead-tokens", rules: "keeps-dead-token body-changes"},
	"logs-in-after-every-401": {scenario: "unauthorized", rules: "logs-in-again-and-again"},
	"logs-in-twice":           {scenario: "token-expires-mid-run", rules: "logs-in-again-and-again"},

	"gives-up-on-503":  {scenario: "fails-twice-then-works", rules: "gives-up-early"},
	"gives-up-on-429":  {scenario: "rate-limited", rules: "gives-up-early"},
	"gives-up-on-half": {scenario: "half-an-answer", rules: "gives-up-early"},

	"ignores-retry-after": {scenario: "unavailable", rules: "ignores-retry-after"},
	"ignores-dates":       {scenario: "maintenance-window", rules: "ignores-retry-after"},
	"waits-a-tenth":       {scenario: "unavailable", rules: "ignores-retry-after"},
	"hammers-though-told": {scenario: "unavailable", rules: "ignores-retry-after no-cap"},
	"milliseconds":        {scenario: "told-ten-minutes", rules: "ignores-retry-after wrong-unit"},

	"tries-again-at-once":     {scenario: "down", rules: "no-pause"},
	"tries-again-at-once-cut": {scenario: "cut", rules: "no-pause"},
	"hammers":                 {scenario: "down", rules: "no-pause no-backoff no-cap"},
	"same-pause":              {scenario: "down", rules: "no-backoff"},
	"shorter-pauses":          {scenario: "down", rules: "no-backoff"},
	"no-jitter":               {scenario: "down", rules: "no-jitter"},
	"comes-back-together":     {scenario: "unavailable", rules: "stampedes"},

	"never-stops":         {scenario: "down", rules: "no-cap"},
	"never-stops-as-told": {scenario: "told-nothing", rules: "no-cap"},
	"never-stops-posting": {scenario: "down", rules: "no-cap"},

	"repeats-lost-post":      {scenario: "lost-reply", rules: "repeats-unsafely"},
	"repeats-lost-container": {scenario: "lost-reply", rules: "repeats-unsafely"},
	"repeats-half-answer":    {scenario: "half-created", rules: "repeats-unsafely"},
	"repeats-500":            {scenario: "created-and-500", rules: "repeats-unsafely"},
	"repeats-slow-post":      {scenario: "created-late", rules: "repeats-unsafely"},
	"library-repeats":        {scenario: "silent-reset", rules: "repeats-unseen"},
	"library-repeats-lost":   {scenario: "silent-lost-reply", rules: "repeats-unsafely repeats-unseen"},

	"sends-empty-body": {scenario: "refused-once", rules: "body-changes"},
	"sends-new-body":   {scenario: "refused-once", rules: "body-changes"},
	"sends-new-key":    {scenario: "refused-once", rules: "body-changes"},

	"sends-new-name":      {scenario: "lost-reply", unseen: "another name is another request"},
	"takes-503-for-empty": {scenario: "unavailable", unseen: "a client may give up"},
	"believes-half":       {scenario: "half-an-answer", unseen: "a client may give up"},
}

// grading makes the warnings of a rule failures, for the modes that make it.
func (e expected) grading() journal.Grading {
	if strings.Contains(e.rules, string(journal.GivesUpEarly)) {
		return journal.Grading{Require: []journal.RetryRule{journal.GivesUpEarly}}
	}
	return journal.Grading{}
}

// A play is one mode in one scenario.
type play struct {
	mode     mode
	scenario string
	want     expected
}

// plays lists all modes with a mistake in their scenario, and the right ones in every scenario.
func plays(t *testing.T) (all []*play) {
	t.Helper()
	for _, m := range modes() {
		if slices.ContainsFunc(silent, func(r mode) bool { return r.name == m.name }) {
			continue // the rules for retries say nothing of what a client leaves
		}
		if slices.ContainsFunc(right, func(r mode) bool { return r.name == m.name }) {
			for _, s := range append(catalog.ScenarioNames(), files(t)...) {
				all = append(all, &play{mode: m, scenario: s})
			}
			continue
		}
		want, ok := mistakes[m.name]
		if !ok {
			t.Errorf("%s: say which rule it fails in which scenario", m.name)
		}
		all = append(all, &play{mode: m, scenario: want.scenario, want: want})
	}
	return all
}

// files are the scenarios in testdata.
func files(t *testing.T) (all []string) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	for _, p := range paths {
		all = append(all, strings.TrimSuffix(filepath.Base(p), ".yaml"))
	}
	return all
}

// scenario is the option for a scenario of testdata, or a built-in one.
func scenario(t *testing.T, name string) emulator.SandboxOption {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	if os.IsNotExist(err) {
		return emulator.WithScenario(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return emulator.WithScenarioData(string(text))
}

// environment returns the value of a variable in a list of NAME=VALUE.
func environment(list []string) func(name string) string {
	return func(name string) string {
		for _, v := range list {
			if v, ok := strings.CutPrefix(v, name+"="); ok {
				return v
			}
		}
		return ""
	}
}

// failed lists the rules that failed.
func failed(r *journal.Retries) string {
	var all []string
	for _, x := range r.Failed() {
		all = append(all, string(x.ID))
	}
	return strings.Join(all, " ")
}

// memory returns the transport of a client in memory, with as many idle connections as the command has.
func memory(c *http.Client) *http.Transport {
	t := c.Transport.(*http.Transport)
	t.MaxIdleConnsPerHost = idle
	return t
}

// limit is the time limit of a run.
const limit = time.Minute

// once runs a mode in memory, on virtual time, and says how it ended. At the limit its next request ends
// it, as a signal ends a process.
func once(t *testing.T, m mode, c *http.Client, variables []string, stop func() error) command.Ending {
	t.Helper()
	transport, variable := memory(c), environment(variables)
	defer func() {
		transport.CloseIdleConnections()
		_ = stop()
	}()
	end, err := explore.Call(limit, stop, func(ctx context.Context) error {
		return m.run(newClient(transport, func(name string) string {
			if ctx.Err() != nil { // a client looks for its service before each request
				runtime.Goexit()
			}
			return variable(name)
		}))
	})
	if err != nil {
		t.Error(err)
	}
	return end
}

// judge compares the rules that failed with those that the play names. The work of most clients fails.
func (p *play) judge(t *testing.T, r *journal.Retries, requests int, end command.Ending) {
	t.Helper()
	if got := failed(r); got != p.want.rules || requests == 0 || end.Code != 0 && end.Code != 1 {
		t.Errorf("failed: %q, want %q; %d requests; %s\n%s", got, p.want.rules, requests, end.Found, r)
	}
}

// Ensure each mistake fails the rules that are named for it, and no other, and that a right client
// fails none in any scenario. The clients run in memory, on virtual time, since their pauses are judged.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, p := range plays(t) {
		t.Run(p.mode.name+"/"+p.scenario, func(t *testing.T) {
			t.Parallel()
			start := scenario(t, p.scenario)
			synctest.Test(t, func(t *testing.T) {
				e := emulator.NewT(t)
				s := e.Sandbox(t, start)
				end := once(t, p.mode, s.Client(), s.Environment(), e.Close)
				p.judge(t, s.Retries(p.want.grading()), len(s.Requests()), end)
			})
		})
	}
}

// overNetwork are modes whose result does not depend on how long something takes.
var overNetwork = []string{
	"repeats-forbidden", "keeps-token", "gives-up-on-503", "gives-up-on-half", "repeats-lost-post", "repeats-half-answer", "sends-empty-body", "fails-fast",
}

// Ensure the command does what its modes do in memory.
func TestCommand(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "planted.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range overNetwork {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &play{want: mistakes[name]} // none of a right one
			s := emulator.RunT(t, scenario(t, cmp.Or(p.want.scenario, "lost-reply")))
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			cmd := exec.CommandContext(ctx, bin, name)
			cmd.Env = append(s.Environment(), "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
			out, _ := cmd.CombinedOutput() // the code says how it ended
			p.judge(t, s.Retries(p.want.grading()), len(s.Requests()), command.Ending{Code: cmd.ProcessState.ExitCode(), Found: string(out)})
		})
	}
}

// Ensure every rule that a run can test is the mistake of a mode, and that there are enough modes.
func TestEveryRuleHasAMode(t *testing.T) {
	t.Parallel()
	for _, rule := range journal.RetryRules() {
		found := false
		for _, m := range mistakes {
			found = found || slices.Contains(strings.Fields(m.rules), string(rule))
		}
		if !found && rule != journal.Amplifies {
			t.Errorf("no mode fails %s", rule)
		}
	}
	if wrong := len(modes()) - len(right) - len(silent); wrong < 24 || len(right) < 8 || wrong != len(mistakes) {
		t.Errorf("%d modes with a mistake, %d right ones, %d expectations", wrong, len(right), len(mistakes))
	}
}

// table is the part of the page that is generated.
func table() string {
	var b strings.Builder
	b.WriteString("| client | mistake | scenario | rules that fail | found |\n|---|---|---|---|---|\n")
	for _, m := range modes() {
		e, wrong := mistakes[m.name]
		if !wrong {
			continue
		}
		rules, found := strings.ReplaceAll(e.rules, " ", "`, `"), "yes"
		if rules != "" {
			rules = "`" + rules + "`"
		}
		if e.unseen != "" {
			found = "no: " + e.unseen
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", m.name, m.does, e.scenario, rules, found)
	}
	b.WriteString("\nThese clients are right:\n\n| client | what it does |\n|---|---|\n")
	for _, m := range right {
		fmt.Fprintf(&b, "| `%s` | %s |\n", m.name, m.does)
	}
	return b.String()
}

// Ensure the page has the table.
func TestGeneratedPage(t *testing.T) {
	t.Parallel()
	servicetest.KeepParts(t, "../../docs/dev/planted-clients.md", map[string]string{"clients": table(), "explored": exploredTable()}, *update)
}
