// Package fault holds what users write to make requests fail: rules.
//
// A Rule has three parts: where (which requests), when (which of those) and what (how they fail).
// Its phase says when it takes effect. A rule of phase "before" acts before the handler runs. A
// rule of phase "after" acts when the state has changed, so the answer can be lost.
//
// Sandbox.Fault and WithFault of package emulator arm rules. Files and the control API write the
// same rules in YAML and JSON.
package fault

// Header is the name of the request header that makes a single request fail. In an answer, the
// header names the rules that took effect.
const Header = "X-Standin-Fault"

// A Rule makes requests fail. The zero Where matches every request to a service. With the zero
// When, the rule fires at the first matching request.
type Rule struct {
	// Name identifies the rule in the journal, in answers and in random draws. The default is the
	// value of use, or else rule-1, rule-2… in the order in which rules are armed.
	Name string `json:"name,omitempty"`
	// Use names a documented failure, as OPERATION/STATUS or OPERATION/STATUS/EXAMPLE, such as
	// freezer.clients.create/753. It sets Where.Operation, What.Status and the body.
	Use   string `json:"use,omitempty"`
	Where Where  `json:"where,omitzero"`  // which requests the rule applies to; default: all
	When  When   `json:"when,omitzero"`   // at which of the matching requests the rule fires; default: at the first
	What  What   `json:"what,omitzero"`   // how the request fails
	Phase Phase  `json:"phase,omitempty"` // when the rule takes effect: before the handler, which then does not run (default), or after it
	// Continue lets the rules after this one fire too.
	Continue bool `json:"continue,omitempty"`
	// Stealth omits the header X-Standin-Fault from the answer.
	Stealth bool `json:"stealth,omitempty"`
	// Optional means that a verification passes even if the rule has not fired.
	Optional bool `json:"optional,omitempty"`
	// Func answers in place of What.Status, for rules written in Go. A rule with a Func fires
	// without limit, unless When.Times limits it. Files cannot have a Func.
	Func Func `json:"-"`
}

// A Phase says whether a rule takes effect before or after the handler runs.
type Phase string

// These are the phases. A rule that changes the handler's answer (headers, a changed body, a cut in
// the middle) runs the handler in both phases.
const (
	Before Phase = "before" // the default: the handler does not run
	After  Phase = "after"  // the handler has run; its answer is replaced, delayed or lost
)

// What says how a request fails. Several members may be given, such as a delayed 503 with half of
// its body.
type What struct {
	// Status is the status to answer in place of the handler, 200 to 999. The body is the
	// documented one for that status. If the document has none, it is an error in the service's own
	// format.
	Status int `json:"status,omitempty"`
	// Example names which documented body of the status to use. The default is the first.
	Example    string     `json:"example,omitempty"`
	Headers    Headers    `json:"headers,omitzero"`      // changes to the headers of the answer
	RetryAfter RetryAfter `json:"retry_after,omitempty"` // the header Retry-After: a duration such as 2s, an HTTP date such as date+30s, or any text
	// Body replaces the body. A string is sent unchanged, any other value as JSON.
	Body any `json:"body,omitempty"`
	// Patch changes the body by a JSON merge patch (RFC 7396).
	Patch         map[string]any `json:"patch,omitempty"`
	MalformedBody Malformation   `json:"malformed_body,omitempty"` // makes the body differ from what its headers say
	Delay         *Delay         `json:"delay,omitempty"`          // how long to wait before the answer: a duration, or a distribution of durations
	Dribble       *Dribble       `json:"dribble,omitempty"`        // sends the body in parts, with pauses
	Bandwidth     int            `json:"bandwidth,omitempty"`      // the rate at which the body is sent, in bytes per second
	Connection    *Connection    `json:"connection,omitempty"`     // how the connection breaks
	RateLimit     *RateLimit     `json:"rate_limit,omitempty"`     // refuses requests beyond a rate
	ExpireToken   bool           `json:"expire_token,omitempty"`   // makes the caller's token expire now
	PageCap       int            `json:"page_cap,omitempty"`       // the maximum number of items in a page
}

// Headers changes the headers of an answer: first Remove, then Set, then Add.
type Headers struct {
	Set    map[string]string `json:"set,omitempty"`    // headers that replace those of the same name
	Add    map[string]string `json:"add,omitempty"`    // headers to add
	Remove []string          `json:"remove,omitempty"` // names of headers to remove
}

// IsZero reports whether nothing is changed.
func (h Headers) IsZero() bool { return len(h.Set)+len(h.Add)+len(h.Remove) == 0 }

// A Malformation is a way in which a body differs from what its headers say.
type Malformation string

// These are the malformations.
const (
	NotJSON          Malformation = "json"         // a body that is not JSON: a comma replaces its last byte
	ByteOrderMark    Malformation = "bom"          // a byte order mark before the body
	WrongCharset     Malformation = "charset"      // UTF-16 that is declared as UTF-8
	WrongContentType Malformation = "content_type" // text/html
)

// Dribble sends the body in parts of equal size, spread evenly over a time.
type Dribble struct {
	Chunks int      `json:"chunks"`                  // the number of parts
	Over   Duration `json:"over" fixture:"required"` // the time in which all parts are sent
}

// A RateLimit refuses requests beyond a rate on the sandbox's clock. The status is 429 unless
// What.Status is given. Answers have the headers RateLimit-Limit, RateLimit-Remaining and
// RateLimit-Reset. Refusals also have Retry-After.
type RateLimit struct {
	Requests int      `json:"requests" fixture:"required"` // how many requests are allowed in that time
	Per      Duration `json:"per" fixture:"required"`      // the time for which requests are counted; greater than 0
	// Kind is "window" (default: a window opens with the first request) or "bucket" (allowed
	// requests come back one by one).
	Kind string `json:"kind,omitempty"`
	// By is whose requests are counted together: "sandbox" (default), "caller" or "operation".
	By string `json:"by,omitempty"`
}

// A State is an armed rule with its counts.
type State struct {
	Rule
	Matched uint64 `json:"matched"` // how many requests matched the rule's where
	Fired   uint64 `json:"fired"`   // how many times the rule took effect
}
