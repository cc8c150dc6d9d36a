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

// An end says how an exchange ends on the wire.
type end int

const (
	complete end = iota // net/http ends the response, or the connection was taken over and is closed
	aborted             // nothing may follow the bytes that were sent
)

// finish panics with http.ErrAbortHandler if the end is aborted, which makes net/http close the
// connection or reset the stream.
func (e end) finish() {
	if e == aborted {
		panic(http.ErrAbortHandler)
	}
}

// A sender writes a response.
type sender struct {
	w        http.ResponseWriter
	request  *http.Request
	conn     *transport.Conn
	patience time.Duration // max time for the client to read a piece
}

// begin sends the status line and the headers.
func (s *sender) begin(status int, reason string) {
	if reason != contract.Reason(status) {
		s.conn.Phrase(s.request, status, reason)
	}
	s.w.WriteHeader(status)
}

// whole sends a complete body.
func (s *sender) whole(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if err := s.write(body); err != nil || s.request.ProtoMajor < 2 {
		return err
	}
	return s.flush()
}

// write writes a part of the body. Connections of HTTP/1 have their own time limit for a client
// that does not read. On HTTP/2 each piece gets a write deadline.
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

// flush sends the bytes that were written.
func (s *sender) flush() error {
	rc := http.NewResponseController(s.w)
	if s.request.ProtoMajor < 2 {
		return rc.Flush()
	}
	return s.timed(rc.Flush)
}

// timed runs do with a write deadline on an HTTP/2 stream. It then removes the deadline, because
// the next piece may come much later.
func (s *sender) timed(do func() error) error {
	rc := http.NewResponseController(s.w)
	_ = rc.SetWriteDeadline(time.Now().Add(s.patience)) // fails if the writer has no deadlines
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }()
	return do()
}

// slowly removes the read deadline, which is for requests and would cancel the context of a slow
// response.
func (s *sender) slowly() {
	rc := http.NewResponseController(s.w)
	_ = rc.SetReadDeadline(time.Time{})
	_ = rc.Flush()
}

// stream lets a reply write its own body. left reports whether the error came from the client.
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

// setHeader copies the headers of a reply to h. A nil date means no Date header.
func setHeader(h http.Header, reply *service.Reply, date *time.Time) {
	values := make([]string, 0, len(reply.Header)+3) // a single allocation for all values
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
		h["Content-Type"] = nil // keeps net/http from guessing one
	}
	if date == nil {
		h["Date"] = nil // keeps net/http from adding one
	} else if h["Date"] == nil {
		h["Date"] = one(dateText(*date))
	}
	if !bodyless(reply.Status) && reply.Stream == nil {
		h["Content-Length"] = one(strconv.Itoa(len(reply.Body)))
	}
}

// A dated is a second and its text for the Date header.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated] // most responses are sent in the same second as the one before

// dateText returns the text of a Date header for a time in UTC.
func dateText(t time.Time) string {
	if d := lastDate.Load(); d != nil && d.second == t.Unix() {
		return d.text
	}
	d := &dated{t.Unix(), t.Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}

// bodyless reports whether a response of that status has neither a body nor a Content-Length.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// bodyOf returns the body that is sent for a reply to that method.
func bodyOf(method string, reply *service.Reply) []byte {
	if method == http.MethodHead || bodyless(reply.Status) {
		return nil
	}
	return reply.Body
}
