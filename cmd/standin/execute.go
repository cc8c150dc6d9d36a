package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// An ending says how a command ended.
type ending struct {
	code    int    // -1 if a signal ended the command
	found   string // the same in words
	stopped bool   // the time limit was reached
}

// patienceAfterStop is how long the command may take to end after standin has stopped it.
const patienceAfterStop = 5 * time.Second

// errInterrupted is returned when a signal to standin ended a run.
var errInterrupted = errors.New("interrupted")

// foreign reports whether a variable would send the command's requests elsewhere. These are
// variables of other clouds, and proxies.
func foreign(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch strings.ToLower(name) {
	case "http_proxy", "https_proxy", "all_proxy":
		return true
	}
	return slices.ContainsFunc([]string{"OS_", "PRIVX_", "DEVOPS_"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// execute runs the command. A limit of 0 means no limit. When the limit is reached or standin is
// interrupted, execute ends the command and all that it has started. It returns an error if the
// command could not be run, or if standin was interrupted.
func execute(ctx context.Context, limit time.Duration, command, env []string, s streams) (ending, error) {
	within, cancel := ctx, context.CancelFunc(func() {})
	if limit > 0 {
		within, cancel = context.WithTimeout(ctx, limit)
	}
	defer cancel()
	cmd := exec.CommandContext(within, command[0], command[1:]...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), foreign), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.out, s.err
	cmd.Cancel = func() error {
		if ctx.Err() == nil {
			return signalGroup(cmd, syscall.SIGTERM)
		}
		return signalGroup(cmd, syscall.SIGINT)
	}
	cmd.WaitDelay = patienceAfterStop
	restore := isolate(cmd)
	err := cmd.Run()
	restore()
	if within.Err() != nil && cmd.Process != nil {
		endGroup(cmd)
	}
	switch {
	case ctx.Err() != nil:
		return ending{}, errInterrupted
	case cmd.ProcessState == nil:
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = fmt.Errorf("cannot run %s: %w", command[0], e.Err)
		}
		return ending{}, err
	case within.Err() != nil:
		return ending{code: -1, found: fmt.Sprintf("stopped after %s", limit), stopped: true}, nil
	}
	if killer := killedBy(cmd.ProcessState); killer != 0 {
		if killer == syscall.SIGINT { // the terminal belonged to the command, so the signal came to it
			return ending{}, errInterrupted
		}
		return ending{code: -1, found: "ended by a signal: " + killer.String()}, nil
	}
	code := cmd.ProcessState.ExitCode()
	return ending{code: code, found: fmt.Sprintf("exit code %d", code)}, nil
}
