package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	child "standin/internal/command"
	"standin/internal/explore"
	"standin/internal/report"
	"standin/internal/sandbox"
)

type exploreCmd struct {
	Fixture  []string      `env:"-" placeholder:"NAME|FILE" help:"Initial records of each run (default: default). May be repeated."`
	Profile  string        `env:"-" placeholder:"NAME" help:"documented or observed (default: documented)."`
	Quirk    []string      `env:"-" placeholder:"NAME" help:"Quirk to turn on; with a dash before it, to turn off. May be repeated."`
	Seed     *int64        `env:"-" placeholder:"N" help:"Seed of each run (default: that of the fixture)."`
	Only     string        `placeholder:"GLOBS" help:"Try failures only at requests to these operations, such as freezer.*. Default: all."`
	Failures string        `placeholder:"GLOBS" help:"Try only these failures: lost-reply, half-answer, dead-token, reset, unavailable, hang, unanswered, or documented ones such as */503. Default: all but those that only a wrong request brings, such as 405 and 415."`
	All      bool          `help:"Leave out no case: try each failure at each request, once and without end."`
	Depth    int           `default:"1" placeholder:"N" help:"Failures in one run: 1, or 2 to add a second one after failures that changed what followed (default 1)."`
	Jobs     int           `placeholder:"N" help:"Runs at once (default: the number of processors, and more where runs mostly wait)."`
	MaxRuns  int           `placeholder:"N" help:"Maximum number of runs with failures. Default: no limit."`
	Time     time.Duration `placeholder:"DURATION" help:"Begin no run later than this after the first. Default: no limit."`
	Timeout  time.Duration `placeholder:"DURATION" help:"Time limit of one run. A client that does not end in it hangs. Default: 45s and ten times the run without failures."`
	Report   string        `placeholder:"DIR" help:"Write to this folder: report.json, a page (index.html), a scenario for each finding, and accept.yaml."`
	Resume   string        `placeholder:"DIR" help:"Go on with the exploration of an earlier --report."`
	JUnit    string        `name:"junit" placeholder:"FILE" help:"Also write the report as JUnit XML."`
	Markdown string        `placeholder:"FILE" help:"Also write the report as Markdown, for the summary of a CI job."`
	Accept   string        `placeholder:"FILE" help:"File of findings that are known and accepted, as in accept.yaml of a report."`
}

// Help returns examples.
func (*exploreCmd) Help() string {
	return `The client is the command after "--". It runs twice without failures, and then once for each failure at each of its requests.
It must succeed without failures. STANDIN_RUN has the number of the run; 0 is a run without failures.

The exit code is 0 without findings, 1 with findings, 2 if the client fails without failures or the use is wrong, and 3 for other failures.

Examples:
  standin explore -- ./client sync
  standin explore --report explored --only 'freezer.*' -- pytest -x tests/test_sync.py
  standin run explored/finding-001.yaml -- ./client sync`
}

// Run explores the client and prints the report.
func (c *exploreCmd) Run(ctx context.Context, s streams, args childCommand) error {
	surviveClosedOutput()
	if len(args) == 0 {
		fmt.Fprintln(s.err, "standin: no command; expected standin explore [FLAGS] -- COMMAND…")
		return exit(2)
	}
	if err := c.check(); err != nil {
		fmt.Fprintln(s.err, "standin:", err)
		return exit(2)
	}
	findings, err := c.explore(ctx, s, args)
	baseline, failed := errors.AsType[*explore.BaselineError](err)
	use, wrong := errors.AsType[*explore.UseError](err)
	switch {
	case wrong:
		fmt.Fprintln(s.err, "standin:", use)
		return exit(2)
	case failed:
		fmt.Fprintln(s.err, "standin:", baseline)
		fmt.Fprint(s.err, baseline.Output)
		return exit(2)
	case err != nil:
		fmt.Fprintln(s.err, "standin:", err)
		if !errors.Is(err, explore.ErrInterrupted) || findings == 0 {
			return ownFailure
		}
		return errSilent
	case findings > 0:
		return errSilent
	default:
		return nil
	}
}

