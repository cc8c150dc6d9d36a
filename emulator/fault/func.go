package fault

import (
	"net/http"
	"net/url"
	"time"
)

// A Func decides about a request that matches a rule's Where and When. Its reply is sent in place
// of the service's answer. If it returns nil and no error, the request proceeds, and the rule
// counts as not fired. If it returns an error or panics, the status is 500, and the text is logged.
//
// Several goroutines may call a Func at once.
type Func func(*Request) (*Reply, error)

// A Request is the request that is passed to a Func. A Func must not change its maps and bytes.
type Request struct {
	Sandbox   string      // the name of the sandbox
	Operation string      // operationId; empty if the request matches no operation
	Method    string      // as sent
	Path      string      // without the prefixes of sandbox and service
	Query     url.Values  // the query string, decoded
	Header    http.Header // as sent
	Body      []byte      // as sent
	Caller    string      // the name of the user; empty if the caller is unknown
	Now       time.Time   // the time on the sandbox's clock, in UTC
}

// A Reply is the answer of a Func. The zero Reply is an empty 200.
type Reply struct {
	Status int         // 0 means 200
	Header http.Header // includes Content-Type; Content-Length and Date are added
	Body   []byte
}
