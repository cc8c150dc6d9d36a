// Package service says what a service is: handlers bound to operations, the
// order of its checks, its error envelope. It also has what services of any kind
// need, such as content negotiation.
//
// A service is a value. It sees no lock, no logger, no clock but its Call's,
// no http.ResponseWriter and no other service.
package service

import (
	"slices"

	"standin/internal/identity"
	"standin/internal/world"
)

// A Service is one emulated API.
type Service struct {
	Name    string         // the contract's x-service
	Section *world.Section // of a fixture, with its records; nil if it has none

	// Address is a scheme and host with which the addresses in answers begin. If it is
	// empty, they begin with the address of the request.
	Address string

	// Operations has a row for each operation of the contract. Operations that are
	// x-stateless need none, unless the service has Policies. If there are no rows at all,
	// every operation answers its example.
	Operations []Operation

	// Policies says that every row has a policy, which the check Allowed asks. A row without
	// one is an error when the emulator starts.
	Policies bool

	// Identify returns the caller, or the error if the caller is not known. It refuses
	// nothing: the check Authenticated does, in its place among the checks.
	Identify func(*Call) (*identity.Caller, error)

	// Guard refuses a call before its sandbox is entered and its body is read. If it is
	// nil, every call passes. The call has neither a time nor a caller yet.
	Guard func(*Call) error

	// Checks are called in this order before the handler. The first error ends the
	// request. Calls to unknown paths and methods pass through them too.
	Checks []Check

	// Fail writes an error in the service's envelope.
	Fail func(*Call, *Error) Reply

	// Finish adds what every answer has. It is nil if there is nothing.
	Finish func(*Call, *Reply)

	// Normalise returns a path in the form that the contract has. If it is nil, paths stay
	// as they are.
	Normalise func(path string) string

	// Outside says that calls run outside the transactions of the world, in parallel
	// with others. The control API sets it, because its calls may wait.
	Outside bool

	// HeadAsGet says that HEAD is answered where GET is an operation.
	HeadAsGet bool

	// BodyLimit is the max number of bytes of a body (0 = DefaultBodyLimit). A longer body
	// is a 413, unless CutBody is set: then the service sees the beginning of the body.
	BodyLimit int
	CutBody   bool

	// Semicolons says that a semicolon separates parameters of the query, as "&" does.
	Semicolons bool
}

// DefaultBodyLimit is the default of Service.BodyLimit, in bytes.
const DefaultBodyLimit = 1 << 20

// A Handler carries out one operation. Its writes are kept if it returns no error.
type Handler func(*Call) (Reply, error)

// A Check refuses a call by returning an error. The journal says which check refused, by
// the check's name or, if the error has one, by the error's By.
type Check struct {
	Name string // of what it looks at, such as "authentication"
	Do   func(*Call) error
}

// The checks of several services.
var (
	CheckCaller  = Check{"authentication", Authenticated}
	CheckRoute   = Check{"path", Routed}
	CheckPolicy  = Check{"policy", Allowed}
	CheckRequest = Check{"request", Understood}
	CheckSize    = Check{"body size", BodyRead}
)

// A Reply is an answer before it is sent.
type Reply struct {
	Status      int
	ContentType string // empty: no such header
	Header      Headers
	Body        []byte
	// Stream writes the body piece by piece, in place of Body, until it returns. Each piece
	// is sent at once. An error of write means that the client has left. If Stream returns an
	// error, the connection is closed, so that the client sees that the body is not whole.
	Stream func(write func([]byte) error) error
}

// Headers are the headers of a reply. There are few, and a list is cheaper than a map.
type Headers []Field

// A Field is one header, its name in the canonical form of net/http.
type Field struct{ Name, Value string }

// Get returns the value of a header. It is empty if there is no such header.
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

// Set sets a header of the reply. It replaces a header of that name.
func (r *Reply) Set(name, value string) {
	for i := range r.Header {
		if r.Header[i].Name == name {
			r.Header = slices.Clone(r.Header) // it may be shared with an error
			r.Header[i].Value = value
			return
		}
	}
	r.Header = append(r.Header, Field{name, value})
}

// Authenticated is the check that the caller is known, on all but public operations.
func Authenticated(c *Call) error {
	if c.Operation != nil && c.Operation.Public {
		return nil
	}
	return c.CallerError
}

// Routed is the check that the path and method are an operation's. The error
// for an unknown path is NotFound. For a method that the path does not have it is
// NotAllowed, with an Allow header. Both have an empty message.
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

// BodyRead is the check that the whole body was read and is within its limit,
// for operations that look at one.
func BodyRead(c *Call) error {
	if c.BodyTooLarge && c.Operation.Body {
		return Errorf(TooLarge, "", "The request body is larger than the limit of this emulator.")
	}
	return nil
}
