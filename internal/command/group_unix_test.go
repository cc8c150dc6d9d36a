//go:build unix

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	parts["session"] = func() int {
		session, err := unix.Getsid(0)
		_, noTerminal := os.Open("/dev/tty")
		fmt.Println(session == os.Getpid(), err, noTerminal != nil)
		return 0
	}
	parts["killed"] = func() int {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		return idle()
	}
	parts["interrupted"] = func() int {
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
		return idle()
	}
}

// depart makes a command leave the group if DEPART is set.
func depart(cmd *exec.Cmd) {
	if os.Getenv("DEPART") != "" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
}

// alive reports whether a process is running. A process that has ended may still be in the table.
func alive(t *testing.T, pid int) bool {
	t.Helper()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(state), ") Z ")
}

// Ensure what a command leaves running ends with it, and that Run does not wait for its pipes, also
// if it ignores signals.
func TestLeftBehind(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"idle", "stubborn"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pid")
			end := play(t, self(t), "leave", "LEAVE="+how, "READY="+path)
			pid := await(t, path)
			if end.Code != 0 || end.Output != "left\n" {
				t.Errorf("%+v", end)
			}
			eventually(t, func() bool { return !alive(t, pid) })
		})
	}
}

// Ensure Run returns although a process that left the group holds the pipes open. Ensure leftovers
// go on if that is wanted.
func TestLeftTheGroup(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"depart", "leftovers"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pid")
			c, env := self(t), []string{"LEAVE=idle", "READY=" + path}
			if how == "depart" {
				env = append(env, "DEPART=yes")
			} else {
				c.Leftovers = true
			}
			begun := time.Now()
			end := play(t, c, "leave", env...)
			took, pid := time.Since(begun), await(t, path)
			if end.Code != 0 || end.Output != "left\n" || took > time.Minute || !alive(t, pid) {
				t.Errorf("%+v after %v, alive: %t", end, took, alive(t, pid))
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		})
	}
}

// Ensure a command may end by itself at its limit, and that one which does not is killed after the
// patience, with all that it has started.
func TestLimit(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]syscall.Signal{"polite": 0, "idle": syscall.SIGTERM, "stubborn": syscall.SIGKILL} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pid")
			c := self(t)
			c.Limit, c.Patience = 3*time.Second, 10*time.Second
			if how == "stubborn" {
				c.Patience = 100 * time.Millisecond
			}
			end := play(t, c, how, "READY="+path)
			if end.Code != -1 || !end.Stopped || end.Found != "stopped after 3s" || end.Signal != want || how == "polite" && end.Output != "got terminated\n" {
				t.Errorf("%+v", end)
			}
			pid := await(t, path)
			eventually(t, func() bool { return !alive(t, pid) })
		})
	}
}

// Ensure the end of the context ends what the command has started, also if it ignores signals and
// the command has not ended.
func TestInterruptedGroup(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	path := filepath.Join(t.TempDir(), "pid")
	c := self(t)
	c.Patience = 50 * time.Millisecond
	done := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, []string{part + "=stubborn", "READY=" + path})
		done <- err
	}()
	pid := await(t, path)
	interrupt()
	if err := <-done; !errors.Is(err, ErrInterrupted) {
		t.Error(err)
	}
	eventually(t, func() bool { return !alive(t, pid) })
}

// Ensure Run reports the signal that ended a command. An interrupt of a command with the terminal's
// streams is one of the run.
func TestSignals(t *testing.T) {
	t.Parallel()
	if end := play(t, self(t), "killed"); end.Code != -1 || end.Signal != syscall.SIGKILL || end.Found != "ended by a signal: killed" || end.Stopped {
		t.Errorf("%+v", end)
	}
	if end := play(t, self(t), "interrupted"); end.Signal != syscall.SIGINT || end.Found != "ended by a signal: interrupt" {
		t.Errorf("%+v", end)
	}
	c := self(t)
	c.Streams = &Streams{}
	if _, err := c.Run(t.Context(), []string{part + "=interrupted"}); !errors.Is(err, ErrInterrupted) {
		t.Error(err)
	}
}

// Ensure a command whose output is kept has a session of its own, without a terminal.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	if end := play(t, self(t), "session"); end.Output != "true <nil> true\n" {
		t.Errorf("%+v", end)
	}
}
