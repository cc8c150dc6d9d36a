// Package journal is what users read of the requests that were made: entries, filters that
// select entries, expectations of entries, and judgements.
//
// Each sandbox keeps a journal. Sandbox.Requests of package emulator lists its entries,
// Sandbox.Verify judges them. The journal is bounded by entries and by bytes. Entries that fall
// out of it are counted, and a verification that would have needed them fails.
package journal

import (
	"encoding/json"
	"maps"
	"net"
	"strings"
	"time"

	"standin/internal/value"
)

// An Entry is one exchange. Secrets in it are redacted. The comments of its members are
// their descriptions in the contract of the control API.
type Entry struct {
	Sequence  uint64 `json:"sequence"`            // the number of the exchange in its sandbox, from 1
	Sandbox   string `json:"sandbox"`             // the name of the sandbox
	Operation string `json:"operation,omitempty"` // the operationId; absent if the request matches no operation
	Facts
	Request    Request        `json:"request"`                   // the request as it came in
	Reply      *Reply         `json:"reply,omitempty"`           // the answer; absent while there is none, or if none was sent
	Time       time.Time      `json:"time,omitzero"`             // when the exchange began, on the sandbox's clock
	Frozen     bool           `json:"frozen,omitempty"`          // the sandbox's clock is frozen
	Began      time.Time      `json:"began,omitzero"`            // when the exchange began, in real time
	Took       time.Duration  `json:"took_ns,omitempty"`         // how long the exchange took, in real nanoseconds
	Ended      Ended          `json:"ended"`                     // how the exchange ended: aborted by the client, cut by a fault
	Faults     []Fault        `json:"faults,omitempty"`          // what the rules said that fitted the request
	Near       []string       `json:"near,omitempty"`            // paths or rules that nearly fitted the request
	Attempt    int            `json:"attempt"`                   // which attempt of the same request this was, from 1: a request is repeated while it fails
	Retried    bool           `json:"transport_retry,omitempty"` // the client's HTTP library seems to have repeated the request by itself
	Changes    []Change       `json:"changes,omitempty"`         // the records that the request created, changed or deleted, up to the first 100
	Violation  string         `json:"violation,omitempty"`       // how the answer breaks its contract
	Note       string         `json:"note,omitempty"`            // what was done in place of what a fault asked for
	Connection *ConnectionRef `json:"connection,omitempty"`      // the connection that carried the exchange
}

// Facts are the members of an entry that are shown as the request path states them. They hold no
// secret.
type Facts struct {
	Caller    string `json:"caller,omitempty"`     // the name of the user; absent if the caller is unknown
	RefusedBy string `json:"refused_by,omitempty"` // the check that refused the request, such as authentication, path, quota, "policy: NAME" or "schema: MEMBER"; absent if none did, and for an error of the operation itself, such as a record that does not exist
}

// A Change is a record that an exchange wrote.
type Change struct {
	Record string `json:"record"` // the kind of the record and its key: "freezer.clients demo/node7"
	What   string `json:"what"`   // created, changed or deleted
}

// A ConnectionRef says which connection carried an exchange.
type ConnectionRef struct {
	ID       uint64 `json:"id"`       // the number of the connection; 0 if it is unknown
	Reused   bool   `json:"reused"`   // the connection had carried a request before
	Protocol string `json:"protocol"` // HTTP/1.0, HTTP/1.1 or HTTP/2.0
}

// A Request is what came in.
type Request struct {
	Method  string              `json:"method"`          // GET, POST…
	Path    string              `json:"path"`            // as it was sent, with the prefixes of sandbox and service
	Query   string              `json:"query,omitempty"` // the query string, not decoded
	Headers map[string][]string `json:"headers"`         // by name; Host is one of them
	Body
}

// A Reply is what went out, or would have.
type Reply struct {
	Status  int                 `json:"status"`  // the HTTP status
	Headers map[string][]string `json:"headers"` // by name
	Body
}

// A Body is the text of a message, or its beginning.
type Body struct {
	Text   string `json:"body,omitempty"`        // the body, or the beginning of a long one
	Base64 string `json:"body_base64,omitempty"` // in place of body, if the bytes are not UTF-8
	Size   int    `json:"size"`                  // the length of the whole body in bytes
	SHA256 string `json:"sha256,omitempty"`      // the beginning of the hash of a body that is not kept whole
}

// A Fault is what one rule said of the exchange.
type Fault struct {
	Rule         string   `json:"rule"`                   // the name of the rule
	Phase        string   `json:"phase,omitempty"`        // before or after the handler; absent if the rule did nothing
	Match        uint64   `json:"match"`                  // which matching request this was, counting from 1
	Fired        bool     `json:"fired"`                  // the rule took effect
	Draw         *float64 `json:"draw,omitempty"`         // the number that was held against the rule's probability
	Why          string   `json:"why,omitempty"`          // why the rule did not fire
	Did          []string `json:"did,omitempty"`          // what the rule did
	Undocumented bool     `json:"undocumented,omitempty"` // the contract has no such status for the operation
}

// Ended is how an exchange ended.
type Ended string

// The ends.
const (
	Open     Ended = "open"     // the exchange has not ended
	Answered Ended = "answered" // with a whole answer
	Aborted  Ended = "aborted"  // the client left
	Cut      Ended = "cut"      // a fault broke the connection
)

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
