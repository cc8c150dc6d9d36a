//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// isolate has the command start in a process group of its own, so that what it starts
// can be ended with it. If standin has the terminal, the command gets it, and restore
// takes it back.
func isolate(cmd *exec.Cmd) (restore func()) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	f, ok := cmd.Stdin.(*os.File)
	if !ok {
		return func() {}
	}
	tty, own := int(f.Fd()), syscall.Getpgrp()
	if owner, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP); err != nil || owner != own {
		return func() {}
	}
	cmd.SysProcAttr.Foreground, cmd.SysProcAttr.Ctty = true, tty
	return func() {
		signal.Ignore(syscall.SIGTTOU) // which a process in the background gets for this
		_ = unix.IoctlSetPointerInt(tty, unix.TIOCSPGRP, own)
		signal.Reset(syscall.SIGTTOU)
	}
}

// signalGroup sends a signal to the command and all that is in its process group.
func signalGroup(cmd *exec.Cmd, s syscall.Signal) error {
	err := syscall.Kill(-cmd.Process.Pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// endGroup ends what is left of the command's process group, first politely.
func endGroup(cmd *exec.Cmd) {
	const patience, glance = time.Second, 10 * time.Millisecond
	for deadline := time.Now().Add(patience); signalGroup(cmd, syscall.SIGTERM) == nil && time.Now().Before(deadline); {
		time.Sleep(glance)
	}
	_ = signalGroup(cmd, syscall.SIGKILL)
}

// killedBy is the signal that ended a process; 0 if none did.
func killedBy(state *os.ProcessState) syscall.Signal {
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return w.Signal()
	}
	return 0
}
