package exchange

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/ruleset"
	"standin/internal/transport"
)

// Functions that break a connection take it over from net/http and write the bytes themselves.
// Over HTTP/2, and where the connection cannot be taken over, they reset the stream or abort the
// handler. The journal then has a note of that.

const (
	longestHang    = 5 * time.Minute
	defaultHold    = time.Second
	defaultGarbage = 64
	defaultLie     = 10 // bytes by which a Content-Length is wrong
)

// breaks maps each kind of fault.Breaks to the function that performs it.
var breaks = map[fault.Break]func(*breaking) end{
	fault.Reset:          (*breaking).reset,
	fault.Empty:          (*breaking).empty,
	fault.Garbage:        (*breaking).garbage,
	fault.MalformedChunk: (*breaking).malformedChunk,
	fault.Truncate:       (*breaking).truncate,
	fault.ContentLength:  (*breaking).contentLength,
	fault.Hang:           (*breaking).hang,
	fault.SlowClose:      (*breaking).slowClose,
}

// A breaking is the state of a break: the exchange, the rule that fired and its connection
// action.
type breaking struct {
	x    *exchange
	rule *ruleset.Firing
	how  *fault.Connection
}

// broken breaks the connection as the rule describes.
func (x *exchange) broken(f *ruleset.Firing) end {
	x.met.Wire = x.cut(f)
	return breaks[f.What.Connection.Kind](&breaking{x, f, f.What.Connection})
}

// reset sends a TCP RST: before the headers, after them, or after a part of the body.
func (b *breaking) reset() end {
	if !b.how.NeedsAnswer() {
		return b.unanswered(b.take(), "reset before the headers").reset()
	}
	h, body := b.answer()
	if b.how.At == "headers" {
		return b.send("reset after the headers", h, nil).reset()
	}
	body = body[:part(b.how, len(body))]
	return b.send(fmt.Sprintf("reset after %d bytes", len(body)), h, body).reset()
}

// empty closes the connection without a response.
func (b *breaking) empty() end { return b.unanswered(b.take(), "empty").end() }

// garbage sends bytes that are not HTTP. The same seed gives the same bytes.
func (b *breaking) garbage() end {
	n := defaultGarbage
	if b.how.Bytes != nil {
		n = *b.how.Bytes
	}
	bytes := b.rule.Bytes(n)
	if len(bytes) > 0 {
		bytes[0] |= 0x80 // so that it does not look like a status line
	}
	t := b.take()
	b.x.outcome.reply.Status = 0
	b.x.entry.did(b.rule, "connection garbage")
	b.x.close(journal.Cut, nil)
	t.write(bytes)
	return t.end()
}

// malformedChunk sends the response in chunks, the second of which has no length.
func (b *breaking) malformedChunk() end {
	h, body := b.answer()
	if b.x.call.Method != http.MethodHead { // the response to a HEAD has no body to break
		h.Del("Content-Length")
		h.Set("Transfer-Encoding", "chunked")
		first := body[:len(body)/2]
		if len(first) == 0 {
			first = []byte(" ")
		}
		body = fmt.Appendf(nil, "%x\r\n%s\r\nno length\r\n", len(first), first)
	}
	return b.send("malformed_chunk", h, body).end()
}

// truncate sends a part of the body with the Content-Length of the whole.
func (b *breaking) truncate() end {
	h, body := b.answer()
	body = body[:part(b.how, len(body))]
	return b.send(fmt.Sprintf("truncate after %d bytes", len(body)), h, body).end()
}

// contentLength sends a Content-Length that is not the body's. With mode missing it sends none,
// and the end of the connection is the end of the body.
func (b *breaking) contentLength() end {
	h, body := b.answer()
	mode, by := cmp.Or(b.how.Mode, "longer"), cmp.Or(b.how.By, defaultLie)
	switch mode {
	case "shorter":
		h.Set("Content-Length", strconv.Itoa(max(0, len(body)-by)))
	case "missing":
		h.Del("Content-Length")
		h.Set("Connection", "close")
		return b.send("content_length "+mode, h, body).close()
	default:
		h.Set("Content-Length", strconv.Itoa(len(body)+by))
	}
	return b.send("content_length "+mode, h, body).end()
}

