package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	child "standin/internal/command"
	"standin/internal/core"
	"standin/internal/coverage"
	"standin/internal/explore"
	"standin/internal/report"
	"standin/internal/sandbox"
)

type runCmd struct {
	Scenario []string      `arg:"" optional:"" help:"Built-in scenarios, files, or folders of files. Without a scenario, no fault is armed."`
	Fixture  []string      `env:"-" placeholder:"NAME|FILE" help:"Initial records, in place of those of the scenarios. May be repeated."`
	Profile  string        `env:"-" placeholder:"NAME" help:"documented or observed, in place of the profile of the scenarios."`
	Quirk    []string      `env:"-" placeholder:"NAME" help:"Quirk to turn on; with a dash before it, to turn off. May be repeated."`
	Seed     *int64        `env:"-" placeholder:"N" help:"Seed, in place of the seed of the scenarios."`
	Timeout  time.Duration `placeholder:"DURATION" help:"Time limit for the command in each scenario, such as 5m. After it, the command is stopped and the verdict is FAILED. Default: no limit."`
	JUnit    string        `name:"junit" placeholder:"FILE" help:"Also write the verdicts to this file, as JUnit XML."`
	Report   string        `placeholder:"FILE" help:"Also write the verdicts and the report on retries to this file. Its ending is the form: .txt, .json, .xml (JUnit), .md or .html."`
	Journal  string        `placeholder:"FILE" help:"Write the journals to this file in canonical form, without times and ports. Two runs can then be compared byte by byte."`
	Requests string        `placeholder:"FILE" help:"Write the exchanges to this file with times, for standin requests --file."`
	Coverage string        `placeholder:"FILE" help:"Write to this file which documented answers the client has met in all scenarios, for standin report coverage."`
}

// Help returns examples.
func (*runCmd) Help() string {
	return `The client is the command after "--". Its environment has the address of the emulator and a login: STANDIN_URL, OS_…, PRIVX_…, DEVOPS_….

Examples:
  standin run fails-twice-then-works -- ./client --retries 3
  standin run --junit verdict.xml unavailable lost-reply scenarios/ -- pytest
  standin run -- sh -c 'curl -s "$STANDIN_URL/v1/clients" -H "X-Auth-Token: demo-token"'`
}

// A childCommand is the command that standin run runs: the arguments after "--".
type childCommand []string

// divide splits a command line into the arguments of run or explore and its command.
func divide(args []string) (own []string, command childCommand) {
	if i := slices.Index(args, "--"); i > 0 && (args[0] == "run" || args[0] == "explore") {
		return args[:i], args[i+1:]
	}
	return args, nil
}

// ownFailure is the exit code for failures that are not those of the command.
const ownFailure = exit(3)

// An outcome is the result of a run with one scenario.
type outcome struct {
	name       string
	judgements []journal.Judgement
	retries    *journal.Retries
	graded     bool // an expectation is about retries
	requests   []journal.Entry
	journal    []byte
	took       time.Duration
}

func (o *outcome) passed() bool { return sandbox.Passed(o.judgements) }

// Run starts an emulator on a free port for each scenario, runs the command with the emulator's
// address in its environment, and prints the verdict.
func (c *runCmd) Run(ctx context.Context, s streams, command childCommand) error {
	surviveClosedOutput()
	if len(command) == 0 {
		fmt.Fprintln(s.err, "standin: no command; expected standin run [SCENARIO…] -- COMMAND…")
		return exit(2)
	}
	passed, err := c.run(ctx, s, command)
	switch {
	case err != nil:
		fmt.Fprintln(s.err, "standin:", err)
		return ownFailure
	case !passed:
		return errSilent
	default:
		return nil
	}
}

// run runs the command with all scenarios, and writes the reports. It finds mistakes in scenarios,
// and reports that cannot be written, before it runs the command.
func (c *runCmd) run(ctx context.Context, s streams, command []string) (passed bool, err error) {
	ignored(s)
	emulators, err := c.emulators()
	if err != nil {
		return false, err
	}
	heap.loaded()
	form := report.Text
	if c.Report != "" {
		if form, err = report.FormOf(c.Report); err != nil {
			return false, err
		}
	}
	var files [5]*outputFile
	for i, path := range []string{c.JUnit, c.Report, c.Journal, c.Requests, c.Coverage} {
		if files[i], err = openOutput(path); err != nil {
			return false, err
		}
		defer files[i].discard()
	}
	outcomes := make([]outcome, len(emulators))
	failed, met := 0, make([]*coverage.Report, len(emulators))
	for i, e := range emulators {
		if outcomes[i], err = c.rehearse(ctx, e, command, s); err != nil {
			return false, err
		}
		outcomes[i].name = distinct(outcomes[:i], outcomes[i].name)
		tell(s.err, &outcomes[i])
		if !outcomes[i].passed() {
			failed++
		}
		if c.Coverage != "" {
			met[i] = e.Sandboxes.Coverage()
		}
		emulators[i] = nil // releases its memory
	}
	if len(outcomes) > 1 {
		fmt.Fprintf(s.err, "%d scenarios: %d passed, %d FAILED\n", len(outcomes), len(outcomes)-failed, failed)
	}
	for i, text := range []func() ([]byte, error){
		func() ([]byte, error) { return written(report.JUnit, outcomes, (*outcome).judged) },
		func() ([]byte, error) { return written(form, outcomes, (*outcome).whole) },
		func() ([]byte, error) { return canonical(outcomes), nil },
		func() ([]byte, error) { return timed(outcomes), nil },
		func() ([]byte, error) { return coverage.Sum(met...).JSON(), nil },
	} {
		if files[i] == nil {
			continue
		}
		b, e := text()
		err = errors.Join(err, e, files[i].write(b))
	}
	return failed == 0, err
}

