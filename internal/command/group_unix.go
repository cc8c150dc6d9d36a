//go:build unix

package command

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// isolate makes the command start in its own process group, so that everything it starts can be
// ended too. If this process has the terminal, the command gets it, and restore takes it back.
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

// detach makes the command start in its own session, and so in its own process group. It has no
// terminal there: nobody can be asked, and nothing stops because it reads in the background.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

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
	const glance = 10 * time.Millisecond
	left := signalGroup(cmd, syscall.SIGTERM) == nil
	for deadline := time.Now().Add(patienceWithLeftovers); left && running(cmd.Process.Pid) && time.Now().Before(deadline); {
		time.Sleep(glance)
	}
	_ = signalGroup(cmd, syscall.SIGKILL)
}

// running reports whether a process of a group still runs. Processes that have ended stay in the
// group until their parent takes notice, which the first process of a container may never do.
// Where there is no /proc, all count as running.
func running(group int) bool {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range files {
		text, _ := os.ReadFile(file)
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // after the name: state, parent, group
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && fields[0] != "Z" && fields[0] != "X" {
			return true
		}
	}
	return len(files) == 0
}

// killedBy returns the signal that ended a process, or 0.
func killedBy(state *os.ProcessState) syscall.Signal {
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return w.Signal()
	}
	return 0
}
