package fault

import (
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// When says which of the requests that Where fits make a rule fire. All members
// that are given must hold.
type When struct {
	Skip        int      `json:"skip,omitempty"`        // how many requests pass first
	Times       *int     `json:"times,omitempty"`       // how many times the rule fires; 0: without limit
	Every       int      `json:"every,omitempty"`       // every second, third… request after those skipped
	Calls       []int    `json:"calls,omitempty"`       // the numbers of the requests to fire at, counted from 1
	Probability *float64 `json:"probability,omitempty"` // the probability that the rule fires, 0 to 1
	During      *Window  `json:"during,omitempty"`      // a span of time on the sandbox's clock
	After       *Since   `json:"after,omitempty"`       // what must have happened first
}

// Since holds as soon as a rule has fired, or an operation was requested, Count times; 0
// is once.
type Since struct {
	Fault     string `json:"fault,omitempty"`     // the name of another rule
	Operation string `json:"operation,omitempty"` // an operation as in where; requests count since the rule was armed
	Count     int    `json:"count,omitempty"`     // how many times; 0 is once
}

// UnmarshalNode reads a Since. The operation is a text, or a list of texts.
func (s *Since) UnmarshalNode(n file.Node) error {
	type plain Since
	return contract.DecodeOperation(n, &s.Operation, (*plain)(s))
}

// MarshalJSON writes a Since as UnmarshalNode reads it.
func (s Since) MarshalJSON() ([]byte, error) {
	type plain Since
	return unescaped(struct {
		Operation contract.Patterns `json:"operation,omitempty"`
		plain
	}{contract.Patterns(s.Operation), plain(s)})
}

// JSONSchema describes a Since.
func (*Since) JSONSchema() *value.Object {
	type plain Since
	return withOperation(file.SchemaFor[plain]())
}
