package exchange

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"standin/internal/contract"
	"standin/internal/service"
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

// A sender writes an answer.
type sender struct {
	w        http.ResponseWriter
	request  *http.Request
	conn     *transport.Conn
	patience time.Duration // with a client that does not read a piece of it
}

// begin sends the status line and the headers.
func (s *sender) begin(status int, reason string) {
	if reason != contract.Reason(status) {
		s.conn.Phrase(s.request, status, reason)
	}
	s.w.WriteHeader(status)
}

// whole sends a body that is the end of the answer.
func (s *sender) whole(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if err := s.write(body); err != nil || s.request.ProtoMajor < 2 {
		return err
	}
	return s.flush()
}

// write writes a part of the body. A connection of HTTP/1 bounds by itself how long the
// client may take to read it; a stream of HTTP/2 is given a time for each piece.
func (s *sender) write(b []byte) error {
	if s.request.ProtoMajor < 2 {
		_, err := s.w.Write(b)
		return err
	}
	for len(b) > 0 {
		piece := b[:min(len(b), transport.WriteStep)]
		if err := s.timed(func() error { _, err := s.w.Write(piece); return err }); err != nil {
			return err
		}
		b = b[len(piece):]
	}
	return nil
}

// flush sends what was written.
func (s *sender) flush() error {
	rc := http.NewResponseController(s.w)
	if s.request.ProtoMajor < 2 {
		return rc.Flush()
	}
	return s.timed(rc.Flush)
}

// timed does something on a stream of HTTP/2 that must not take longer than the patience.
// Afterwards there is no deadline: the next piece may come much later.
func (s *sender) timed(do func() error) error {
	rc := http.NewResponseController(s.w)
	_ = rc.SetWriteDeadline(time.Now().Add(s.patience)) // what cannot has none
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	return do()
}

// slowly lets the answer take as long as it wants: the deadline is for requests, and ends their
// context.
func (s *sender) slowly() {
	rc := http.NewResponseController(s.w)
	_ = rc.SetReadDeadline(time.Time{})
	_ = rc.Flush()
}

// stream lets a reply write its body itself. It reports whether an error is the client's doing.
func (s *sender) stream(reply *service.Reply) (err error, left bool) {
	s.slowly()
	err = reply.Stream(func(b []byte) error {
		err := s.write(b)
		if err == nil {
			err = s.flush()
		}
		left = left || err != nil
		return err
	})
	return err, left
}

// setHeader puts the headers of an answer into those that are sent. Without a date there is
// no header Date.
func setHeader(h http.Header, reply *service.Reply, date *time.Time) {
	values := make([]string, 0, len(reply.Header)+3) // one piece of memory for all of them
	one := func(value string) []string {
		n := len(values)
		values = append(values, value)
		return values[n : n+1 : n+1]
	}
	for _, f := range reply.Header {
		if old := h[f.Name]; old != nil {
			h[f.Name] = append(old, f.Value)
			continue
		}
		h[f.Name] = one(f.Value)
	}
	switch added := h["Content-Type"]; {
	case reply.ContentType != "":
		h["Content-Type"] = append(one(reply.ContentType), added...)
	case added == nil:
		h["Content-Type"] = nil // net/http must not guess one
	}
	if date == nil {
		h["Date"] = nil // nor write one
	} else if h["Date"] == nil {
		h["Date"] = one(dateText(*date))
	}
	if !bodyless(reply.Status) && reply.Stream == nil {
		h["Content-Length"] = one(strconv.Itoa(len(reply.Body)))
	}
}

// A dated is a second, and what the header Date says then.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated] // most answers have the date of the one before

// dateText is what the header Date says at a time in UTC.
func dateText(t time.Time) string {
	if d := lastDate.Load(); d != nil && d.second == t.Unix() {
		return d.text
	}
	d := &dated{t.Unix(), t.Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}

// bodyless statuses have no body, and no length of one.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// bodyOf is what follows the headers of an answer.
func bodyOf(method string, reply *service.Reply) []byte {
	if method == http.MethodHead || bodyless(reply.Status) {
		return nil
	}
	return reply.Body
}
