package exchange

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/ruleset"
	"standin/internal/transport"
)

// What breaks a connection takes it away from net/http and writes the bytes by
// itself. Over HTTP/2, and where there is no connection to take, a break is a stream
// reset or an aborted handler, and the journal says so.

const (
	longestHang    = 5 * time.Minute
	defaultHold    = time.Second
	defaultGarbage = 64
	defaultLie     = 10 // bytes that a Content-Length is wrong by
)

// cut breaks the connection without an answer.
func (x *exchange) cut(w http.ResponseWriter, f *ruleset.Firing) end {
	c := f.What.Connection
	x.reply.Status = 0
	if c.Kind == fault.Hang {
		return x.hang(w, f)
	}
	t := x.take(w, f)
	switch c.Kind {
	case fault.Garbage:
		x.did(f, "connection garbage")
		x.close(journal.Cut, nil)
		t.write(noise(f))
		return t.end()
	case fault.Empty:
		return x.unanswered(t, f, "connection empty").end()
	default:
		return x.unanswered(t, f, "connection reset before the headers").reset()
	}
}

// interim is sent before a cut, so that libraries do not repeat the request unseen:
// to them the answer has begun. They pass it over and report how the connection ended. A single
// byte, or the beginning of a status line, does not keep curl from repeating.
const interim = "HTTP/1.1 100 Continue\r\n\r\n"

// unanswered closes the entry of an exchange that ends without an answer, and
// sends what keeps libraries from repeating the request unseen. HTTP/1.0 has no interim answers.
func (x *exchange) unanswered(t *taken, f *ruleset.Firing, what string) *taken {
	x.closing.Unseen = f.Silences() || t.conn == nil
	if !x.closing.Unseen {
		what += ", an interim answer first"
	}
	x.did(f, what)
	x.close(journal.Cut, nil)
	switch {
	case x.closing.Unseen:
	case x.request.ProtoAtLeast(1, 1):
		t.write([]byte(interim))
	default:
		t.write([]byte("H"))
	}
	return t
}

// noise is bytes that are no HTTP, always the same ones.
func noise(f *ruleset.Firing) []byte {
	n := defaultGarbage
	if b := f.What.Connection.Bytes; b != nil {
		n = *b
	}
	b := f.Bytes(n)
	if len(b) > 0 {
		b[0] |= 0x80 // no letter that a status line begins with
	}
	return b
}

// hang answers nothing, until the client leaves, the rule or the sandbox is
// removed, the server stops, or the longest time is over.
func (x *exchange) hang(w http.ResponseWriter, f *ruleset.Firing) end {
	most := time.Duration(f.What.Connection.For)
	if most == 0 {
		most = longestHang
	}
	if !x.wait(w, f, most) {
		x.did(f, "connection hang")
		return x.leave()
	}
	return x.unanswered(x.take(w, f), f, "connection hang").end()
}

// broken sends part of the answer, or one whose framing lies.
func (x *exchange) broken(w http.ResponseWriter, f *ruleset.Firing) end {
	c, body := f.What.Connection, x.body()
	h := http.Header{}
	x.header(h)
	length := len(body)
	what := "connection " + string(c.Kind)
	t := x.take(w, f)
	rst, graceful, hold := false, false, time.Duration(0)
	switch c.Kind {
	case fault.Reset:
		rst = true
		if c.At == "headers" {
			body, what = nil, what+" after the headers"
		} else {
			body = body[:part(c, length)]
			what = fmt.Sprintf("%s after %d bytes", what, len(body))
		}
	case fault.Truncate:
		body = body[:part(c, length)]
		what = fmt.Sprintf("%s after %d bytes", what, len(body))
	case fault.MalformedChunk:
		if x.call.Method == http.MethodHead {
			break // there is no body to break
		}
		h.Del("Content-Length")
		h.Set("Transfer-Encoding", "chunked")
		first := body[:length/2]
		if len(first) == 0 {
			first = []byte(" ")
		}
		body = fmt.Appendf(nil, "%x\r\n%s\r\nno length\r\n", len(first), first)
	case fault.ContentLength:
		graceful = x.lie(h, c, length)
		what = fmt.Sprintf("%s %s", what, lieOf(c))
	case fault.SlowClose:
		h.Set("Connection", "close")
		graceful, hold = true, time.Duration(c.For)
		if hold == 0 {
			hold = defaultHold
		}
		what += " " + hold.String()
	}
	x.did(f, what)
	x.finish(c.Kind, h)
	t.answer(x.statusLine(), h, body)
	switch {
	case rst:
		return t.reset()
	case graceful:
		t.hold(f, hold)
		return t.close()
	default:
		return t.end()
	}
}