// hang sends no response. It ends when the client leaves, the rule or the sandbox is removed, the
// server stops, or the time is over.
func (b *breaking) hang() end {
	b.x.outcome.reply.Status = 0
	if !b.x.wait(b.rule, cmp.Or(time.Duration(b.how.For), longestHang)) {
		b.x.entry.did(b.rule, "connection hang")
		return b.x.leave()
	}
	return b.unanswered(b.take(), "hang").end()
}

// slowClose sends the whole response and closes the connection later.
func (b *breaking) slowClose() end {
	hold := cmp.Or(time.Duration(b.how.For), defaultHold)
	h, body := b.answer()
	h.Set("Connection", "close")
	b.x.entry.ended = journal.Answered
	t := b.send("slow_close "+hold.String(), h, body)
	t.hold(b.rule, hold)
	return t.close()
}

// answer returns the headers and body of the response as it would be sent without the break.
func (b *breaking) answer() (http.Header, []byte) {
	h, reply := http.Header{}, &b.x.outcome.reply
	setHeader(h, reply, b.x.date())
	return h, bodyOf(b.x.call.Method, reply)
}

// send closes the journal's entry and then sends the response, or the given beginning of it.
func (b *breaking) send(what string, h http.Header, body []byte) *taken {
	t := b.take()
	b.x.entry.did(b.rule, "connection "+what)
	b.x.close(cmp.Or(b.x.entry.ended, journal.Cut), h)
	status := b.x.outcome.reply.Status
	line := transport.StatusLine(b.x.in.request, status, b.x.target.reason(status))
	t.answer(status, line, h, body)
	return t
}

// interim is sent before a connection is cut. Without it, HTTP libraries silently repeat the
// request. With it, they treat the response as started and report the failure instead of
// retrying. A single byte, or the beginning of a status line, does not keep curl from retrying.
const interim = "HTTP/1.1 100 Continue\r\n\r\n"

// unanswered closes the entry of an exchange that ends without a response. It then sends the
// interim response, unless the rule forbids that. HTTP/1.0 has no interim responses, so one byte
// is sent instead. A proxy that gives a slot would pass on the interim response and wait; without
// it, it answers 502.
func (b *breaking) unanswered(t *taken, what string) *taken {
	what = "connection " + what
	b.x.outcome.reply.Status = 0
	b.x.entry.closing.Unseen = b.rule.Silences() || t.conn == nil
	interrupts := !b.x.entry.closing.Unseen && b.x.call.Slot == ""
	if interrupts {
		what += ", an interim answer first"
	}
	b.x.entry.did(b.rule, what)
	b.x.close(journal.Cut, nil)
	switch {
	case !interrupts:
	case b.x.in.request.ProtoAtLeast(1, 1):
		t.write([]byte(interim))
	default:
		t.write([]byte("H"))
	}
	return t
}

// part returns how many bytes of a body are sent: c.Bytes, default half of the body.
func part(c *fault.Connection, length int) int {
	if c.Bytes == nil {
		return length / 2
	}
	return min(*c.Bytes, length)
}

// take takes the connection over from net/http. If that fails, it writes a note into the
// journal's entry.
func (b *breaking) take() *taken {
	s := &b.x.sender
	c, err := transport.Take(http.NewResponseController(s.w))
	if err != nil {
		b.x.entry.closing.Note = b.instead()
	}
	return &taken{s.w, s.request, c, &b.x.entry}
}

// instead returns the note that says what was done because the connection could not be taken
// over.
func (b *breaking) instead() string {
	where, what := "the connection cannot be taken over", "the handler was aborted"
	if b.x.in.request.ProtoMajor >= 2 {
		where, what = "HTTP/2", "a stream reset"
	}
	if c := b.how; c.Kind == fault.SlowClose || c.Kind == fault.ContentLength && c.Mode == "missing" {
		what = "the whole answer"
	}
	return fmt.Sprintf("%s: %s in place of %s", where, what, b.how.Kind)
}
