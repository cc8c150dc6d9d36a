// Package service defines a service: handlers bound to operations, the order of its checks, its
// error format. It also has helpers for all services, for example content negotiation.
//
// A service is a value. It has no access to locks, loggers, http.ResponseWriter and other
// services. Its only clock is the Call's.
package service

import (
	"slices"

	"standin/internal/identity"
	"standin/internal/world"
)

// A Service is one emulated API.
type Service struct {
	Name    string         // x-service of the contract
	Section *world.Section // the section of fixtures with its records; may be nil

	// Address is the scheme and host of the addresses in responses. If it is empty, the address
	// of the request is used.
	Address string

	// Operations has a row for each operation of the contract. Operations that are x-stateless
	// need none, unless the service has Policies. If there are no rows at all, every operation
	// responds with its example.
	Operations []Operation

	// Policies says that every row must have a policy, for the check Allowed. A row without one
	// is an error when the emulator starts.
	Policies bool

	// Identify returns the caller, or an error if the caller is unknown. The error does not
	// refuse the call; the check Authenticated does, at its place in Checks.
	Identify func(*Call) (*identity.Caller, error)

	// Guard may refuse a call before its sandbox is entered and its body is read. The call has
	// neither a time nor a caller yet. Guard may be nil.
	Guard func(*Call) error

	// Checks run in this order before the handler. The first error ends the request. Calls to
	// unknown paths and methods pass through them too.
	Checks []Check

	// Fail writes an error in the service's format.
	Fail func(*Call, *Error) Reply

	// Finish adds what all responses have. It may be nil.
	Finish func(*Call, *Reply)

	// Normalise returns a path as the contract spells it. It may be nil.
	Normalise func(path string) string

	// Outside says that calls run without a transaction, in parallel with others. The control API
	// sets it, because its calls may wait.
	Outside bool

	// HeadAsGet says that HEAD is allowed for each GET operation.
	HeadAsGet bool

	// BodyLimit is the max size in bytes of a body (0 = DefaultBodyLimit). A longer body causes a
	// 413. With CutBody, the service gets the first bytes of it instead.
	BodyLimit int
	CutBody   bool

	// Semicolons says that a semicolon separates query parameters, as "&" does.
	Semicolons bool
}

// DefaultBodyLimit is the default of Service.BodyLimit, in bytes.
const DefaultBodyLimit = 1 << 20

// A Handler handles an operation. Its writes are published if it returns no error.
type Handler func(*Call) (Reply, error)

// A Check refuses a call by returning an error. The journal shows the error's By, or else the
// name of the check.
type Check struct {
	Name string // of what it checks, for example "authentication"
	Do   func(*Call) error
}

// The checks that several services use.
var (
	CheckCaller  = Check{"authentication", Authenticated}
	CheckRoute   = Check{"path", Routed}
	CheckPolicy  = Check{"policy", Allowed}
	CheckRequest = Check{"request", Understood}
	CheckSize    = Check{"body size", BodyRead}
)

// A Reply is a response before it is sent.
type Reply struct {
	Status      int
	ContentType string // empty: no Content-Type header
	Header      Headers
	Body        []byte
	// Stream writes the body in pieces instead of Body, until it returns. Each piece is sent at
	// once. write returns an error if the client has left. If Stream returns an error, the
	// connection is closed, so that the client sees an incomplete body.
	Stream func(write func([]byte) error) error
}

// Headers holds the headers of a reply. There are few of them, and a slice is cheaper than a map.
type Headers []Field

// A Field is one header. Name has the canonical form of net/http.
type Field struct{ Name, Value string }

// Get returns the value of a header, or an empty string.
func (h Headers) Get(name string) string {
	for _, f := range h {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// JSON returns a reply with a JSON body.
func JSON(status int, body []byte) Reply {
	return Reply{Status: status, ContentType: "application/json", Body: body}
}

// Set sets a header of the reply. It replaces a header of the same name.
func (r *Reply) Set(name, value string) {
	for i := range r.Header {
		if r.Header[i].Name == name {
			r.Header = slices.Clone(r.Header) // the slice may be shared with an error
			r.Header[i].Value = value
			return
		}
	}
	r.Header = append(r.Header, Field{name, value})
}

// Authenticated is the check that the caller is known. Public operations skip it.
func Authenticated(c *Call) error {
	if c.Operation != nil && c.Operation.Public {
		return nil
	}
	return c.CallerError
}

// Routed is the check that the path and method belong to an operation. An unknown path is an
// error of kind NotFound. An unknown method is an error of kind NotAllowed with an Allow header.
// Both have an empty message.
func Routed(c *Call) error {
	switch {
	case c.Operation != nil:
		return nil
	case len(c.Methods) == 0:
		return Errorf(NotFound, "", "")
	default:
		return Errorf(NotAllowed, "", "").With("Allow", c.Allow(c.Methods...)).RefusedBy("method")
	}
}

// BodyRead is the check that the body is within its limit. Operations that read no body skip it.
func BodyRead(c *Call) error {
	if c.BodyTooLarge && c.Operation.Body {
		return Errorf(TooLarge, "", "The request body is larger than the limit of this emulator.")
	}
	return nil
}
