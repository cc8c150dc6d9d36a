//go:build !unix

package command

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate does nothing, since there are no process groups.
func isolate(*exec.Cmd) (restore func()) { return func() {} }

// detach does nothing, since there are no sessions.
func detach(*exec.Cmd) {}

// signalGroup kills the command, since there are no signals.
func signalGroup(cmd *exec.Cmd, _ syscall.Signal) error { return cmd.Process.Kill() }

// endGroup does nothing, since there are no process groups.
func endGroup(*exec.Cmd) {}

// killedBy returns 0, since no signal ends a process.
func killedBy(*os.ProcessState) syscall.Signal { return 0 }
