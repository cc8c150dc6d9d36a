package exchange

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"

	"standin/emulator/journal"
	"standin/internal/service"
)

// atFirst is how much memory a body is given before any of it has come.
const atFirst = 64 << 10

// readBody reads up to the service's limit. An error says how the body broke off:
// nothing after this sees a request that is not whole.
func (x *exchange) readBody() error {
	r, c := x.request, &x.call
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	limit := cmp.Or(x.service.BodyLimits[x.operationID()], x.service.BodyLimit, service.DefaultBodyLimit)
	c.HasLength = r.ContentLength > 0
	if r.ContentLength > int64(limit) && !x.service.CutBody && r.Header.Get("Expect") != "" {
		c.BodyTooLarge = true // and the client is not asked to go on
		return nil
	}
	var err error
	if n := r.ContentLength; n > 0 && n <= min(int64(limit), atFirst) {
		c.Body = make([]byte, n)
		got, err := io.ReadFull(r.Body, c.Body)
		c.Body = c.Body[:got]
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err == nil && r.ProtoMajor >= 2 { // a stream may yet be reset in place of its end
			_, err = r.Body.Read(make([]byte, 1))
			if errors.Is(err, io.EOF) {
				err = nil
			}
		}
		return err
	}
	c.Body, err = io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if len(c.Body) > limit {
		c.Body = c.Body[:limit]
		c.BodyTooLarge = !x.service.CutBody
		_, err = io.CopyN(io.Discard, r.Body, mostDrained)
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

// brokeOff answers a request whose body broke off: nothing is carried out, no rule counts it,
// and a client that still reads is told.
func (x *exchange) brokeOff(w http.ResponseWriter, err error) end {
	what := fmt.Sprintf("the body broke off after %d bytes", len(x.call.Body))
	if n := x.request.ContentLength; n > 0 {
		what = fmt.Sprintf("the body broke off after %d of %d bytes", len(x.call.Body), n)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		what += ": " + err.Error()
	}
	x.identify()
	x.closing.Note = what + "; nothing was carried out"
	x.refused = &refusal{service.Errorf(service.Invalid, "", "The request is not complete: %s.", what), x.service, x.matched}
	x.reply = x.answer()
	if x.matched != nil && x.matched.Response(x.reply.Status) != nil { // few say what they answer to what is not a request
		x.hold(&x.reply)
	}
	if x.request.ProtoMajor == 1 {
		x.reply.Set("Connection", "close")
	}
	x.ended = journal.Aborted
	return x.send(w)
}

// mostDrained is how much of a body that is too large is still read, so that
// a client that is busy sending gets to see the answer.
const mostDrained = 64 << 20
