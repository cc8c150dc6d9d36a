package exchange

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/transport"
)

// An end is how an exchange ends on the wire.
type end int

const (
	complete end = iota // net/http ends the answer, or the connection was taken over and has ended
	aborted             // nothing must follow what was sent, if anything was
)

// finish has net/http do what the end wants.
func (e end) finish() {
	if e == aborted {
		panic(http.ErrAbortHandler)
	}
}

// send writes the answer. The journal closes first: a client that has the answer finds
// the entry complete.
func (x *exchange) send(w http.ResponseWriter) end {
	x.header(w.Header())
	x.close(cmp.Or(x.ended, journal.Answered), w.Header())
	x.beginAnswer(w)
	if x.reply.Stream != nil {
		return x.stream(w)
	}
	if body := x.body(); len(body) > 0 {
		err := x.write(w, body)
		if err == nil && x.request.ProtoMajor >= 2 {
			err = x.flushBody(w)
		}
		if err != nil {
			x.amend(journal.Aborted)
		}
	}
	return complete
}

// write writes a part of the body. A connection of HTTP/1 bounds by itself how long the
// client may take to read it; a stream of HTTP/2 is given a time for each piece.
func (x *exchange) write(w http.ResponseWriter, b []byte) error {
	if x.request.ProtoMajor < 2 {
		_, err := w.Write(b)
		return err
	}
	for len(b) > 0 {
		piece := b[:min(len(b), transport.WriteStep)]
		if err := x.timed(w, func() error { _, err := w.Write(piece); return err }); err != nil {
			return err
		}
		b = b[len(piece):]
	}
	return nil
}

// flushBody sends what was written.
func (x *exchange) flushBody(w http.ResponseWriter) error {
	rc := http.NewResponseController(w)
	if x.request.ProtoMajor < 2 {
		return rc.Flush()
	}
	return x.timed(w, rc.Flush)
}

// timed does something on a stream of HTTP/2 that must not take longer than the patience.
// Afterwards there is no deadline: the next piece may come much later.
func (x *exchange) timed(w http.ResponseWriter, do func() error) error {
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(x.path.Patience)) // what cannot has none
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	return do()
}

// header fills in the headers of the answer. Its date is the sandbox's.
func (x *exchange) header(h http.Header) {
	reply := &x.reply
	values := make([]string, 0, len(reply.Header)) // one piece of memory for all of them
	for _, f := range reply.Header {
		if old := h[f.Name]; old != nil {
			h[f.Name] = append(old, f.Value)
			continue
		}
		n := len(values)
		values = append(values, f.Value)
		h[f.Name] = values[n : n+1 : n+1]
	}
	switch added := h["Content-Type"]; {
	case reply.ContentType != "":
		h["Content-Type"] = append([]string{reply.ContentType}, added...)
	case added == nil:
		h["Content-Type"] = nil // net/http must not guess one
	}
	if x.undated {
		h["Date"] = nil // nor write one
	} else if h["Date"] == nil {
		h["Date"] = []string{x.call.Now.Format(http.TimeFormat)}
	}
	if !bodyless(reply.Status) && reply.Stream == nil {
		h["Content-Length"] = []string{strconv.Itoa(len(reply.Body))}
	}
}

// bodyless statuses have no body, and no length of one.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// body is what follows the headers.
func (x *exchange) body() []byte {
	if x.call.Method == http.MethodHead || bodyless(x.reply.Status) {
		return nil
	}
	return x.reply.Body
}

// beginAnswer sends the status line and the headers.
func (x *exchange) beginAnswer(w http.ResponseWriter) {
	status := x.reply.Status
	if reason := x.reason(status); reason != contract.Reason(status) {
		x.conn.Phrase(x.request, status, reason)
	}
	w.WriteHeader(status)
}

// stream lets the reply write its body itself, however long it takes.
func (x *exchange) stream(w http.ResponseWriter) end {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // it is for requests, and ends their context
	_ = rc.Flush()
	left := error(nil)
	err := x.reply.Stream(func(b []byte) error {
		left = x.write(w, b)
		if left == nil {
			left = x.flushBody(w)
		}
		return left
	})
	if err == nil {
		return complete
	}
	if left == nil { // it is not the client's doing
		x.path.Log.Error(err.Error(), "operation", x.operationID())
	}
	return aborted
}

// reason is the phrase that the contract has for a status.
func (x *exchange) reason(status int) string {
	if r := x.contract().Response(status); r != nil {
		return r.Reason
	}
	return contract.Reason(status)
}
