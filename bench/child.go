package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The names of the other servers.
const (
	bare    = "bare"
	gorilla = "gorilla"
)

// build builds the emulator.
func (b *bench) build() (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	b.binary = filepath.Join(b.dir, "standin")
	out, err := exec.CommandContext(b.ctx, "go", "build", "-o", b.binary, "./cmd/standin").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// A child is a server in its own process.
type child struct {
	cmd  *exec.Cmd
	addr string
}

// standin starts the emulator on a free port.
func (b *bench) standin(args ...string) (*child, error) {
	return b.start(nil, append([]string{b.binary, "--listen", "127.0.0.1:0"}, args...)...)
}

// other starts one of the other servers.
func (b *bench) other(args ...string) (*child, error) {
	return b.start(nil, append([]string{b.self, "-serve"}, args...)...)
}

// start runs a server and waits for its line "… ready http://ADDR".
func (b *bench) start(env []string, args ...string) (*child, error) {
	cmd := exec.CommandContext(b.ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), append(env, "STANDIN_LOG=errors")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	_, c.addr, _ = strings.Cut(strings.TrimSpace(line), "http://")
	return c, nil
}

func (c *child) stop() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// ticks is the number of processor ticks per second.
const ticks = 100

// processor returns the processor time, user and system, of the process until now.
func (c *child) processor() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticks, err
}

// resident and peak return the resident memory of the process, in megabytes: now, and at most.
func (c *child) resident() (float64, error) { return c.status("VmRSS") }
func (c *child) peak() (float64, error)     { return c.status("VmHWM") }

func (c *child) status(name string) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			kilobytes, err := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kilobytes / 1024, err
		}
	}
	return 0, fmt.Errorf("the kernel does not say %s of process %d", name, c.cmd.Process.Pid)
}
