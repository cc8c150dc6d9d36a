package main

import (
	"fmt"

	"standin/internal/catalog"
)

// examples follow the list of commands.
const examples = `Examples:
  standin                                                   all services on 127.0.0.1:9311
  standin --fixture documented --log errors                 with the documents' samples; log what went wrong
  standin --scenario unavailable                            everything answers 503
  standin run fails-twice-then-works -- ./client            run a client under a scenario, and judge it
  standin requests --follow                                 what clients ask
  standin faults 'freezer.clients.*'                        which failures there are
  standin check scenario.yaml                               mistakes by line and column
  standin help run                                          a command's flags and examples`

type versionCmd struct{}

// Run prints the version.
func (*versionCmd) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, catalog.Version())
	return err
}

type helpCmd struct {
	Command string `arg:"" optional:"" help:"The command."`
}

// Run prints help as --help does.
func (c *helpCmd) Run(s streams, ask asker) error {
	args := []string{"--help"}
	if c.Command != "" {
		args = []string{c.Command, "--help"}
	}
	if code := ask(args); code != 0 {
		return exit(code)
	}
	if c.Command == "" {
		fmt.Fprintln(s.out, "\n"+examples)
	}
	return nil
}

// An asker carries out another command line.
type asker func(args []string) int
