package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A runner starts children and sends requests to them.
type runner struct {
	ctx              context.Context //nolint:containedctx // of one run of the command
	dir              string
	binary, self     string
	requests, rounds int
	created          atomic.Int64
}

func (b *runner) build() (err error) {
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

// start runs a server and waits for its line "… ready http://ADDR".
func (b *runner) start(args ...string) (*child, error) { return b.startWith(nil, args...) }

// startWith does what start does, with more environment variables.
func (b *runner) startWith(env []string, args ...string) (*child, error) {
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
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	_, addr, _ := strings.Cut(strings.TrimSpace(line), "http://")
	return &child{cmd: cmd, addr: addr}, nil
}

func (c *child) stop() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// ticks is the number of processor ticks per second.
const ticks = 100

// processor returns the processor time, user and system, in seconds.
func (c *child) processor() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, err := strconv.ParseFloat(fields[11], 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks, err
}

// resident returns the resident memory of the process, in bytes.
func (c *child) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	return pages * float64(os.Getpagesize()), err
}

// compare sends requests to two children alternately, and returns the processor time that each
// took, in seconds.
func (b *runner) compare(one, two *child, first, second func(int) string) (t1, t2 float64, err error) {
	for round := range b.rounds + 1 {
		for _, c := range []struct {
			child   *child
			request func(int) string
			sum     *float64
		}{{one, first, &t1}, {two, second, &t2}} {
			before, err := c.child.processor()
			if err != nil {
				return 0, 0, err
			}
			if err := b.load(c.child.addr, b.requests, c.request); err != nil {
				return 0, 0, err
			}
			after, err := c.child.processor()
			if err != nil {
				return 0, 0, err
			}
			if round > 0 { // the first round warms up
				*c.sum += after - before
			}
		}
	}
	return t1, t2, nil
}

const connections = 16

// load sends the given number of requests over keep-alive connections.
func (b *runner) load(addr string, requests int, request func(n int) string) error {
	var wg sync.WaitGroup
	errs := make([]error, connections)
	var left atomic.Int64
	left.Store(int64(requests))
	for i := range connections {
		wg.Go(func() { errs[i] = b.drive(addr, &left, request) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (b *runner) drive(addr string, left *atomic.Int64, request func(n int) string) error {
	c, err := (&net.Dialer{}).DialContext(b.ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for left.Add(-1) >= 0 {
		if _, err := io.WriteString(c, request(int(b.created.Add(1)))); err != nil {
			return err
		}
		if _, _, err := answer(r); err != nil {
			return err
		}
	}
	return nil
}

// answer reads one answer: its head and its body.
func answer(r *bufio.Reader) (head, body []byte, err error) {
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, nil, err
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return nil, nil, err
			}
		}
		head = append(head, line...)
		if len(line) == len("\r\n") {
			break
		}
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 2")) {
		return nil, nil, fmt.Errorf("answered %.40q", head)
	}
	body = make([]byte, length)
	_, err = io.ReadFull(r, body)
	return head, body, err
}

func oneClient(addr string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, page(50_000)); err != nil {
		return "", err
	}
	_, body, err := answer(bufio.NewReader(c))
	if err != nil {
		return "", err
	}
	var doc struct {
		Clients []struct {
			Client struct {
				ID string `json:"client_id"`
			} `json:"client"`
		} `json:"clients"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return "", err
	}
	return doc.Clients[0].Client.ID, nil
}

// firstAnswer returns the time from the start of a process to its first answer.
func (b *runner) firstAnswer(args []string, path string) (time.Duration, error) {
	begin := time.Now()
	c, err := b.start(args...)
	if err != nil {
		return 0, err
	}
	defer c.stop()
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, "http://"+c.addr+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Auth-Token", "demo-token")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return time.Since(begin), nil
}
