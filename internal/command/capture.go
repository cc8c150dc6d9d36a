package command

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
	"unicode/utf8"
)

// A capture keeps what a command writes to its two outputs. A nil capture keeps nothing.
type capture struct {
	read, write [2]*os.File // the two ends of the pipes: of the output, and of the errors
	output      kept
	trace       tracer
	done        sync.WaitGroup
}

// newCapture connects the outputs of a command to pipes.
func newCapture(cmd *exec.Cmd) (*capture, error) {
	c := &capture{}
	for i := range c.read {
		var err error
		if c.read[i], c.write[i], err = os.Pipe(); err != nil {
			c.close()
			return nil, err
		}
	}
	cmd.Stdout, cmd.Stderr = c.write[0], c.write[1]
	return c, nil
}

// close closes the pipes. Ends that are closed already, or were never opened, are no mistake.
func (c *capture) close() {
	for i := range c.read {
		_ = c.read[i].Close()
		_ = c.write[i].Close()
	}
}

// follow reads the pipes of a command that has started.
func (c *capture) follow() {
	if c == nil {
		return
	}
	for i, to := range []io.Writer{&c.output, io.MultiWriter(&c.output, &c.trace)} {
		_ = c.write[i].Close() // the command has its own
		c.done.Go(func() { _, _ = io.Copy(to, c.read[i]) })
	}
}

// finish returns the output of a command that has ended, and the runtime whose stack trace is in
// the errors. It does not wait long for processes that left the group and hold the pipes open.
func (c *capture) finish() (output, runtime string) {
	if c == nil {
		return "", ""
	}
	impatience := time.AfterFunc(patienceWithLeftovers, c.close)
	c.done.Wait()
	impatience.Stop()
	c.close()
	return c.output.text(), c.trace.runtime()
}

// half is how much is kept of the beginning of an output, and how much of its end.
const half = 32 << 10

// kept is the beginning and the end of what was written. It never takes more memory than twice
// half.
type kept struct {
	mu    sync.Mutex
	head  []byte
	tail  []byte // a ring once it is full
	next  int    // where the ring is overwritten next
	total int64  // how many bytes were written
}

// Write keeps what has room, and drops the oldest of the tail for it. It never fails.
func (k *kept) Write(b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(b)
	k.total += int64(n)
	b = fill(&k.head, b)
	b = b[max(0, len(b)-half):] // the rest would be overwritten at once
	b = fill(&k.tail, b)
	for len(b) > 0 {
		copied := copy(k.tail[k.next:], b)
		b, k.next = b[copied:], (k.next+copied)%half
	}
	return n, nil
}

// fill adds to a buffer what has room in it, and returns the rest.
func fill(buffer *[]byte, b []byte) (rest []byte) {
	if *buffer == nil && len(b) > 0 {
		*buffer = make([]byte, 0, half)
	}
	n := min(len(b), half-len(*buffer))
	*buffer = append(*buffer, b[:n]...)
	return b[n:]
}

// text returns what is kept. A line says how many bytes were left out. No character is cut.
func (k *kept) text() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	left := k.total - int64(len(k.head)+len(k.tail))
	if left == 0 {
		return string(k.head) + string(k.tail)
	}
	head, older, newer := whole(k.head), k.tail[k.next:], k.tail[:k.next]
	for i := 1; i < utf8.UTFMax && len(older) > 0 && !utf8.RuneStart(older[0]); i++ {
		older = older[1:]
	}
	left = k.total - int64(len(head)+len(older)+len(newer))
	feed := "\n"
	if len(head) > 0 && head[len(head)-1] == '\n' {
		feed = ""
	}
	return fmt.Sprintf("%s%s[%d bytes left out]\n%s%s", head, feed, left, older, newer)
}

// whole returns a text without the character at its end that was cut.
func whole(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if at := len(text) - i; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				return text[:at]
			}
			break
		}
	}
	return text
}