// ignored reports the variables of serve that run does not read. They would replace what the
// scenarios set.
func ignored(s streams) {
	for _, name := range []string{"STANDIN_FIXTURE", "STANDIN_PROFILE", "STANDIN_QUIRK", "STANDIN_SEED", "STANDIN_CLOCK", "STANDIN_SCENARIO"} {
		if os.Getenv(name) == "" {
			continue
		}
		flag := "--" + strings.ToLower(strings.TrimPrefix(name, "STANDIN_"))
		instead := "set it in the scenario, or with " + flag + " before --"
		switch flag {
		case "--clock":
			instead = "set the clock in the scenario"
		case "--scenario":
			instead = "name the scenario before --"
		}
		fmt.Fprintf(s.err, "standin: run does not read %s; %s\n", name, instead)
	}
}

// distinct returns a name that no outcome has yet.
func distinct(outcomes []outcome, name string) string {
	unique := name
	for n := 2; slices.ContainsFunc(outcomes, func(o outcome) bool { return o.name == unique }); n++ {
		unique = fmt.Sprintf("%s #%d", name, n)
	}
	return unique
}

// noScenario is the name of a run without a scenario.
const noScenario = "none"

// emulators returns an emulator for each scenario.
func (c *runCmd) emulators() ([]*explore.Trial, error) {
	names, err := scenarioFiles(c.Scenario)
	if err != nil {
		return nil, err
	}
	o := core.Options{Sandboxes: sandbox.Options{KeepRemoved: true}}
	if len(names) == 0 {
		names, o.Sandboxes.Fixture = []string{""}, defaultFixture
	}
	var all []*explore.Trial
	var errs []error
	for _, name := range names {
		o.Plan = sandbox.Plan{Scenario: name, Fixtures: c.Fixture, Profile: c.Profile, Quirks: c.Quirk, Seed: c.Seed}
		e, err := core.New(o)
		t := &explore.Trial{Emulator: e}
		if err == nil && len(e.Sandboxes.Origin().Outcome) > 0 {
			t, err = explore.NewTrial(o)
		}
		all, errs = append(all, t), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// rehearse runs the command against an emulator and judges the result.
func (c *runCmd) rehearse(ctx context.Context, e *explore.Trial, command []string, s streams) (outcome, error) {
	begun, start := time.Now(), e.Sandboxes.Origin()
	var end child.Ending
	var ends []journal.Judgement
	var err error
	if len(start.Outcome) > 0 {
		var came journal.Judgement
		end, came, err = c.compared(ctx, e, command, s)
		ends = append(ends, came)
	} else {
		end, err = c.perform(ctx, e, command, s)
	}
	if err != nil {
		return outcome{}, err
	}
	switch {
	case end.Stopped && len(ends) == 0:
		ends = append(ends, journal.Judgement{Expectation: fmt.Sprintf("the command ends within %s", c.Timeout), Found: end.Found})
	case len(ends) == 0 || start.Exit != "":
		ends = append(ends, start.Exit.Judge(end.Code, end.Found))
	}
	o := outcome{name: cmp.Or(start.Scenario, noScenario), took: time.Since(begun), requests: e.Sandboxes.AllRequests(), journal: e.Sandboxes.AllJournals()}
	o.retries = e.Sandboxes.AllRetries(&journal.Grading{})
	o.graded = slices.ContainsFunc(start.Expect, func(x journal.Expectation) bool { return x.Retries != nil })
	sent := e.Path.Sent()
	o.judgements = slices.Concat(ends, []journal.Judgement{
		{Expectation: "the command sends requests", Met: sent > 0, Found: fmt.Sprint(sent)},
	}, e.Sandboxes.VerifyAll())
	return o, nil
}

// perform runs the command once, with the terminal and the streams of standin.
func (c *runCmd) perform(ctx context.Context, e *explore.Trial, command []string, s streams) (child.Ending, error) {
	srv, err := e.Start(context.WithoutCancel(ctx))
	if err != nil {
		return child.Ending{}, err
	}
	defer srv.Close()
	client := child.Command{Args: command, Limit: c.Timeout, Streams: &child.Streams{In: os.Stdin, Out: s.out, Err: s.err}, Leftovers: true}
	return client.Run(ctx, e.Sandboxes.Default().Environment(srv.URL))
}

// A heading is the line before the exchanges of a scenario, in a file with several scenarios.
type heading struct {
	Scenario string `json:"scenario,omitempty"`
}

func headed(outcomes []outcome, body func(o *outcome) []byte) []byte {
	var out []byte
	for i := range outcomes {
		if len(outcomes) > 1 {
			b, _ := json.Marshal(heading{outcomes[i].name}) // a string can always be encoded
			out = append(append(out, b...), '\n')
		}
		out = append(out, body(&outcomes[i])...)
	}
	return out
}

// canonical returns the content of --journal.
func canonical(outcomes []outcome) []byte {
	return headed(outcomes, func(o *outcome) []byte { return o.journal })
}

// timed returns the content of --requests: one line of JSON per exchange.
func timed(outcomes []outcome) []byte {
	return headed(outcomes, func(o *outcome) (out []byte) {
		for i := range o.requests {
			b, _ := json.Marshal(&o.requests[i]) // an entry can always be encoded
			out = append(append(out, b...), '\n')
		}
		return out
	})
}
