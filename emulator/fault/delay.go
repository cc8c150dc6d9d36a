package fault

import (
	"encoding/json"
	"time"

	"standin/internal/file"
	"standin/internal/value"
)

// A Delay is a distribution of times to wait. Exactly one member is given. A file may give a fixed
// delay as a duration alone, without a mapping.
type Delay struct {
	Fixed     Duration   `json:"fixed,omitempty"`
	Uniform   *Uniform   `json:"uniform,omitempty"`
	Normal    *Normal    `json:"normal,omitempty"`
	Lognormal *Lognormal `json:"lognormal,omitempty"`
}

// Uniform is any time from Min to Max, including both.
type Uniform struct {
	Min Duration `json:"min"`
	Max Duration `json:"max" fixture:"required"`
}

// Normal is a normal distribution. A negative draw counts as 0.
type Normal struct {
	Mean   Duration `json:"mean" fixture:"required"`
	StdDev Duration `json:"stddev" fixture:"required"`
}

// Lognormal is a log-normal distribution, which is how response times are usually distributed. It
// has a median, and either sigma or the 99th percentile. A draw greater than Max is repeated up to
// ten times; then the delay is Max. A Max of 0 means no maximum.
type Lognormal struct {
	Median Duration `json:"median" fixture:"required"`
	Sigma  float64  `json:"sigma,omitempty"`
	P99    Duration `json:"p99,omitempty"`
	Max    Duration `json:"max,omitempty"`
}

// Fixed returns a delay that is always the same.
func Fixed(d time.Duration) *Delay { return &Delay{Fixed: Duration(d)} }

// UnmarshalNode reads a duration, or a mapping with one of the members.
func (d *Delay) UnmarshalNode(n file.Node) error {
	if !n.IsMapping() {
		return n.Decode(&d.Fixed)
	}
	type plain Delay
	return n.Decode((*plain)(d))
}

// MarshalJSON writes the delay in the form that UnmarshalNode reads.
func (d *Delay) MarshalJSON() ([]byte, error) {
	type plain Delay
	if d.Uniform == nil && d.Normal == nil && d.Lognormal == nil {
		return json.Marshal(d.Fixed)
	}
	return json.Marshal((*plain)(d))
}

// JSONSchema returns a JSON Schema of a delay.
func (*Delay) JSONSchema() *value.Object {
	type plain Delay
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{(*Duration)(nil).JSONSchema(), file.SchemaFor[plain]()}})
}
