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

// isolate makes the command start in its own process group, so that everything it starts can be
// ended too. If standin has the terminal, the command gets it, and restore takes it back.
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
		signal.Ignore(syscall.SIGTTOU) // sent to a background process that takes the terminal
		_ = unix.IoctlSetPointerInt(tty, unix.TIOCSPGRP, own)
		signal.Reset(syscall.SIGTTOU)
	}
}

// signalGroup sends a signal to all processes in the command's group.
func signalGroup(cmd *exec.Cmd, s syscall.Signal) error {
	err := syscall.Kill(-cmd.Process.Pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// endGroup ends the remaining processes in the command's group, first with SIGTERM.
func endGroup(cmd *exec.Cmd) {
	const patience, glance = time.Second, 10 * time.Millisecond
	for deadline := time.Now().Add(patience); signalGroup(cmd, syscall.SIGTERM) == nil && time.Now().Before(deadline); {
		time.Sleep(glance)
	}
	_ = signalGroup(cmd, syscall.SIGKILL)
}

// killedBy returns the signal that ended a process, or 0.
func killedBy(state *os.ProcessState) syscall.Signal {
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return w.Signal()
	}
	return 0
}
