package fault

import (
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// When says at which of the requests that match Where a rule fires. All members that are given must
// match.
type When struct {
	Skip        int      `json:"skip,omitempty"`        // how many matching requests to let through first; default 0
	Times       *int     `json:"times,omitempty"`       // the maximum number of times the rule fires; default 1, or no limit with probability, every, calls, during or rate_limit; 0 means no limit
	Every       int      `json:"every,omitempty"`       // fire at every n-th request after those skipped: 2 for every second
	Calls       []int    `json:"calls,omitempty"`       // the numbers of the requests to fire at, counting from 1
	Probability *float64 `json:"probability,omitempty"` // the probability that the rule fires, from 0 to 1
	During      *Window  `json:"during,omitempty"`      // the time on the sandbox's clock in which the rule fires
	After       *Since   `json:"after,omitempty"`       // what must happen before the rule fires
}

// Since matches once a rule has fired, or an operation was requested, Count times.
type Since struct {
	Fault     string `json:"fault,omitempty"`     // the name of another rule, which must have fired
	Operation string `json:"operation,omitempty"` // operations, as in where; their requests count from when the rule was armed
	Count     int    `json:"count,omitempty"`     // how many times; 0 means once
}

// UnmarshalNode reads a Since. The operation is a string or a list of strings.
func (s *Since) UnmarshalNode(n file.Node) error {
	type plain Since
	return contract.DecodeOperation(n, &s.Operation, (*plain)(s))
}

// MarshalJSON writes a Since in the form that UnmarshalNode reads.
func (s Since) MarshalJSON() ([]byte, error) {
	type plain Since
	return unescaped(struct {
		Operation contract.Patterns `json:"operation,omitempty"`
		plain
	}{contract.Patterns(s.Operation), plain(s)})
}

// JSONSchema returns a JSON Schema of a Since.
func (*Since) JSONSchema() *value.Object {
	type plain Since
	return withOperation(file.SchemaFor[plain]())
}
