package exchange

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"

	"standin/emulator/journal"
	"standin/internal/route"
	"standin/internal/service"
)

// atFirst is how much memory a body is given before any of it has come.
const atFirst = 64 << 10

// readBody reads a body up to the limit of the operation, or else of the service. An error says
// how it broke off: nothing after this sees a request that is not whole.
func readBody(r *http.Request, c *service.Call, b *route.Bound) (err error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	limit := cmp.Or(b.BodyLimit, service.DefaultBodyLimit)
	if c.Row != nil && c.Row.BodyLimit > 0 {
		limit = c.Row.BodyLimit
	}
	c.HasLength = r.ContentLength > 0
	if r.ContentLength > int64(limit) && !b.CutBody && r.Header.Get("Expect") != "" {
		c.BodyTooLarge = true // and the client is not asked to go on
		return nil
	}
	if n := r.ContentLength; n > 0 && n <= min(int64(limit), atFirst) {
		c.Body, err = readExactly(r, int(n))
		return err
	}
	c.Body, err = io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if len(c.Body) > limit {
		c.Body = c.Body[:limit]
		c.BodyTooLarge = !b.CutBody
		_, err = io.CopyN(io.Discard, r.Body, maxDrained)
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil && int64(len(c.Body)) < min(r.ContentLength, int64(limit)):
		return io.ErrUnexpectedEOF
	default:
		return err
	}
}

// readExactly reads a body of a length that is known. With an error it returns what had come.
func readExactly(r *http.Request, n int) ([]byte, error) {
	body := make([]byte, n)
	got, err := io.ReadFull(r.Body, body)
	switch {
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	case err == nil && r.ProtoMajor >= 2: // a stream may yet be reset in place of its end
		if _, err = r.Body.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return body[:got], err
}

// brokeOff answers a request whose body broke off: nothing is carried out, no rule counts it,
// and a client that still reads is told.
func (x *exchange) brokeOff(err error) end {
	r := x.in.request
	what := fmt.Sprintf("the body broke off after %d bytes", len(x.call.Body))
	if n := r.ContentLength; n > 0 {
		what = fmt.Sprintf("the body broke off after %d of %d bytes", len(x.call.Body), n)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		what += ": " + err.Error()
	}
	identify(&x.call, &x.target, x.sandbox)
	x.entry.closing.Note = what + "; nothing was carried out"
	x.refused = &refusal{service.Errorf(service.Invalid, "", "The request is not complete: %s.", what), x.target}
	x.answer()
	reply := &x.outcome.reply
	if op := x.target.operation; op != nil && op.Response(reply.Status) != nil { // few say what they answer to what is not a request
		x.hold(&x.target)
	}
	if r.ProtoMajor == 1 {
		reply.Set("Connection", "close")
	}
	x.entry.ended = journal.Aborted
	return x.send()
}

// maxDrained is how much of a body that is too large is still read, so that
// a client that is busy sending gets to see the answer.
const maxDrained = 64 << 20
