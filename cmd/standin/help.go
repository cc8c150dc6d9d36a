package main

import (
	"fmt"
	"slices"

	"standin/internal/catalog"
)

// examples are printed after the list of commands.
const examples = `Examples:
  standin                                          serve all APIs on 127.0.0.1:9311
  standin --fixture documented --log errors        start with the samples of the documents; log only failures
  standin --scenario unavailable                   answer every request with 503
  standin run fails-twice-then-works -- ./client   run a client under a scenario, and judge what it did
  standin requests --follow                        print requests as they come
  standin explain 3                                say why request 3 was answered as it was
  standin faults 'freezer.clients.*'               list the documented failures of these operations
  standin check scenario.yaml                      report mistakes by line and column
  standin report coverage                          show which documented answers were met, and which never
  standin help run                                 show the flags and examples of a command`

type versionCmd struct{}

// Help returns examples.
func (*versionCmd) Help() string {
	return `Example:
  standin version`
}

// Run prints the version.
func (*versionCmd) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, catalog.Version())
	return err
}

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"Command to show. Default: all commands."`
}

// Help returns examples.
func (*helpCmd) Help() string {
	return `Example:
  standin help run`
}

// Run prints what --help prints, with more examples.
func (c *helpCmd) Run(s streams, ask asker) error {
	args := append(slices.Clip(c.Command), "--help")
	if code := ask(args); code != 0 {
		return exit(code)
	}
	if len(c.Command) == 0 {
		fmt.Fprintln(s.out, "\n"+examples)
	}
	return nil
}

// An asker runs another command line and returns its exit code.
type asker func(args []string) int