// check returns an error for flags that are wrong.
func (c *exploreCmd) check() error {
	switch {
	case c.Report != "" && c.Resume != "":
		return errors.New("--resume goes on in its own folder; expected --report or --resume, not both")
	case c.Jobs < 0:
		return fmt.Errorf("--jobs %d: expected 1 or more, or 0 for the number of processors", c.Jobs)
	case c.Time < 0:
		return fmt.Errorf("--time %s: expected a duration such as 10m, or 0 for no limit", c.Time)
	case c.Timeout < 0:
		return fmt.Errorf("--timeout %s: expected a duration such as 30s, or 0 for the default", c.Timeout)
	default:
		return nil
	}
}

// explore explores the client and writes the reports. It returns the number of findings that were
// not accepted.
func (c *exploreCmd) explore(ctx context.Context, s streams, args []string) (findings int, err error) {
	accepted, err := c.accepted()
	if err != nil {
		return 0, err
	}
	session, err := explore.NewSession(explore.Options{
		Plan: sandbox.Plan{Fixtures: c.Fixture, Profile: c.Profile, Quirks: c.Quirk, Seed: c.Seed},
		Only: c.Only, Failures: c.Failures, All: c.All, Depth: c.Depth, MaxRuns: c.MaxRuns,
	})
	if err != nil {
		return 0, err
	}
	heap.loaded()
	var files [2]*outputFile
	for i, path := range []string{c.JUnit, c.Markdown} {
		if files[i], err = openOutput(path); err != nil {
			return 0, err
		}
		defer files[i].discard()
	}
	x := &explore.Exploration{Session: session, Client: explored(args), Jobs: c.Jobs, Limit: c.Timeout, Time: c.Time}
	var store *explore.Store
	if dir := c.Report + c.Resume; dir != "" {
		if store, err = explore.OpenStore(dir, c.Resume != "", session, args, c.Timeout); err != nil {
			return 0, err
		}
		x.Begin, x.Keep, x.Earlier = store.Begin, store.Keep, store.Earlier
	}
	end := progress(s.err, x)
	err = x.Run(ctx)
	end()
	if !session.Begun() || err != nil && !errors.Is(err, explore.ErrInterrupted) {
		return 0, err
	}
	r := session.Report(args, accepted)
	r.Complete = err == nil
	if store != nil {
		err = errors.Join(err, store.Close(session, r, time.Now()))
	}
	out := r.Form()
	err = errors.Join(err, report.Write(s.out, report.Text, out))
	for i, form := range []report.Form{report.JUnit, report.Markdown} {
		text, e := report.Bytes(form, out)
		err = errors.Join(err, e, files[i].write(text))
	}
	if store == nil && len(r.Open()) > 0 {
		fmt.Fprintln(s.err, "no file was written; --report DIR writes a scenario for each finding")
	}
	if err == nil && len(r.Runs) == 0 && r.Skipped.Unreachable > 0 {
		err = errors.New("no failure could be tried: the requests of the runs without failures did not come again")
	}
	return len(r.Open()), err
}

// accepted reads the file of --accept.
func (c *exploreCmd) accepted() ([]explore.Accepted, error) {
	if c.Accept == "" {
		return nil, nil
	}
	return explore.ReadAccepted(c.Accept)
}

// explored returns what runs the command against the emulator of a trial.
func explored(args []string) func(context.Context, int, *explore.Trial, time.Duration) (child.Ending, error) {
	return func(ctx context.Context, number int, t *explore.Trial, limit time.Duration) (child.Ending, error) {
		c := &child.Command{Args: args, Limit: limit, Patience: time.Second}
		return c.Run(ctx, t.Environment(number))
	}
}

// progress shows the progress on a terminal, on one line. The function that it returns removes the
// line.
func progress(w io.Writer, x *explore.Exploration) (end func()) {
	if !terminal(w) {
		return func() {}
	}
	const clear = "\r\x1b[K"
	fmt.Fprint(w, "running without failures…")
	x.Show = func(p explore.Progress) {
		fmt.Fprintf(w, clear+"%d runs done, %d left, %d with a finding, about %s", p.Done, p.Left, p.Bad, p.Remaining.Round(time.Second))
	}
	return func() { fmt.Fprint(w, clear) }
}
