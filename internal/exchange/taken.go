package exchange

import (
	"bytes"
	"maps"
	"net/http"
	"time"

	"standin/internal/ruleset"
	"standin/internal/transport"
)

// A taken connection is no longer net/http's. Where it could not be taken, what can still be
// said through net/http is, and then the handler aborts.
type taken struct {
	w       http.ResponseWriter
	request *http.Request
	conn    *transport.Taken // nil: it could not be taken
}

// write sends bytes that are no part of an answer.
func (t *taken) write(b []byte) {
	if t.conn != nil {
		t.conn.Write(b)
	}
}

// answer sends an answer, or the beginning of one.
func (t *taken) answer(status int, line string, h http.Header, body []byte) {
	if t.conn != nil {
		var b bytes.Buffer
		b.WriteString(line)
		_ = h.Write(&b) // a buffer takes everything
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

// reset ends the connection with a TCP RST.
func (t *taken) reset() end {
	if t.conn == nil {
		return aborted
	}
	t.conn.Reset(t.request.Context())
	return complete
}

// end ends the connection with a FIN, and without what TLS says at the end.
func (t *taken) end() end {
	if t.conn == nil {
		return aborted
	}
	t.conn.End()
	return complete
}

// close ends the connection as HTTP does.
func (t *taken) close() end {
	if t.conn != nil { // else net/http ends the answer
		t.conn.Close()
	}
	return complete
}

// hold waits before the end, unless the client ends first, the rule is removed, or
// the server stops.
func (t *taken) hold(f *ruleset.Firing, d time.Duration) {
	if t.conn != nil {
		t.conn.Hold(d, f.Done(), t.request.Context())
	}
}
