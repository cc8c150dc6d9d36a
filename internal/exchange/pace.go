package exchange

import (
	"fmt"
	"net/http"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/ruleset"
)

// deliver sends an answer that was not lost on the way: at once, slowly, or broken.
func (x *exchange) deliver(w http.ResponseWriter, fired []*ruleset.Firing) end {
	for _, f := range fired {
		switch c := f.What.Connection; {
		case c != nil && c.Kind == fault.Truncate && c.Mode == "silent":
			x.reply.Body = x.reply.Body[:part(c, len(x.reply.Body))]
			x.did(f, fmt.Sprintf("truncate after %d bytes, silent", len(x.reply.Body)))
		case c != nil:
			return x.broken(w, f)
		case f.What.Dribble != nil || f.What.Bandwidth > 0:
			return x.pace(w, f)
		}
	}
	return x.send(w)
}

// part is how much of a body a break lets through.
func part(c *fault.Connection, length int) int {
	if c.Bytes == nil {
		return length / 2
	}
	return min(*c.Bytes, length)
}

// slice is how often a second bytes are sent where they are to come at a rate.
const slice = 100 * time.Millisecond

// pace sends the body slowly. Where the rule is removed the rest goes out at once.
func (x *exchange) pace(w http.ResponseWriter, f *ruleset.Firing) end {
	x.header(w.Header())
	body := x.body()
	chunks, every := x.chunks(f, len(body))
	x.close(journal.Answered, w.Header())
	x.beginAnswer(w)
	rc := http.NewResponseController(w)
	_ = rc.Flush()
	_ = rc.SetReadDeadline(time.Time{}) // it would end the request's context
	length := len(body)
	for i := 1; len(body) > 0; i++ {
		n := len(body) - (length - length*i/chunks) // so that all chunks are about the same
		if f.Done().Err() != nil || i >= chunks {
			n = len(body)
		}
		err := x.write(w, body[:n])
		if err == nil {
			err = x.flushBody(w)
		}
		if body = body[n:]; err != nil || len(body) > 0 && !x.wait(w, f, every) {
			x.amend(journal.Aborted)
			return aborted
		}
	}
	return complete
}

// chunks is in how many parts a body comes, and the time between them.
func (x *exchange) chunks(f *ruleset.Firing, length int) (chunks int, every time.Duration) {
	if d := f.What.Dribble; d != nil {
		chunks = max(1, min(d.Chunks, length))
		x.did(f, fmt.Sprintf("dribble %d chunks", chunks))
		return chunks, time.Duration(d.Over) / time.Duration(max(1, chunks-1))
	}
	rate := f.What.Bandwidth
	x.did(f, fmt.Sprintf("bandwidth %d", rate))
	step := max(1, rate*int(slice)/int(time.Second))
	return max(1, (length+step-1)/step), time.Duration(step) * time.Second / time.Duration(rate)
}
