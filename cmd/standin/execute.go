package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// An ending is how a command ended.
type ending struct {
	code    int    // -1: a signal ended it
	found   string // the same in words
	stopped bool   // it took too long
}

// patienceAfterStop is how long the command may take to stop when standin stops it.
const patienceAfterStop = 5 * time.Second

// errInterrupted is the error of a run that a signal to standin ended.
var errInterrupted = errors.New("interrupted")

// foreign reports whether a variable would lead the command elsewhere: those of other
// clouds, and proxies.
func foreign(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	switch strings.ToLower(name) {
	case "http_proxy", "https_proxy", "all_proxy":
		return true
	}
	return slices.ContainsFunc([]string{"OS_", "PRIVX_", "DEVOPS_"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// execute runs the command, no longer than the limit unless that is 0. When standin is
// interrupted or the time is over, the command and what it has started are ended. An
// error says that the command could not be run, or that standin was interrupted.
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
		return ending{}, err
	case within.Err() != nil:
		return ending{code: -1, found: fmt.Sprintf("stopped after %s", limit), stopped: true}, nil
	}
	if killer := killedBy(cmd.ProcessState); killer != 0 {
		if killer == syscall.SIGINT { // from the terminal that the command had
			return ending{}, errInterrupted
		}
		return ending{code: -1, found: "ended by a signal: " + killer.String()}, nil
	}
	code := cmd.ProcessState.ExitCode()
	return ending{code: code, found: fmt.Sprintf("exit code %d", code)}, nil
}
