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
	Section *world.Section // how its records stand in a fixture; nil if it has none

	// Address is a scheme and host with which the addresses in answers begin. If it is
	// empty, they begin with the address of the request.
	Address string

	// Handlers serve the operations, by operationId. All but the stateless ones
	// must be there, and no others.
	Handlers map[string]Handler

	// Identify says who is calling, or why nobody is. It gives no verdict: the
	// check Authenticated does, in its place among the service's checks.
	Identify func(*Call) (*identity.Caller, error)

	// Guard refuses a call before its sandbox is entered and its body is read; nil lets
	// all pass. The call has neither a time nor a caller yet.
	Guard Check

	// Checks are done in this order before the handler; the first error ends the
	// request. Calls to unknown paths and methods pass through them too.
	Checks []Check

	// Fail writes an error in the service's envelope.
	Fail func(*Call, *Error) Reply

	// Finish adds what every answer carries; nil if there is nothing.
	Finish func(*Call, *Reply)

	// Normalise brings a path into the form the contract has it in; nil keeps it.
	Normalise func(path string) string

	// Outside says that calls run outside the transactions of the world, in
	// parallel with others: those of the control API, which may wait.
	Outside bool

	// Makes are the operations whose first call makes the sandbox that they name, where a
	// service is about sandboxes: the control API. Its others want it to be there, but for
	// those of Alone, which are about no sandbox.
	Makes, Alone []string

	// HeadAsGet answers HEAD where GET is an operation.
	HeadAsGet bool

	// BodyLimit is how many bytes of a body are read; 0 is 1 MiB. A longer body
	// is 413, unless CutBody says that the server goes on with what it has read.
	// BodyLimits are those of single operations.
	BodyLimit  int
	CutBody    bool
	BodyLimits map[string]int
}

// DefaultBodyLimit bounds the bodies of services that set no limit.
const DefaultBodyLimit = 1 << 20

// A Handler carries out one operation. What it wrote is kept if it returns no error.
type Handler func(*Call) (Reply, error)

// A Check refuses a call by returning an error.
type Check func(*Call) error

// A Reply is an answer before it is sent.
type Reply struct {
	Status      int
	ContentType string // empty: no such header
	Header      Headers
	Body        []byte
	// Stream writes the body bit by bit, in place of Body, until it returns. Each
	// write is sent at once; its error says that the client has left. With an error of
	// Stream the connection ends, so that nobody takes the body for whole.
	Stream func(write func([]byte) error) error
}

// Headers are the headers of a reply: few, and cheaper than a map.
type Headers []Field

// A Field is one header, its name in the canonical form of net/http.
type Field struct{ Name, Value string }

// Get is the value of a header; empty if it is not there.
func (h Headers) Get(name string) string {
	for _, f := range h {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// JSON is a reply with a JSON body.
func JSON(status int, body []byte) Reply {
	return Reply{Status: status, ContentType: "application/json", Body: body}
}

// Set gives the reply a header, in place of one of that name.
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
// for an unknown path is NotFound, for a method the path does not have
// NotAllowed with an Allow header; both have an empty message.
func Routed(c *Call) error {
	switch {
	case c.Operation != nil:
		return nil
	case len(c.Methods) == 0:
		return Errorf(NotFound, "", "")
	default:
		return Errorf(NotAllowed, "", "").With("Allow", c.Allow(c.Methods...))
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
