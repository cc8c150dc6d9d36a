package service

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"standin/internal/contract"
	"standin/internal/identity"
	"standin/internal/match"
	"standin/internal/value"
	"standin/internal/world"
)

// Settings are the options of an emulator that services read.
type Settings struct {
	AuthOff bool // every request has the caller "demo"
}

// A Gateway returns the addresses by which the caller reaches the emulator, and reports whether
// the caller is still connected.
type Gateway interface {
	// Present returns a context for calls that wait. It is cancelled with the call's context. It
	// is also cancelled if the client leaves after it has sent further requests.
	Present() (context.Context, context.CancelFunc)
	// Root returns the scheme, host and prefix by which the caller reached the emulator.
	Root() string
	// Base returns the address of the call's own service: its Address, or else Root and the
	// service's prefix.
	Base() string
	// Endpoint returns the address of another service for this caller. It is empty if the caller
	// cannot reach the service.
	Endpoint(service string) string
}

// A Call is a request as its service sees it.
type Call struct {
	Operation *contract.Operation // nil for an unknown path and for a method that the path does not have
	Row       *Operation          // the row of the service's table; nil if Operation is nil
	Methods   []string            // the methods of the path; empty if the path is unknown
	Vars      map[string]string   // the parameters of the path
	Method    string
	Path      string // normalised, without the prefix of the service
	Sent      string // the path as the client sent it
	RawQuery  string
	Host      string // the Host header of the request
	Header    http.Header

	Body         []byte
	HasLength    bool // the request has a Content-Length above 0
	BodyTooLarge bool // Body has only the first bytes

	Context context.Context //nolint:containedctx // of the request: it ends when the client leaves
	Sandbox string          // the name of the sandbox
	Chosen  string          // the name of the sandbox in a header or in the path of the request; empty if there is none

	Caller      *identity.Caller // nil if CallerError is not nil
	CallerError error

	Now      time.Time // UTC
	Frozen   bool      // the clock is frozen
	Settings *Settings
	Quirks   Quirks
	// Consulted has the quirks that are on and for which Quirk was called.
	Consulted []string
	Gateway

	// Scratch is an empty buffer for the body of the reply. It is reused after the reply was
	// sent.
	Scratch []byte

	// Slot is that by which a proxy in front of several emulators chose this one: two hexadecimal
	// digits. Issued tokens and made names contain it, so that the proxy sends what has them to the
	// same emulator. It is empty without that proxy.
	Slot string

	// Mark is put into issued tokens, so that requests with them find the sandbox. It is empty in
	// the default sandbox.
	Mark string

	// PageCap is the max number of items of a page that a rule sets (0 = no limit).
	PageCap int
	asked   int // number of items of the page without PageCap; negative: no limit

	Seed     int64  // the seed of the world
	Sequence uint64 // the number of the exchange
	View     world.View
	tx       *world.Tx
	query    url.Values
}

// Quirks holds the names of the quirks that are on. A nil Quirks has none.
type Quirks map[string]bool

// Quirk reports whether the named quirk is on. The journal lists the quirks for which it returned
// true. Where the quirk matters only for some requests, Quirk is called last.
func (c *Call) Quirk(name string) bool {
	on := c.Quirks[name]
	if on && !slices.Contains(c.Consulted, name) {
		c.Consulted = append(c.Consulted, name)
	}
	return on
}

// Request headers of the emulator.
const (
	SandboxHeader = "X-Standin-Sandbox" // the name of the sandbox
	SlotHeader    = "X-Standin-Slot"    // Call.Slot, from a proxy
)

// Write sets the transaction of the call. Calls with a safe method have none.
func (c *Call) Write(tx *world.Tx) { c.tx, c.View = tx, tx }

// Tx returns the transaction of the call. View includes its writes.
func (c *Call) Tx() *world.Tx { return c.tx }

// Query returns the parameters of the query string, split at "&". An invalid escape stays as it
// is.
func (c *Call) Query() url.Values {
	if c.query == nil {
		c.query = contract.ParseQuery(c.RawQuery)
	}
	return c.query
}

// Who returns the caller as rules and expectations compare it. It reports whether the caller is
// known.
func (c *Call) Who() (who match.Caller, known bool) {
	if c.Caller == nil {
		return who, false
	}
	who.ID, who.Name = c.Caller.ID, c.Caller.Name
	if c.Caller.Token != nil {
		who.Token = c.Caller.Token.ID
	}
	if p := c.Caller.Project; p != nil {
		who.ProjectID, who.Project = p.ID, p.Name
	}
	return who, true
}

// Capped returns the limit of a page, lowered to the call's PageCap. A negative limit means no
// limit. A handler that returns pages calls Capped once, and then Left.
func (c *Call) Capped(limit int) int {
	c.asked = limit
	if c.PageCap > 0 && (limit < 0 || limit > c.PageCap) {
		return c.PageCap
	}
	return limit
}

// Left sets the number of items from the beginning of the page to the end of the list.
func (c *Call) Left(items int) {
	if items = max(items, 0); c.asked < 0 || items < c.asked {
		c.asked = items
	}
}

// Asked returns the number of items that the page would have without PageCap. It returns 0 if the
// response is not a page. It returns a negative number if there is no limit and Left was not
// called.
func (c *Call) Asked() int { return c.asked }

// Unescape decodes a name or value of a query. An invalid escape stays as it is.
func Unescape(s string) string { return contract.Unescape(s) }

// Accept returns the Accept header. Several headers are joined to one list.
func (c *Call) Accept() string { return strings.Join(c.Header["Accept"], ",") }

// Last returns the last value of a query parameter. It reports whether there is one.
func (c *Call) Last(name string) (string, bool) {
	if c.RawQuery == "" {
		return "", false
	}
	all := c.Query()[name]
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

// Is reports whether the call is for the operation.
func (c *Call) Is(operation string) bool { return c.Operation != nil && c.Operation.ID == operation }

// Allow returns the methods as an Allow header in the form of the real servers.
func (c *Call) Allow(methods ...string) string {
	methods = slices.Clone(methods)
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// MediaType returns the Content-Type without parameters, spelled as it was sent.
func (c *Call) MediaType() string {
	mediaType, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(mediaType)
}

// JSON parses the body as one JSON value.
func (c *Call) JSON() (any, error) { return value.Parse(c.Body) }

// Named returns the value of a placeholder of a documented body. A placeholder is a pointer into
// the JSON body, for example /client_id. It may also be "caller" for the caller's name, or a
// parameter of the path or query.
func (c *Call) Named(placeholder string) (string, bool) {
	if strings.HasPrefix(placeholder, "/") {
		body, err := c.JSON()
		if err != nil {
			return "", false
		}
		v, _ := value.At(body, placeholder)
		text, ok := v.(string)
		return text, ok
	}
	if placeholder == "caller" {
		if c.Caller == nil {
			return "", false
		}
		return c.Caller.Name, true
	}
	if text, ok := c.Vars[placeholder]; ok {
		return text, true
	}
	return c.Last(placeholder)
}

// ShownExpiry returns the expiry time to write into a response. If the clock is frozen, it is 50
// years later than the real one. Clients compare it with their own clock, and must not take the
// token for expired.
func (c *Call) ShownExpiry(expires time.Time) time.Time {
	if c.Frozen {
		return identity.Writable(expires.Add(50 * 365 * 24 * time.Hour))
	}
	return expires
}
