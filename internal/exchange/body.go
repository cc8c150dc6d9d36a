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

// atFirst is the max size in bytes of a buffer that is allocated before any of the body has
// arrived.
const atFirst = 64 << 10

// readBody reads the request body up to the limit of the operation, or of the service if the
// operation has none. It returns an error if the body is incomplete. A request with an incomplete
// body is never handled.
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
		c.BodyTooLarge = true // no 100 Continue is sent
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

// readExactly reads a body of n bytes. With an error it also returns the bytes that had arrived.
func readExactly(r *http.Request, n int) ([]byte, error) {
	body := make([]byte, n)
	got, err := io.ReadFull(r.Body, body)
	switch {
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	case err == nil && r.ProtoMajor >= 2: // a stream may still be reset before its end
		if _, err = r.Body.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	return body[:got], err
}

// brokeOff responds to a request whose body is incomplete. No handler runs and no rule counts the
// request. A client that still reads gets an error.
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
	if op := x.target.operation; op != nil && op.Response(reply.Status) != nil { // few operations document the response to an incomplete request
		x.hold(&x.target)
	}
	if r.ProtoMajor == 1 {
		reply.Set("Connection", "close")
	}
	x.entry.ended = journal.Aborted
	return x.send()
}

// maxDrained is the max number of bytes that are read and dropped from a body that is too large.
// It lets a client that is still sending receive the response.
const maxDrained = 64 << 20
