// Package fault says when a request fails and how: rules, the failures that the
// contracts document, scenario files.
//
// A Rule is where (which requests), when (which of those) and what (how they
// fail), and the phase in which it takes effect: before the handler runs, or
// after, when the world has changed and the answer is lost. A Set holds the rules
// of one sandbox and decides, once for every request, which of them fires.
//
// The package decides; it does not sleep, write or cut. That is done on the
// request path.
package fault

import (
	"cmp"

	"standin/internal/value"
)

// A Rule is one way to fail. The zero Where fits every request to a service, the
// zero When fires at the first of them.
type Rule struct {
	// Name identifies the rule in journal, answers and draws. Without one
	// it is that of Use, or rule-1, rule-2… in the order in which rules are armed.
	Name string `json:"name,omitempty"`
	// Use takes a documented failure, OPERATION/STATUS or OPERATION/STATUS/EXAMPLE,
	// as in freezer.clients.create/753: it fills in Where.Operation, What.Status
	// and the body.
	Use   string `json:"use,omitempty"`
	Where Where  `json:"where,omitzero"`
	When  When   `json:"when,omitzero"`
	What  What   `json:"what,omitzero"`
	Phase Phase  `json:"phase,omitempty"`
	// Continue lets the rules after this one fire as well.
	Continue bool `json:"continue,omitempty"`
	// Stealth leaves the header X-Standin-Fault out of the answer.
	Stealth bool `json:"stealth,omitempty"`
	// Optional rules need not fire for a verification to pass.
	Optional bool `json:"optional,omitempty"`
	// Func answers in place of What.Status, for rules that are written in Go. A rule with a
	// Func fires without limit unless When.Times says otherwise. Files have no Func.
	Func Func `json:"-"`
}

// A Phase says whether a rule takes effect before or after the handler has run.
type Phase string

// The phases. What needs the answer of the handler (headers, a changed body, a
// cut in the middle) lets it run in both.
const (
	Before Phase = "before" // the usual: nothing happened
	After  Phase = "after"  // the world changed, and the answer is replaced, late or lost
)

// Where says which requests a rule is about: those that all of its members fit.
// Texts are globs: "*" stands for anything.
type Where struct {
	Operation string              `json:"operation,omitempty"` // operationId: freezer.clients.create, freezer.*, *.create
	Method    string              `json:"method,omitempty"`    // GET, POST…
	Path      string              `json:"path,omitempty"`      // with or without prefixes; {name} is one segment
	Query     map[string]*string  `json:"query,omitempty"`     // parameters; nil (null): absent
	Header    map[string]*string  `json:"header,omitempty"`    // request headers; nil (null): absent
	Caller    Caller              `json:"caller,omitzero"`
	Body      map[string]BodyTest `json:"body,omitempty"` // by JSON pointer: /client/hostname
}

// Caller says whose requests a rule is about.
type Caller struct {
	User    string `json:"user,omitempty"`    // name or id
	Token   string `json:"token,omitempty"`   // as the request shows it
	Project string `json:"project,omitempty"` // name or id
}

// A BodyTest looks at one place in a JSON body. All members that are given must hold.
type BodyTest struct {
	Equals  any     `json:"equals,omitempty"`  // a JSON value, in the types of package value
	Exists  *bool   `json:"exists,omitempty"`  //
	Matches *string `json:"matches,omitempty"` // a regular expression, on the text of the value
}

// When says which of the requests that Where fits make a rule fire. All members
// that are given must hold.
type When struct {
	Skip        int      `json:"skip,omitempty"`        // the first of them pass
	Times       *int     `json:"times,omitempty"`       // fires so often; 0: without end
	Every       int      `json:"every,omitempty"`       // every second, third… after those skipped
	Calls       []int    `json:"calls,omitempty"`       // these, counted from 1
	Probability *float64 `json:"probability,omitempty"` // 0 to 1
	During      *Window  `json:"during,omitempty"`      // on the sandbox's clock
	After       *Since   `json:"after,omitempty"`
}

