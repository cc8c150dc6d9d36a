package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"standin/emulator"
	"standin/emulator/journal"
)

type runCmd struct {
	Scenario string   `arg:"" help:"A built-in scenario, or a file."`
	Command  []string `arg:"" passthrough:"" help:"The command and its arguments, behind --."`
	Fixture  []string `placeholder:"NAME|FILE" help:"The state to start from, in place of the scenario's."`
	Profile  string   `placeholder:"NAME" help:"documented or observed, in place of the scenario's."`
	Quirk    []string `placeholder:"NAME" help:"A quirk to turn on, or with a dash before it off. May be repeated."`
	Seed     *int64   `placeholder:"N" help:"The seed, in place of the scenario's."`
	JUnit    string   `name:"junit" placeholder:"FILE" help:"Write the verdict there as JUnit XML too."`
	Journal  string   `placeholder:"FILE" help:"Write the journal there, one line of JSON for each exchange, in the form in which two runs compare."`
}

// ownFailure is the exit code for failures that are not the command's.
const ownFailure = exit(3)

// patienceAfterStop is how long the command may take to stop when standin is told to.
const patienceAfterStop = 5 * time.Second

// Run starts an emulator on a free port, tells the command where it is, runs it,
// and judges.
func (c *runCmd) Run(ctx context.Context, s streams) error {
	command, err := c.prepare(s)
	if err != nil {
		return err
	}
	fail := func(err error) error {
		fmt.Fprintln(s.err, "standin:", err)
		return ownFailure
	}
	opts := []emulator.Option{
		emulator.WithScenario(c.Scenario), emulator.WithFixture(c.Fixture...), emulator.WithProfile(c.Profile), emulator.WithQuirks(c.Quirk...),
	}
	if c.Seed != nil {
		opts = append(opts, emulator.WithSeed(*c.Seed))
	}
	e, err := emulator.New(opts...)
	if err != nil {
		return fail(err)
	}
	srv, err := e.Start(context.WithoutCancel(ctx))
	if err != nil {
		return fail(err)
	}
	defer srv.Close()
	begun := time.Now()
	code, err := execute(ctx, command, srv.Environment(), s)
	if err != nil {
		return fail(err)
	}
	sent := len(srv.Requests())
	judgements := append([]journal.Judgement{
		{Expectation: "the command succeeds", Met: code == 0, Found: fmt.Sprintf("exit code %d", code)},
		{Expectation: "the command sends requests", Met: sent > 0, Found: fmt.Sprint(sent)},
	}, srv.Verify().Judgements...)
	passed := tell(s.out, c.Scenario, judgements)
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, c.Scenario, judgements, time.Since(begun)); err != nil {
			return fail(err)
		}
	}
	if c.Journal != "" {
		if err := os.WriteFile(c.Journal, srv.Journal(), 0o600); err != nil {
			return fail(err)
		}
	}
	if !passed {
		return errSilent
	}
	return nil
}

// prepare finds the command, and sees that the verdict can be written, before
// anything is run.
func (c *runCmd) prepare(s streams) ([]string, error) {
	command := c.Command
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	} else if len(command) > 0 && strings.HasPrefix(command[0], "-") {
		fmt.Fprintf(s.err, "standin: unknown flag %s\n", command[0])
		return nil, exit(2)
	}
	if len(command) == 0 {
		fmt.Fprintln(s.err, "standin: no command; expected standin run SCENARIO -- COMMAND…")
		return nil, exit(2)
	}
	for _, path := range []string{c.JUnit, c.Journal} {
		if path == "" {
			continue
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			fmt.Fprintln(s.err, "standin:", err)
			return nil, ownFailure
		}
	}
	return command, nil
}

// foreign variables would lead the command elsewhere: those of other clouds, and
// proxies.
func foreign(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch strings.ToLower(name) {
	case "http_proxy", "https_proxy", "all_proxy":
		return true
	}
	return slices.ContainsFunc([]string{"OS_", "PRIVX_", "DEVOPS_"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// execute runs the command and returns its exit code. An error says that it could
// not be run.
func execute(ctx context.Context, command, env []string, s streams) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), foreign), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.out, s.err
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patienceAfterStop
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, errors.New("interrupted")
	}
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return cmd.ProcessState.ExitCode(), nil
	}
	return 0, err
}

// tell prints the verdict and tells whether it is good.
func tell(w io.Writer, scenario string, judgements []journal.Judgement) bool {
	passed := true
	var lines strings.Builder
	for _, j := range judgements {
		word := "met    "
		if !j.Met {
			word, passed = "NOT MET", false
		}
		fmt.Fprintf(&lines, "  %s  %s (%s)\n", word, j.Expectation, j.Found)
	}
	verdict := "passed"
	if !passed {
		verdict = "FAILED"
	}
	fmt.Fprintf(w, "scenario %s: %s\n%s", scenario, verdict, lines.String())
	return passed
}
