package recorder

import (
	"bytes"
	"encoding/base64"
	"iter"
	"net/http"
	"slices"
	"unicode/utf8"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/value"
)

// headers iterates over header lines in the buffer.
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

// entry returns the Entry of a copy of the record, with secrets redacted.
func (r *record) entry(sequence uint64, sandbox string) journal.Entry {
	x := &redaction{}
	request := r.asked(x)
	e := r.outline(x, sequence, sandbox)
	e.Request = request
	if r.Status != 0 {
		e.Reply = r.answer(x)
	}
	return e
}

// asked returns the request as the journal shows it.
func (r *record) asked(x *redaction) journal.Request {
	request := journal.Request{Method: r.Method, Headers: r.headerMap(x, 0, r.request.head)}
	request.Path, request.Query = x.path(r.Path), x.query(r.Query)
	body := r.request.head
	request.Body = x.newBody(r.buf[body:body+r.request.body], r.cut, request.Headers, r.Secret)
	if r.Host != "" {
		request.Headers["Host"] = []string{r.Host}
	}
	return request
}

// brief returns the Entry of a copy of the record without headers and bodies.
func (r *record) brief(sequence uint64, sandbox string) journal.Entry {
	if r.Violation != "" || r.Note != "" || len(r.Near) > 0 || len(r.Changes) > 0 { // may repeat what only the body shows to be a secret
		e := r.entry(sequence, sandbox)
		e.Request.Headers, e.Request.Body = map[string][]string{}, journal.Body{Size: e.Request.Size}
		if e.Reply != nil {
			e.Reply.Headers, e.Reply.Body = map[string][]string{}, journal.Body{Size: e.Reply.Size}
		}
		return e
	}
	x := &redaction{}
	r.headerMap(x, 0, r.request.head) // finds the tokens, which the path may repeat
	e := r.outline(x, sequence, sandbox)
	e.Request = journal.Request{
		Method: r.Method, Path: x.path(r.Path), Query: x.query(r.Query), Headers: map[string][]string{}, Body: sized(r.request.body, r.cut),
	}
	if r.Status != 0 {
		e.Reply = &journal.Reply{Status: r.Status, Headers: map[string][]string{}, Body: sized(r.reply.body, r.replyCut)}
	}
	return e
}

// sized returns a body without its text.
func sized(size int, d *digest) journal.Body {
	if d != nil {
		size = d.size
	}
	return journal.Body{Size: size}
}

// outline returns the Entry without the request and the reply.
func (r *record) outline(x *redaction, sequence uint64, sandbox string) journal.Entry {
	e := journal.Entry{
		Sequence: sequence, Sandbox: sandbox, Operation: r.Operation, Facts: r.Facts, Trace: r.Trace,
		Time: r.Now, Frozen: r.Frozen, Began: r.Began, Ended: r.ended,
		Faults: slices.Clone(r.Faults), Attempt: r.attempt, Retried: r.retried,
		Violation: x.hideAll(r.Violation), Note: x.hideAll(r.Note),
		Connection: &journal.ConnectionRef{ID: r.Conn, Reused: r.Reused, Protocol: r.Proto, TLS: r.TLS},
	}
	e.Quirks = slices.Clone(r.Quirks)
	if r.event > 0 {
		e.Took = r.finished.Sub(r.Began)
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		e.Changes = append(e.Changes, journal.Change{Record: x.key(c), What: string(c.What)})
	}
	for _, text := range r.Near {
		e.Near = append(e.Near, x.hideAll(x.path(text)))
	}
	return e
}

// answer returns the reply as the journal shows it. An error reply may repeat what the request
// held, so its text is searched for the request's values too.
func (r *record) answer(x *redaction) *journal.Reply {
	at := r.request.head + r.request.body
	headers := r.headerMap(x, at, r.reply.head)
	from := at + r.reply.head
	secret := contract.Public
	if r.Secret != contract.Public && !isJSON(headers["Content-Type"]) {
		secret = contract.Secret
	}
	a := &journal.Reply{Status: r.Status, Headers: headers}
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

func (x *redaction) newBody(b []byte, d *digest, headers map[string][]string, secret contract.Secrecy) journal.Body {
	out := journal.Body{Size: len(b)}
	if d != nil {
		out.Size, out.SHA256 = d.size, d.hash
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) { // do not end within a character
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
		return hiddenBody(out.Size)
	}
	if !isText(string(b)) {
		return hiddenBody(out.Size)
	}
	text := x.body(string(b), firstOf(headers["Content-Type"]))
	if !utf8.ValidString(text) {
		out.Base64 = base64.StdEncoding.EncodeToString([]byte(text))
		return out
	}
	out.Text = text
	return out
}

// isObject reports whether a body is a JSON object.
func isObject(b []byte) bool {
	v, err := value.Parse(b)
	if err != nil {
		return false
	}
	_, ok := v.(*value.Object)
	return ok
}
