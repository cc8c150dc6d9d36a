package exchange

import (
	"fmt"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/coverage"
	"standin/internal/ruleset"
)

// deliver sends the response: at once, slowly, or over a connection that breaks.
func (x *exchange) deliver(fired []*ruleset.Firing) end {
	reply := &x.outcome.reply
	for _, f := range fired {
		switch c := f.What.Connection; {
		case c != nil && c.Kind == fault.Truncate && c.Mode == "silent":
			whole := len(reply.Body)
			reply.Body = reply.Body[:part(c, whole)]
			x.changed(len(reply.Body) < whole)
			x.entry.did(f, fmt.Sprintf("truncate after %d bytes, silent", len(reply.Body)))
		case c != nil:
			return x.broken(f)
		case f.What.Dribble != nil || f.What.Bandwidth > 0:
			return x.pace(f)
		}
	}
	return x.send()
}

// slice is the time between two writes when bytes are sent at a limited rate.
const slice = 100 * time.Millisecond

// pace sends the body slowly. If the rule is removed, the rest is sent at once.
func (x *exchange) pace(f *ruleset.Firing) end {
	s, h, reply := &x.sender, x.sender.w.Header(), &x.outcome.reply
	setHeader(h, reply, x.date())
	body := bodyOf(x.call.Method, reply)
	chunks, every, what := chunksOf(&f.What, len(body))
	x.entry.did(f, what)
	x.met.Wire = coverage.Slow
	x.close(journal.Answered, h)
	s.begin(reply.Status, x.target.reason(reply.Status))
	s.slowly()
	length := len(body)
	for i := 1; len(body) > 0; i++ {
		n := len(body) - (length - length*i/chunks) // so that all chunks have about the same size
		if f.Done().Err() != nil || i >= chunks {
			n = len(body)
		}
		err := s.write(body[:n])
		if err == nil {
			err = s.flush()
		}
		if body = body[n:]; err != nil || len(body) > 0 && !x.wait(f, every) {
			x.entry.abort()
			return aborted
		}
	}
	x.entry.sent()
	return complete
}

// chunksOf returns the number of parts of a body, the time between them, and the text for the
// journal.
func chunksOf(w *fault.What, length int) (chunks int, every time.Duration, what string) {
	if d := w.Dribble; d != nil {
		chunks = max(1, min(d.Chunks, length))
		return chunks, time.Duration(d.Over) / time.Duration(max(1, chunks-1)), fmt.Sprintf("dribble %d chunks", chunks)
	}
	rate := w.Bandwidth
	step := max(1, rate*int(slice)/int(time.Second))
	return max(1, (length+step-1)/step), time.Duration(step) * time.Second / time.Duration(rate), fmt.Sprintf("bandwidth %d", rate)
}