// Since holds as soon as a rule has fired, or an operation was asked for, so
// often: once unless Count says more.
type Since struct {
	Fault     string `json:"fault,omitempty"`     // the name of another rule
	Operation string `json:"operation,omitempty"` // a glob; requests since the rule was armed
	Count     int    `json:"count,omitempty"`
}

func (s *Since) count() uint64 { return uint64(max(s.Count, 1)) }

// What is how a request fails. Its members may be given together: a late 503 with
// half a body.
type What struct {
	// Status answers in place of the handler: 200 to 999. The body is the one that
	// the operation documents for it, else the service's own envelope.
	Status int `json:"status,omitempty"`
	// Example names which documented body of that status to use; the first unless given.
	Example    string     `json:"example,omitempty"`
	Headers    Headers    `json:"headers,omitzero"`
	RetryAfter RetryAfter `json:"retry_after,omitempty"`
	// Body replaces the body: a text as it is, any other value as JSON.
	Body any `json:"body,omitempty"`
	// Patch changes the body by a JSON merge patch (RFC 7396).
	Patch         *value.Object `json:"patch,omitempty"`
	MalformedBody Malformation  `json:"malformed_body,omitempty"`
	Delay         *Delay        `json:"delay,omitempty"`
	Dribble       *Dribble      `json:"dribble,omitempty"`
	Bandwidth     int           `json:"bandwidth,omitempty"` // of the answer's body, in bytes a second
	Connection    *Connection   `json:"connection,omitempty"`
	RateLimit     *RateLimit    `json:"rate_limit,omitempty"`
	ExpireToken   bool          `json:"expire_token,omitempty"` // the caller's token is dead from now on
	PageCap       int           `json:"page_cap,omitempty"`     // a page has at most so many items
}

// Headers change the headers of an answer: first Remove, then Set, then Add.
type Headers struct {
	Set    map[string]string `json:"set,omitempty"`
	Add    map[string]string `json:"add,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// IsZero reports whether nothing is changed: empty members are as good as none.
func (h Headers) IsZero() bool { return h.empty() }

// A Malformation is a way for a body not to be what its headers say.
type Malformation string

// The malformations.
const (
	NotJSON          Malformation = "json"         // a body that is no JSON: its last byte is missing, and a comma in its place
	ByteOrderMark    Malformation = "bom"          // a byte order mark before it
	WrongCharset     Malformation = "charset"      // UTF-16 that is said to be UTF-8
	WrongContentType Malformation = "content_type" // text/html
)

var malformations = []string{string(NotJSON), string(ByteOrderMark), string(WrongCharset), string(WrongContentType)}

// Dribble sends the body in so many chunks, evenly over the time.
type Dribble struct {
	Chunks int      `json:"chunks"`
	Over   Duration `json:"over" fixture:"required"`
}

// finite reports whether the rule fires a limited number of times. Such a rule is
// expected to fire.
func (r *Rule) finite() bool { return r.times() > 0 || len(r.When.Calls) > 0 }

// ends reports whether the rule is over some time, so that it can be too late for it to
// fire: it is finite, or its window ends.
func (r *Rule) ends() bool {
	return r.finite() || r.When.During != nil && r.When.During.ends()
}

// times is how often the rule fires at most; 0 is without end.
func (r *Rule) times() int {
	w := &r.When
	switch {
	case w.Times != nil:
		return *w.Times
	case w.Probability != nil, w.Every > 0, len(w.Calls) > 0, w.During != nil, r.What.RateLimit != nil, r.Func != nil:
		return 0
	default:
		return 1
	}
}

// Silences reports whether a connection fault of this rule sends nothing before the
// cut. A rule that ends sends an interim answer (100 Continue), unless it says silent, so
// that the client's library does not send the request again unseen.
func (r *Rule) Silences() bool {
	c := r.What.Connection
	return c == nil || c.Silent || !r.finite()
}

// Replaces reports whether the rule's answer replaces the handler's.
func (r *Rule) Replaces() bool { return r.What.Status != 0 || r.Func != nil || r.What.RateLimit != nil }

// Phased is the phase, Before unless given.
func (r *Rule) Phased() Phase { return cmp.Or(r.Phase, Before) }
