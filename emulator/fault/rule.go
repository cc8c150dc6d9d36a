// Package fault is what users write to make requests fail: rules.
//
// A Rule says where (which requests), when (which of those) and what (how they fail). Its
// phase says whether the rule takes effect before the handler runs, or after it, when the
// state has changed and the answer is lost. Sandbox.Fault and WithFault of package emulator
// arm rules. Files and the control API have the same rules in YAML and JSON.
package fault

// Header is the name of the request header that makes a single request fail. In an answer
// the header names the rules that took effect.
const Header = "X-Standin-Fault"

// A Rule is one way to fail. The zero Where fits every request to a service, the
// zero When fires at the first of them.
type Rule struct {
	// Name identifies the rule in journal, answers and draws. The default
	// is the documented failure, or rule-1, rule-2… in the order in which rules are armed.
	Name string `json:"name,omitempty"`
	// Use takes a documented failure, OPERATION/STATUS or OPERATION/STATUS/EXAMPLE,
	// as in freezer.clients.create/753: it fills in Where.Operation, What.Status
	// and the body.
	Use   string `json:"use,omitempty"`
	Where Where  `json:"where,omitzero"`  // which requests the rule is about; default: all
	When  When   `json:"when,omitzero"`   // which of these requests the rule fires at; default: the first
	What  What   `json:"what,omitzero"`   // how the request fails
	Phase Phase  `json:"phase,omitempty"` // when the rule takes effect: before (default), and the handler does not run; or after, and its answer is replaced, late or lost
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
	Before Phase = "before" // the default: the handler does not run
	After  Phase = "after"  // the handler has run, and its answer is replaced, late or lost
)

// What is how a request fails. Its members may be given together: a late 503 with
// half a body.
type What struct {
	// Status answers in place of the handler: 200 to 999. The body is the one that
	// the operation documents for it, else the service's own envelope.
	Status int `json:"status,omitempty"`
	// Example names which documented body of that status to use; the first unless given.
	Example    string     `json:"example,omitempty"`
	Headers    Headers    `json:"headers,omitzero"`      // changes of the answer's headers
	RetryAfter RetryAfter `json:"retry_after,omitempty"` // the header Retry-After: a duration such as 2s, date+30s, or any text
	// Body replaces the body: a text as it is, any other value as JSON.
	Body any `json:"body,omitempty"`
	// Patch changes the body by a JSON merge patch (RFC 7396).
	Patch         map[string]any `json:"patch,omitempty"`
	MalformedBody Malformation   `json:"malformed_body,omitempty"` // how the body differs from what its headers say
	Delay         *Delay         `json:"delay,omitempty"`          // the time to wait before the answer: a duration, or a distribution of durations
	Dribble       *Dribble       `json:"dribble,omitempty"`        // sends the body in parts
	Bandwidth     int            `json:"bandwidth,omitempty"`      // the rate of the answer's body, in bytes per second
	Connection    *Connection    `json:"connection,omitempty"`     // how the connection breaks
	RateLimit     *RateLimit     `json:"rate_limit,omitempty"`     // refuses requests beyond a rate
	ExpireToken   bool           `json:"expire_token,omitempty"`   // the caller's token is dead from now on
	PageCap       int            `json:"page_cap,omitempty"`       // the largest number of items of a page
}

// Headers change the headers of an answer: first Remove, then Set, then Add.
type Headers struct {
	Set    map[string]string `json:"set,omitempty"`    // headers that replace those of the same name
	Add    map[string]string `json:"add,omitempty"`    // headers that are added
	Remove []string          `json:"remove,omitempty"` // names of headers that are removed
}

// IsZero reports whether nothing is changed: empty members are as good as none.
func (h Headers) IsZero() bool { return len(h.Set)+len(h.Add)+len(h.Remove) == 0 }

// A Malformation is a way for a body not to be what its headers say.
type Malformation string

// The malformations.
const (
	NotJSON          Malformation = "json"         // a body that is no JSON: its last byte is missing, and a comma in its place
	ByteOrderMark    Malformation = "bom"          // a byte order mark before it
	WrongCharset     Malformation = "charset"      // UTF-16 that is said to be UTF-8
	WrongContentType Malformation = "content_type" // text/html
)

// Dribble sends the body in Chunks parts, evenly over the time.
type Dribble struct {
	Chunks int      `json:"chunks"`                  // the number of parts
	Over   Duration `json:"over" fixture:"required"` // the time in which all parts are sent
}

// A RateLimit refuses requests beyond a rate, on the sandbox's clock, with status
// 429 unless What.Status says otherwise. Answers carry RateLimit-Limit,
// RateLimit-Remaining and RateLimit-Reset; refusals also Retry-After.
type RateLimit struct {
	Requests int      `json:"requests" fixture:"required"` // how many requests pass
	Per      Duration `json:"per" fixture:"required"`      // the time in which they pass
	// Kind is "window" (default: a window opens with the first request) or "bucket" (tokens
	// come back one by one).
	Kind string `json:"kind,omitempty"`
	// By is whose requests are counted together: "sandbox" (default), "caller" or
	// "operation".
	By string `json:"by,omitempty"`
}

// A State is a rule that is armed, and what it has counted.
type State struct {
	Rule
	Matched uint64 `json:"matched"` // how many requests its where fitted
	Fired   uint64 `json:"fired"`   // how many times the rule took effect
}
