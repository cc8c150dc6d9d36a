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

// A Gateway knows by which addresses the caller reaches the emulator, and whether it is
// still there.
type Gateway interface {
	// Present is a context that ends with the call's, and also where the client leaves
	// after it has sent more requests: for calls that wait.
	Present() (context.Context, context.CancelFunc)
	// Root is the scheme, host and prefix under which the emulator was reached.
	Root() string
	// Base is the address of the call's own service: Root and the service's prefix, or
	// the Address that the service has in their place.
	Base() string
	// Endpoint is the address of another service, from where the call came in;
	// empty if it cannot be reached.
	Endpoint(service string) string
}

// A Call is one request as its service sees it.
type Call struct {
	Operation *contract.Operation // nil: an unknown path, or a method the path does not have
	Methods   []string            // the methods of the path; none if it is unknown
	Vars      map[string]string   // the path's parameters
	Method    string
	Path      string // normalised, without the prefix of the service
	Sent      string // the path as it was sent
	RawQuery  string
	Host      string // the Host of the request
	Header    http.Header

	Body         []byte
	HasLength    bool // the request told the length of its body, and it is not 0
	BodyTooLarge bool // Body holds only the beginning

	Context context.Context //nolint:containedctx // of the request: it ends when the client leaves
	Sandbox string          // the name of the sandbox

	Caller      *identity.Caller // nil if CallerError is not
	CallerError error

	Now      time.Time // UTC
	Frozen   bool      // the clock stands still
	Settings *Settings
	Quirks   Quirks
	Gateway

	// Scratch is empty and may be grown into the body of the reply. It is used
	// again when the reply was sent.
	Scratch []byte

	// Mark is put into tokens that are issued, so that they lead back into the
	// sandbox; nil in the default one.
	Mark []byte

	// PageCap is the largest number of items that a page may have, because of a rule; 0
	// is no bound.
	PageCap int
	asked   int // how many items the page would have without it; negative: all that there are

	Seed     int64  // of the world
	Sequence uint64 // the number of the exchange
	View     world.View
	tx       *world.Tx
	query    url.Values
}

// Quirks are the names of the quirks that are on; nil: none.
type Quirks map[string]bool

// Quirk tells whether the quirk of that name is on.
func (c *Call) Quirk(name string) bool { return c.Quirks[name] }

// Write opens the call's transaction. Calls of safe methods have none.
func (c *Call) Write(tx *world.Tx) { c.tx, c.View = tx, tx }

// Tx is the transaction of the call, whose writes View shows too.
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

// Left says how many items there are from the beginning of the page on.
func (c *Call) Left(items int) {
	if items = max(items, 0); c.asked < 0 || items < c.asked {
		c.asked = items
	}
}

// Asked returns how many items the page would have without a PageCap; 0 if the answer is no
// page, and a negative number if only Capped was called, with no limit.
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

// Accept is the Accept header; several of them are one list.
func (c *Call) Accept() string { return strings.Join(c.Header["Accept"], ",") }

// Last is the last value of a query parameter that may be repeated.
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

// Is tells whether the call is for the operation.
func (c *Call) Is(operation string) bool { return c.Operation != nil && c.Operation.ID == operation }

// Allow writes methods as the headers of the real servers list them.
func (c *Call) Allow(methods ...string) string {
	methods = slices.Clone(methods)
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// MediaType is the Content-Type without its parameters, in its own spelling.
func (c *Call) MediaType() string {
	mediaType, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(mediaType)
}

// JSON reads the body as one JSON value.
func (c *Call) JSON() (any, error) { return value.Parse(c.Body) }

// Named finds what a placeholder of a documented body is in the request: a place in the
// JSON body, such as /client_id, the name of the "caller", or a parameter of the path or the query.
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

// Told is the time of expiry that a client is told, and the real one unless the
// clock stands still: clients look at their own clock, and must not think that the
// token has expired.
func (c *Call) Told(expires time.Time) time.Time {
	if c.Frozen {
		return identity.Writable(expires.Add(50 * 365 * 24 * time.Hour))
	}
	return expires
}
