// Package journal holds what users read about the requests that were made: entries, filters that
// select entries, expectations of entries, and judgements.
//
// Each sandbox keeps a journal. Sandbox.Requests of package emulator returns its entries, and
// Sandbox.Verify judges them. The journal is bounded by entries and by bytes. It counts the entries
// that it evicts. A verification fails if entries were evicted.
package journal

import (
	"encoding/json"
	"maps"
	"net"
	"strings"
	"time"

	"standin/internal/value"
)

// An Entry is one exchange: a request and its reply. Secrets in it are redacted. The comments of
// its members are their descriptions in the contract of the control API.
type Entry struct {
	Sequence  uint64 `json:"sequence"`            // the number of the exchange in its sandbox, counting from 1
	Sandbox   string `json:"sandbox"`             // the name of the sandbox
	Operation string `json:"operation,omitempty"` // the operationId; absent if the request matches no operation
	Facts
	Trace
	Request    Request        `json:"request"`                   // the request as it was received
	Reply      *Reply         `json:"reply,omitempty"`           // the reply; absent until it is sent, and if none was sent
	Time       time.Time      `json:"time,omitzero"`             // when the exchange began, on the sandbox's clock
	Frozen     bool           `json:"frozen,omitempty"`          // the sandbox's clock is frozen
	Began      time.Time      `json:"began,omitzero"`            // when the exchange began, in real time; in a bubble of testing/synctest, in its time
	Took       time.Duration  `json:"took_ns,omitempty"`         // how long the exchange took, in nanoseconds of real time
	Ended      Ended          `json:"ended"`                     // how the exchange ended: open, answered, aborted by the client, or cut by a fault
	Faults     []Fault        `json:"faults,omitempty"`          // the rules whose where matched the request, and what each of them did
	Near       []string       `json:"near,omitempty"`            // the closest paths or rules, if the request matched none
	Attempt    int            `json:"attempt"`                   // which attempt of the same request this was, counting from 1; a request that failed and is sent again is another attempt
	Retried    bool           `json:"transport_retry,omitempty"` // the client's HTTP library probably repeated the request by itself
	Changes    []Change       `json:"changes,omitempty"`         // the records that the request created, changed or deleted, up to the first 100
	Violation  string         `json:"violation,omitempty"`       // how the reply violates its contract
	Note       string         `json:"note,omitempty"`            // what was done in place of what a fault asked for
	Connection *ConnectionRef `json:"connection,omitempty"`      // the connection that carried the exchange
}

// Facts are the members of an entry that hold no secret. The journal shows them without redaction.
type Facts struct {
	Caller    string   `json:"caller,omitempty"`     // the name of the user; absent if the caller is unknown
	CallerBy  string   `json:"caller_by,omitempty"`  // how the service knows the caller: token, basic, or off if logins are off; absent if the caller is unknown
	SandboxBy string   `json:"sandbox_by,omitempty"` // how the request named the sandbox: path, header or token; absent if it named none
	Service   string   `json:"service,omitempty"`    // the service that answered, if no operation did: the request matches none, or Standin itself refused it
	Quirks    []string `json:"quirks,omitempty"`     // the quirks that are on and that were asked for to make the reply
	RefusedBy string   `json:"refused_by,omitempty"` // the check that refused the request, such as authentication, path, quota, "policy: NAME" or "schema: MEMBER"; absent if no check did; an error of the operation itself, such as a record that does not exist, is not a check
}

// A Trace is what the header traceparent of a request names (W3C Trace Context). The members are
// absent if there is no valid header.
type Trace struct {
	TraceID string `json:"trace_id,omitempty"` // the trace of the request, as 32 hexadecimal digits; absent without a valid header traceparent
	SpanID  string `json:"span_id,omitempty"`  // the span of the client that sent the request, as 16 hexadecimal digits; absent without a valid header traceparent
}

// These are values of Facts.CallerBy and Facts.SandboxBy.
const (
	ByToken   = "token"  // a token names the caller, or leads into the sandbox that issued it
	ByBasic   = "basic"  // the caller logged in with HTTP Basic
	ByNothing = "off"    // logins are off
	ByPath    = "path"   // the path begins with /~NAME
	ByHeader  = "header" // the header X-Standin-Sandbox names the sandbox
)

// A Change is a record that an exchange wrote.
type Change struct {
	Record string `json:"record"` // the kind of the record and its key: "freezer.clients demo/node7"
	What   string `json:"what"`   // created, changed or deleted
}

// A ConnectionRef identifies the connection that carried an exchange.
type ConnectionRef struct {
	ID       uint64 `json:"id"`            // the number of the connection; 0 if unknown
	Reused   bool   `json:"reused"`        // the connection has carried a request before
	Protocol string `json:"protocol"`      // HTTP/1.0, HTTP/1.1 or HTTP/2.0
	TLS      bool   `json:"tls,omitempty"` // the connection uses TLS
}

// A Request is a request as it was received.
type Request struct {
	Method  string              `json:"method"`          // GET, POST…
	Path    string              `json:"path"`            // the path as sent, with the prefixes of sandbox and service
	Query   string              `json:"query,omitempty"` // the query string, not decoded
	Headers map[string][]string `json:"headers"`         // the headers, by name; Host is one of them
	Body
}

// A Reply is what was sent, or would have been sent if the connection had not been cut.
type Reply struct {
	Status  int                 `json:"status"`  // the HTTP status
	Headers map[string][]string `json:"headers"` // the headers, by name
	Body
}

// A Body is the body of a message, or the beginning of a long one.
type Body struct {
	Text   string `json:"body,omitempty"`        // the body; of a body longer than 16 KiB, only the beginning
	Base64 string `json:"body_base64,omitempty"` // the body in base64, in place of body, if its bytes are not UTF-8
	Size   int    `json:"size"`                  // the length of the whole body, in bytes
	SHA256 string `json:"sha256,omitempty"`      // the first 16 hexadecimal digits of the body's SHA-256; only of a body that is cut
}

// A Fault is what one rule did to an exchange, or why it did nothing.
type Fault struct {
	Rule         string   `json:"rule"`                   // the name of the rule
	Phase        string   `json:"phase,omitempty"`        // before or after the handler; absent if the rule did nothing
	Match        uint64   `json:"match"`                  // which matching request this was, counting from 1
	Fired        bool     `json:"fired"`                  // the rule took effect
	Draw         *float64 `json:"draw,omitempty"`         // the random number that was compared with the rule's probability
	Why          string   `json:"why,omitempty"`          // why the rule did not fire
	Did          []string `json:"did,omitempty"`          // what the rule did
	Undocumented bool     `json:"undocumented,omitempty"` // the contract does not document the status for the operation
}

// Ended says how an exchange ended.
type Ended string

// These are the ways in which an exchange ends.
const (
	Open     Ended = "open"     // the exchange has not ended
	Answered Ended = "answered" // a whole reply was sent
	Aborted  Ended = "aborted"  // the client left
	Cut      Ended = "cut"      // a fault broke the connection
)

// Canonical returns entries as JSON, one line each, in a form that two runs can compare. It omits
// real times, ports and connections. If the sandbox's clock runs, it omits the times of that clock
// too.
func Canonical(entries []Entry) []byte {
	var out []byte
	for _, e := range entries {
		out = append(value.Append(out, json.RawMessage(e.canonical())), '\n')
	}
	return out
}

// unsized removes the length of a body that depends on the port.
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
	if err != nil { // an Entry can always be encoded
		panic(err)
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil || port == "" {
		return b
	}
	return []byte(strings.ReplaceAll(string(b), host, name))
}
