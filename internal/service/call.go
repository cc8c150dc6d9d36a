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
	"standin/internal/value"
	"standin/internal/world"
)

// Settings are the options of an emulator that services look at.
type Settings struct {
	AuthOff bool // every caller is the member "demo"
}

// A Gateway knows the addresses under which the caller reaches the emulator, and whether
// the caller is still connected.
type Gateway interface {
	// Present returns a context for calls that wait. It ends with the call's context. It
	// also ends when a client leaves that has already sent its next requests.
	Present() (context.Context, context.CancelFunc)
	// Root returns the scheme, host and prefix under which the caller reached the emulator.
	Root() string
	// Base returns the address of the call's own service. That is Root and the service's
	// prefix, or the Address that the service has instead.
	Base() string
	// Endpoint returns the address of another service for the caller. It is empty if the
	// caller cannot reach the service.
	Endpoint(service string) string
}

// A Call is one request as its service sees it.
type Call struct {
	Operation *contract.Operation // nil: an unknown path, or a method the path does not have
	Row       *Operation          // of the service's table; nil where Operation is
	Methods   []string            // the methods of the path; none if it is unknown
	Vars      map[string]string   // the path's parameters
	Method    string
	Path      string // normalised, without the prefix of the service
	Sent      string // the path as it was sent
	RawQuery  string
	Host      string // the Host of the request
	Header    http.Header

	Body         []byte
	HasLength    bool // the request has a Content-Length, and it is not 0
	BodyTooLarge bool // Body holds only the beginning

	Context context.Context //nolint:containedctx // of the request: it ends when the client leaves
	Sandbox string          // the name of the sandbox
	Chosen  bool            // the request names its sandbox, in a header or in its path

	Caller      *identity.Caller // nil if CallerError is not
	CallerError error

	Now      time.Time // UTC
	Frozen   bool      // the clock is frozen
	Settings *Settings
	Quirks   Quirks
	Gateway

	// Scratch is an empty buffer for the body of the reply. It is used again after the
	// reply was sent.
	Scratch []byte

	// Mark is put into tokens that are issued, so that they lead back into the
	// sandbox. It is nil in the default sandbox.
	Mark []byte

	// PageCap is the max number of items of a page, as a rule sets it (0 = no limit).
	PageCap int
	asked   int // how many items the page would have without it; negative: all that there are

	Seed     int64  // of the world
	Sequence uint64 // the number of the exchange
	View     world.View
	tx       *world.Tx
	query    url.Values
}

// Quirks are the names of the quirks that are on. If it is nil, none is.
type Quirks map[string]bool

// Quirk reports whether the named quirk is on.
func (c *Call) Quirk(name string) bool { return c.Quirks[name] }

// Write opens the call's transaction. Calls of safe methods have none.
func (c *Call) Write(tx *world.Tx) { c.tx, c.View = tx, tx }

// Tx returns the transaction of the call. View shows its writes.
func (c *Call) Tx() *world.Tx { return c.tx }

// Query returns the parameters of the query string, which it splits at each "&". An escape
// that is not valid stays as it is.
func (c *Call) Query() url.Values {
	if c.query == nil {
		c.query = url.Values{}
		for piece := range strings.SplitSeq(c.RawQuery, "&") {
			if name, v, _ := strings.Cut(piece, "="); name != "" {
				name = Unescape(name)
				c.query[name] = append(c.query[name], Unescape(v))
			}
		}
	}
	return c.query
}

// Capped returns the limit of a page, lowered to the call's PageCap. A negative limit
// means no limit. A handler of a list with pages calls it once, and then Left.
func (c *Call) Capped(limit int) int {
	c.asked = limit
	if c.PageCap > 0 && (limit < 0 || limit > c.PageCap) {
		return c.PageCap
	}
	return limit
}

// Left sets how many items there are from the beginning of the page on.
func (c *Call) Left(items int) {
	if items = max(items, 0); c.asked < 0 || items < c.asked {
		c.asked = items
	}
}

// Asked returns how many items the page would have without a PageCap. It returns 0 if the
// answer is no page. It returns a negative number if the page has no limit and Left was not
// called.
func (c *Call) Asked() int { return c.asked }

// Unescape decodes a name or a value of a query. An escape that is not valid stays as it is.
func Unescape(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	var b strings.Builder
	for s != "" {
		n := 1
		if len(s) >= 3 && s[0] == '%' {
			n = 3
		}
		u, err := url.QueryUnescape(s[:n])
		if err != nil {
			n, u = 1, s[:1]
		}
		b.WriteString(u)
		s = s[n:]
	}
	return b.String()
}

// Accept returns the Accept header. It joins several of them to one list.
func (c *Call) Accept() string { return strings.Join(c.Header["Accept"], ",") }

// Last returns the last value of a query parameter, and reports whether there is one.
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

// Allow returns methods as an Allow header of the real servers has them.
func (c *Call) Allow(methods ...string) string {
	methods = slices.Clone(methods)
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// MediaType returns the Content-Type without its parameters, in its own spelling.
func (c *Call) MediaType() string {
	mediaType, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(mediaType)
}

// JSON reads the body as one JSON value.
func (c *Call) JSON() (any, error) { return value.Parse(c.Body) }

// Named returns what a placeholder of a documented body means in the request. A placeholder
// is a place in the JSON body, such as /client_id, or "caller" for the caller's name, or a
// parameter of the path or the query.
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

// ShownExpiry returns the time of expiry that an answer has. It is the real one unless the clock is
// frozen. Clients compare it with their own clock, and must not find that the token has
// expired.
func (c *Call) ShownExpiry(expires time.Time) time.Time {
	if c.Frozen {
		return identity.Writable(expires.Add(50 * 365 * 24 * time.Hour))
	}
	return expires
}
