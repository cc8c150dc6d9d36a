package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"iter"
	"maps"
	"net"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"standin/emulator/value"
)

// An Entry is one exchange. Secrets in it are redacted.
type Entry struct {
	Sequence  uint64  `json:"sequence"`
	Sandbox   string  `json:"sandbox"`
	Operation string  `json:"operation,omitempty"` // empty outside every operation
	Caller    string  `json:"caller,omitempty"`    // empty if nobody known
	Request   Request `json:"request"`
	Reply     *Reply  `json:"reply,omitempty"` // nil while there is none, or if nothing was sent
	// Time is when it began on the sandbox's clock, Began on the real one, and
	// Took how long it lasted there.
	Time       time.Time      `json:"time,omitzero"`
	Frozen     bool           `json:"frozen,omitempty"` // the sandbox's clock stands still
	Began      time.Time      `json:"began,omitzero"`
	Took       time.Duration  `json:"took_ns,omitempty"`
	Ended      Ended          `json:"ended"`
	Faults     []Fault        `json:"faults,omitempty"`
	Near       []string       `json:"near,omitempty"` // paths, or rules, that nearly fitted
	Attempt    int            `json:"attempt"`        // of the same request, while it failed before
	Retried    bool           `json:"transport_retry,omitempty"`
	Violation  string         `json:"violation,omitempty"` // how the answer breaks its contract
	Note       string         `json:"note,omitempty"`
	Connection *ConnectionRef `json:"connection,omitempty"`
}

// A ConnectionRef says which connection carried an exchange.
type ConnectionRef struct {
	ID       uint64 `json:"id"`
	Reused   bool   `json:"reused"`
	Protocol string `json:"protocol"`
}

// A Request is what came in.
type Request struct {
	Method  string              `json:"method"`
	Path    string              `json:"path"`
	Query   string              `json:"query,omitempty"`
	Headers map[string][]string `json:"headers"`
	Body
}

// A Reply is what went out, or would have.
type Reply struct {
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers"`
	Body
}

// A Body is the text of a message, or its beginning. Bytes that are no text stand
// in Base64.
type Body struct {
	Text   string `json:"body,omitempty"`
	Base64 string `json:"body_base64,omitempty"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256,omitempty"` // its beginning, of a body that is not kept whole
}

// headers walks through the header lines that stand in the buffer.
func (r *record) headers(from, length int) iter.Seq2[string, string] {
	return func(yield func(name, v string) bool) {
		for line := range bytes.Lines(r.buf[from : from+length]) {
			name, v, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte{0})
			if !yield(string(name), string(v)) {
				return
			}
		}
	}
}

func (r *record) headerMap(from, length int) map[string][]string {
	all := map[string][]string{}
	for name, v := range r.headers(from, length) {
		if Secret(name) {
			v = redacted
		}
		all[name] = append(all[name], v)
	}
	return all
}

// entry makes an Entry of the record. The journal's lock is held.
func (r *record) entry(sequence uint64, sandbox string) Entry {
	body := r.request.head
	e := Entry{
		Sequence: sequence, Sandbox: sandbox, Operation: r.Operation, Caller: r.closing.Caller,
		Request: Request{
			Method: r.Method, Path: r.Path, Query: redactQuery(r.Query),
			Headers: r.headerMap(0, r.request.head),
			Body:    newBody(r.buf[body:body+r.request.body], r.cut),
		},
		Time: r.Now, Frozen: r.Frozen, Began: r.Began, Ended: r.ended,
		Faults: slices.Clone(r.closing.Faults), Near: slices.Clone(r.closing.Near), Attempt: r.attempt, Retried: r.retried,
		Violation: r.closing.Violation, Note: r.closing.Note,
		Connection: &ConnectionRef{ID: r.Conn, Reused: r.Reused, Protocol: r.Proto},
	}
	if r.Secret {
		e.Request.hide()
	}
	if r.Host != "" {
		e.Request.Headers["Host"] = []string{r.Host}
	}
	if r.event > 0 {
		e.Took = r.finished.Sub(r.Began)
	}
	if r.closing.Status != 0 {
		at := body + r.request.body
		e.Reply = &Reply{
			Status: r.closing.Status, Headers: r.headerMap(at, r.reply.head),
			Body: newBody(r.buf[at+r.reply.head:at+r.reply.head+r.reply.body], r.replyCut),
		}
	}
	if r.Secret && e.Reply != nil && !isJSON(e.Reply.Headers["Content-Type"]) {
		e.Reply.hide()
	}
	return e
}

func newBody(b []byte, d *digest) Body {
	out := Body{Size: len(b)}
	if d != nil {
		out.Size, out.SHA256 = d.size, d.hash
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) { // do not end within a letter
			b = b[:len(b)-1]
		}
		if len(b) > 0 && !utf8.Valid(b) {
			b = b[:len(b)-1]
		}
	}
	if !utf8.Valid(b) {
		out.Base64 = base64.StdEncoding.EncodeToString([]byte(redactBody(string(b))))
		return out
	}
	out.Text = redactBody(string(b))
	return out
}

// Canonical writes entries as JSON, one line each, in a form in which two runs
// compare: without the real time, ports, connections, and, where the sandbox's
// clock runs, without that time as well.
func Canonical(entries []Entry) []byte {
	var out []byte
	for _, e := range entries {
		out = append(value.Append(out, json.RawMessage(e.canonical())), '\n')
	}
	return out
}

// unsized leaves out how long a body is where that depends on the port.
func unsized(b Body, headers map[string][]string, host string) (Body, map[string][]string) {
	if b.SHA256 == "" && (host == "" || !strings.Contains(b.Text, host)) {
		return b, headers
	}
	b.SHA256, b.Size = "", 0
	headers = maps.Clone(headers)
	delete(headers, "Content-Length")
	return b, headers
}

func (e Entry) canonical() []byte {
	host := ""
	if h := e.Request.Headers["Host"]; len(h) > 0 {
		host = h[0]
	}
	e.Began, e.Took, e.Connection, e.Retried = time.Time{}, 0, nil, false
	if !e.Frozen {
		e.Time = time.Time{}
	}
	e.Request.Body, e.Request.Headers = unsized(e.Request.Body, e.Request.Headers, host)
	if e.Reply != nil {
		r := *e.Reply
		r.Body, r.Headers = unsized(r.Body, r.Headers, host)
		e.Reply = &r
	}
	b, err := json.Marshal(e)
	if err != nil { // an Entry holds nothing that JSON cannot
		panic(err)
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil || port == "" {
		return b
	}
	return []byte(strings.ReplaceAll(string(b), host, name))
}