// finish closes the entry before the bytes go out.
func (x *exchange) finish(kind fault.Break, h http.Header) {
	ended := journal.Cut
	if kind == fault.SlowClose {
		ended = journal.Answered
	}
	x.close(ended, h)
}

func lieOf(c *fault.Connection) string {
	if c.Mode == "" {
		return "longer"
	}
	return c.Mode
}

// lie writes a length that is not the body's, or none: then the answer ends
// properly with the connection.
func (x *exchange) lie(h http.Header, c *fault.Connection, length int) (graceful bool) {
	by := cmp.Or(c.By, defaultLie)
	switch lieOf(c) {
	case "shorter":
		h.Set("Content-Length", strconv.Itoa(max(0, length-by)))
	case "missing":
		h.Del("Content-Length")
		h.Set("Connection", "close")
		return true
	default:
		h.Set("Content-Length", strconv.Itoa(length+by))
	}
	return false
}

// statusLine is the first line of the answer.
func (x *exchange) statusLine() string {
	return transport.StatusLine(x.request, x.reply.Status, x.reason(x.reply.Status))
}

// A taken connection is no longer net/http's. Where it could not be taken, what can still be
// said through net/http is, and then the handler aborts.
type taken struct {
	x    *exchange
	w    http.ResponseWriter
	conn *transport.Taken // nil: it could not be taken
}

// take takes the connection over.
func (x *exchange) take(w http.ResponseWriter, f *ruleset.Firing) *taken {
	c, err := transport.Take(http.NewResponseController(w))
	if err != nil {
		x.closing.Note = x.instead(f.What.Connection)
	}
	return &taken{x: x, w: w, conn: c}
}

// instead says what is done where a connection cannot be taken over.
func (x *exchange) instead(c *fault.Connection) string {
	where, what := "the connection cannot be taken over", "the handler was aborted"
	if x.request.ProtoMajor >= 2 {
		where, what = "HTTP/2", "a stream reset"
	}
	if c.Kind == fault.SlowClose || c.Kind == fault.ContentLength && c.Mode == "missing" {
		return fmt.Sprintf("%s: the whole answer in place of %s", where, c.Kind)
	}
	return fmt.Sprintf("%s: %s in place of %s", where, what, c.Kind)
}

// write sends bytes that are no part of an answer.
func (t *taken) write(b []byte) {
	if t.conn != nil {
		t.conn.Write(b)
	}
}

// answer sends an answer, or the beginning of one.
func (t *taken) answer(line string, h http.Header, body []byte) {
	if t.conn != nil {
		var b bytes.Buffer
		b.WriteString(line)
		_ = h.Write(&b) // a buffer takes everything
		b.WriteString("\r\n")
		b.Write(body)
		t.write(b.Bytes())
		return
	}
	maps.Copy(t.w.Header(), h)
	for _, name := range []string{"Transfer-Encoding", "Connection"} {
		t.w.Header().Del(name)
	}
	t.w.WriteHeader(t.x.reply.Status)
	_, _ = t.w.Write(body)
	_ = http.NewResponseController(t.w).Flush()
}

// reset ends the connection with a TCP RST.
func (t *taken) reset() end {
	if t.conn == nil {
		return aborted
	}
	t.conn.Reset(t.x.request.Context())
	return complete
}

// end ends the connection with a FIN, and without what TLS says at the end.
func (t *taken) end() end {
	if t.conn == nil {
		return aborted
	}
	t.conn.End()
	return complete
}

// close ends the connection as HTTP does.
func (t *taken) close() end {
	if t.conn != nil { // else net/http ends the answer
		t.conn.Close()
	}
	return complete
}

// hold waits before the end, unless the client ends first, the rule is removed, or
// the server stops.
func (t *taken) hold(f *ruleset.Firing, d time.Duration) {
	if t.conn != nil {
		t.conn.Hold(d, f.Done(), t.x.request.Context())
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
