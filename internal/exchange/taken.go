package exchange

import (
	"bytes"
	"maps"
	"net/http"
	"time"

	"standin/internal/ruleset"
	"standin/internal/transport"
)

// A taken is a connection that was taken over from net/http. If that was not possible, its
// methods do what net/http still allows and then abort the handler.
type taken struct {
	w       http.ResponseWriter
	request *http.Request
	conn    *transport.Taken // nil: it could not be taken over
	entry   *entry
}

// write sends bytes outside of a response.
func (t *taken) write(b []byte) {
	if t.conn != nil {
		t.conn.Write(b)
	}
}

// answer sends a response, or the beginning of one.
func (t *taken) answer(status int, line string, h http.Header, body []byte) {
	if t.conn != nil {
		var b bytes.Buffer
		b.WriteString(line)
		_ = h.Write(&b) // a bytes.Buffer returns no error
		b.WriteString("\r\n")
		b.Write(body)
		t.write(b.Bytes())
		return
	}
	maps.Copy(t.w.Header(), h)
	for _, name := range []string{"Transfer-Encoding", "Connection"} {
		t.w.Header().Del(name)
	}
	t.w.WriteHeader(status)
	_, _ = t.w.Write(body)
	_ = http.NewResponseController(t.w).Flush()
}

// reset ends the connection with a TCP RST. A client knows of it only after it has the bytes that
// were written, so the entry ends then.
func (t *taken) reset() end {
	if t.conn == nil {
		return aborted
	}
	t.conn.Flush(t.request.Context())
	t.entry.sent()
	t.conn.Reset()
	return complete
}

// end ends the connection with a FIN, without the closing message of TLS.
func (t *taken) end() end {
	if t.conn == nil {
		return aborted
	}
	t.conn.End()
	return complete
}

// close ends the connection as HTTP does, with the closing message of TLS.
func (t *taken) close() end {
	if t.conn != nil { // otherwise net/http ends the response
		t.conn.Close()
	}
	return complete
}

// hold waits before the connection is closed. It returns early if the client closes it, the rule
// is removed, or the server stops.
func (t *taken) hold(f *ruleset.Firing, d time.Duration) {
	if t.conn != nil {
		t.conn.Hold(d, f.Done(), t.request.Context())
	}
}
