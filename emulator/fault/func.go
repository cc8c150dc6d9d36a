package fault

import (
	"net/http"
	"net/url"
	"time"
)

// A Func decides about a request that a rule's Where and When fit. A reply is sent in
// place of the service's answer. A nil reply lets the request pass, and the rule has not
// fired. An error, or a panic, is answered with status 500, and its text is logged.
//
// The emulator may call a Func from many goroutines at once.
type Func func(*Request) (*Reply, error)

// A Request is what a Func sees of a request. A Func must not change its maps and bytes.
type Request struct {
	Sandbox   string      // the name of the sandbox
	Operation string      // operationId; empty if the request matches no operation
	Method    string      // as it was sent
	Path      string      // without the prefixes of sandbox and service
	Query     url.Values  // the query string, decoded
	Header    http.Header // as it was sent
	Body      []byte      // as it was sent
	Caller    string      // the name of the user; empty if the caller is unknown
	Now       time.Time   // the time on the sandbox's clock, in UTC
}

// A Reply is the answer of a Func.
type Reply struct {
	Status int         // 0 is 200
	Header http.Header // Content-Type included; Content-Length and Date are added
	Body   []byte
}
