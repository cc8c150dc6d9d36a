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

// A Fault is what one rule said of the exchange.
type Fault struct {
	Rule         string   `json:"rule"`
	Phase        string   `json:"phase,omitempty"`
	Match        uint64   `json:"match"` // which matching request this was, counting from 1
	Fired        bool     `json:"fired"`
	Draw         *float64 `json:"draw,omitempty"` // against the probability
	Why          string   `json:"why,omitempty"`  // it did not fire
	Did          []string `json:"did,omitempty"`
	Undocumented bool     `json:"undocumented,omitempty"` // the contract does not know the status it gave
}

// Ended tells how an exchange ended.
type Ended string

// The ends.
const (
	Open     Ended = "open"     // it has not
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
