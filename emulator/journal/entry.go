package journal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"iter"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"standin/internal/contract"
	"standin/internal/value"
)

// An Entry is one exchange. Secrets in it are redacted.
type Entry struct {
	Sequence  uint64  `json:"sequence"`
	Sandbox   string  `json:"sandbox"`
	Operation string  `json:"operation,omitempty"` // empty outside every operation
	Caller    string  `json:"caller,omitempty"`    // empty if nobody known
	Request   Request `json:"request"`
	Reply     *Reply  `json:"reply,omitempty"` // nil while there is none, or if nothing was sent
	// RefusedBy names the check that refused the request: "authentication", "path", "method",
	// "quota", "policy: " and the policy's name, "schema: " and a member's name, and others.
	// It is empty if no check refused the request. It is also empty if the operation itself
	// found an error, such as a record that does not exist.
	RefusedBy string `json:"refused_by,omitempty"`
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

func (r *record) headerMap(x *redaction, from, length int) map[string][]string {
	all := map[string][]string{}
	for name, v := range r.headers(from, length) {
		all[name] = append(all[name], x.header(name, v))
	}
	return all
}

// entry makes an Entry of a copy of the record.
func (r *record) entry(sequence uint64, sandbox string) Entry {
	x := &redaction{}
	body := r.request.head
	headers := r.headerMap(x, 0, r.request.head)
	e := Entry{
		Sequence: sequence, Sandbox: sandbox, Operation: r.Operation, Caller: r.closing.Caller, RefusedBy: r.closing.RefusedBy,
		Request: Request{
			Method: r.Method, Path: x.path(r.Path), Query: x.query(r.Query), Headers: headers,
			Body: x.newBody(r.buf[body:body+r.request.body], r.cut, headers, r.Secret),
		},
		Time: r.Now, Frozen: r.Frozen, Began: r.Began, Ended: r.ended,
		Faults: slices.Clone(r.closing.Faults), Attempt: r.attempt, Retried: r.retried,
		Violation: x.hideAll(r.closing.Violation), Note: x.hideAll(r.closing.Note),
		Connection: &ConnectionRef{ID: r.Conn, Reused: r.Reused, Protocol: r.Proto},
	}
	if r.Host != "" {
		e.Request.Headers["Host"] = []string{r.Host}
	}
	if r.event > 0 {
		e.Took = r.finished.Sub(r.Began)
	}
	if r.closing.Status != 0 {
		e.Reply = r.answer(x)
	}
	for _, text := range r.closing.Near {
		e.Near = append(e.Near, x.hideAll(x.path(text)))
	}
	return e
}

// answer is what is shown of the answer. One that is an error may repeat what the
// request held.
func (r *record) answer(x *redaction) *Reply {
	at := r.request.head + r.request.body
	headers := r.headerMap(x, at, r.reply.head)
	from := at + r.reply.head
	secret := contract.Public
	if r.Secret != contract.Public && !isJSON(headers["Content-Type"]) {
		secret = contract.Secret
	}
	a := &Reply{Status: r.closing.Status, Headers: headers}
	a.Body = x.newBody(r.buf[from:from+r.reply.body], r.replyCut, headers, secret)
	a.Text = x.hide(a.Text)
	if a.Status >= http.StatusBadRequest {
		a.Text = x.hideAll(a.Text)
	}
	for _, values := range headers {
		for i, v := range values {
			values[i] = x.hide(v)
		}
	}
	return a
}

func (x *redaction) newBody(b []byte, d *digest, headers map[string][]string, secret contract.Secrecy) Body {
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
	if secret == contract.Secret || secret == contract.SecretText && !isObject(b) {
		x.secret(string(b))
		if v, err := value.Parse(b); err == nil {
			x.collect(v)
		}
		out.hide()
		return out
	}
	if !isText(string(b)) {
		out.hide()
		return out
	}
	text := x.body(string(b), firstOf(headers["Content-Type"]))
	if !utf8.ValidString(text) {
		out.Base64 = base64.StdEncoding.EncodeToString([]byte(text))
		return out
	}
	out.Text = text
	return out
}

// isObject reports whether a body is an object of JSON.
func isObject(b []byte) bool {
	v, err := value.Parse(b)
	if err != nil {
		return false
	}
	_, ok := v.(*value.Object)
	return ok
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
