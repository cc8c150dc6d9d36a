package fault

import (
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// When says which of the requests that Where fits make a rule fire. All members
// that are given must hold.
type When struct {
	Skip        int      `json:"skip,omitempty"`        // the first of them pass
	Times       *int     `json:"times,omitempty"`       // how often the rule fires; 0: without limit
	Every       int      `json:"every,omitempty"`       // every second, third… after those skipped
	Calls       []int    `json:"calls,omitempty"`       // these, counted from 1
	Probability *float64 `json:"probability,omitempty"` // 0 to 1
	During      *Window  `json:"during,omitempty"`      // on the sandbox's clock
	After       *Since   `json:"after,omitempty"`
}

// Since holds as soon as a rule has fired, or an operation was requested, Count times; 0
// is once.
type Since struct {
	Fault     string `json:"fault,omitempty"`     // the name of another rule
	Operation string `json:"operation,omitempty"` // as in Where; requests since the rule was armed
	Count     int    `json:"count,omitempty"`
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
