// Package command runs the command of a client, and ends it together with what it has started.
//
// A command has its own process group. Processes that leave the group, as daemons do, are not
// ended. Where there are no process groups, only the command itself is ended.
package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Command is a command that can be run any number of times, also several times at once.
type Command struct {
	Args      []string      // the program and its arguments
	Limit     time.Duration // how long a run may take; 0: no limit
	Patience  time.Duration // how long a command may take to end after it was stopped; 0: 5 seconds
	Streams   *Streams      // what the command reads and writes; nil: its input is empty, and its output is kept
	Leftovers bool          // what a command left running when it ended by itself is not ended
}

// Streams are the input and the outputs of a command. If the input is the terminal of this
// process, the command has it while it runs.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// An Ending says how a command ended.
type Ending struct {
	Code    int            // the exit code; -1 if a signal ended the command, or if it was stopped
	Signal  syscall.Signal // that ended the command; 0: none
	Found   string         // how it ended, in words
	Stopped bool           // the time limit was reached
	Output  string         // what it wrote, if that is kept: its beginning and its end, of both streams
	Trace   string         // the runtime whose stack trace its errors show, such as Go, if they are kept
	Took    time.Duration
	Busy    time.Duration // the processor time of the command, and of what it started and waited for
}

// ErrInterrupted is returned when the context of a run ended, or when an interrupt from the
// terminal ended the command.
var ErrInterrupted = errors.New("interrupted")

// patienceAfterStop is how long a command may take to end after it was stopped.
const patienceAfterStop = 5 * time.Second

// patienceWithLeftovers is how long processes may take to end, or to close the outputs, after the
// command has ended.
const patienceWithLeftovers = time.Second

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

// Run runs the command once. Its environment is that of this process, without what would send
// requests elsewhere, and env.
//
// When the limit is reached or the context ends, Run ends the command and all processes in its
// group, first with a signal that they can handle. Run returns an error if the command could not
// be run. It returns ErrInterrupted if the context ended; the ending then has only what was kept.
//
// A command whose output is kept has no terminal. The two outputs are kept in the order in which
// they were read. What was written at the same moment may change places.
func (c *Command) Run(ctx context.Context, env []string) (Ending, error) {
	if len(c.Args) == 0 {
		return Ending{}, errors.New("no command; expected a program and its arguments")
	}
	within, cancel := ctx, context.CancelFunc(func() {})
	if c.Limit > 0 {
		within, cancel = context.WithTimeout(ctx, c.Limit)
	}
	defer cancel()
	cmd := exec.CommandContext(within, c.Args[0], c.Args[1:]...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), foreign), env...)
	cmd.Cancel = func() error {
		if ctx.Err() != nil && c.Streams != nil {
			return signalGroup(cmd, syscall.SIGINT)
		}
		return signalGroup(cmd, syscall.SIGTERM)
	}
	cmd.WaitDelay = cmp.Or(c.Patience, patienceAfterStop)
	kept, restore, err := c.connect(cmd)
	if err != nil {
		return Ending{}, fmt.Errorf("cannot run %s: %w", c.Args[0], err)
	}
	begun := time.Now()
	if err = cmd.Start(); err == nil {
		kept.follow()
		err = cmd.Wait()
	}
	end := Ending{Took: time.Since(begun)}
	restore()
	stopped := within.Err() != nil
	if cmd.Process != nil && (stopped || !c.Leftovers) {
		endGroup(cmd)
	}
	end.Output, end.Trace = kept.finish()
	switch {
	case ctx.Err() != nil:
		return end, ErrInterrupted
	case cmd.ProcessState == nil:
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = fmt.Errorf("cannot run %s: %w", c.Args[0], e.Err)
		}
		return Ending{}, err
	}
	return c.judge(end, cmd.ProcessState, stopped)
}

// connect gives the command its streams, or pipes whose content is kept. It returns what must be
// done when the command has ended.
func (c *Command) connect(cmd *exec.Cmd) (kept *capture, restore func(), err error) {
	if c.Streams != nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Streams.In, c.Streams.Out, c.Streams.Err
		return nil, isolate(cmd), nil
	}
	kept, err = newCapture(cmd)
	detach(cmd)
	return kept, func() {}, err
}

// judge adds to an ending what the state of the ended process says.
func (c *Command) judge(end Ending, state *os.ProcessState, stopped bool) (Ending, error) {
	end.Signal, end.Busy = killedBy(state), state.UserTime()+state.SystemTime()
	switch {
	case stopped:
		end.Code, end.Found, end.Stopped = -1, fmt.Sprintf("stopped after %s", c.Limit), true
	case end.Signal == syscall.SIGINT && c.Streams != nil: // the terminal belonged to the command, so the signal came to it
		return end, ErrInterrupted
	case end.Signal != 0:
		end.Code, end.Found = -1, "ended by a signal: "+end.Signal.String()
	default:
		end.Code = state.ExitCode()
		end.Found = fmt.Sprintf("exit code %d", end.Code)
	}
	return end, nil
}
