package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/journal"
	"standin/internal/catalog"
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
	server   *emulator.Server
	out      bytes.Buffer
	err      error
	took     time.Duration
}

// longest are the scenarios that take a right client the longest. They start first.
var longest = []string{"maintenance-window", "rate-limited", "unavailable", "hangs", "slow-network"}

// plays lists all modes with a mistake in their scenario, and the right ones in every scenario.
func plays(t *testing.T) []*play {
	t.Helper()
	var all []*play
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
	slices.SortStableFunc(all, func(a, b *play) int { return a.rank() - b.rank() })
	return all
}

func (p *play) rank() int {
	if i := slices.Index(longest, p.scenario); i >= 0 {
		return i
	}
	if p.want.rules != "" { // some of the mistakes wait long, too
		return 0
	}
	return len(longest)
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

// build builds the command.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "planted.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}

// alone is held while many clients run. Their pauses are judged, so that others must not slow them down.
var alone sync.Mutex

// atATime is how many clients run at once. Most of them wait most of the time.
const atATime = 64

// run runs the client of each play against an emulator of its own.
func run(t *testing.T, all []*play) {
	t.Helper()
	bin := build(t)
	slots := make(chan struct{}, atATime)
	var running sync.WaitGroup
	for _, p := range all {
		slots <- struct{}{}
		p.server = emulator.RunT(t, scenario(t, p.scenario))
		running.Go(func() {
			defer func() { <-slots }()
			p.run(t.Context(), bin)
		})
	}
	running.Wait()
}

func (p *play) run(ctx context.Context, bin string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, p.mode.name)
	cmd.Env = append(p.server.Environment(), "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	begun := time.Now()
	p.err = cmd.Run()
	p.took = time.Since(begun)
	if ctx.Err() == nil && cmd.ProcessState.ExitCode() == 1 {
		p.err = nil // the work failed, as most do
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

// Ensure each mistake fails the rules that are named for it, and no other, and that a right client
// fails none in any scenario.
func TestPlanted(t *testing.T) {
	t.Parallel()
	all := plays(t)
	alone.Lock()
	run(t, all)
	alone.Unlock()
	for _, p := range all {
		t.Run(p.mode.name+"/"+p.scenario, func(t *testing.T) {
			r := p.server.Retries(p.want.grading())
			got := failed(r)
			t.Logf("%s: %q, %d requests", p.took.Round(time.Millisecond), got, len(p.server.Requests()))
			if got != p.want.rules || p.err != nil || len(p.server.Requests()) == 0 {
				t.Errorf("failed: %q, want %q; %v\n%s%s", got, p.want.rules, p.err, p.out.String(), r)
			}
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
