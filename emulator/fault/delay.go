package fault

import (
	"encoding/json"
	"time"

	"standin/internal/file"
	"standin/internal/value"
)

// A Delay is a distribution of times to wait; exactly one member is given. In a
// file a fixed one is written as its duration alone.
type Delay struct {
	Fixed     Duration   `json:"fixed,omitempty"`
	Uniform   *Uniform   `json:"uniform,omitempty"`
	Normal    *Normal    `json:"normal,omitempty"`
	Lognormal *Lognormal `json:"lognormal,omitempty"`
}

// Uniform is any time from Min to Max, both included.
type Uniform struct {
	Min Duration `json:"min"`
	Max Duration `json:"max" fixture:"required"`
}

// Normal is a normal distribution, cut off at 0.
type Normal struct {
	Mean   Duration `json:"mean" fixture:"required"`
	StdDev Duration `json:"stddev" fixture:"required"`
}

// Lognormal is what answering times look like. It is given by its median and
// either sigma or the time that 99 of 100 stay below. A draw beyond Max is drawn
// again up to ten times and then Max; 0 is no maximum.
type Lognormal struct {
	Median Duration `json:"median" fixture:"required"`
	Sigma  float64  `json:"sigma,omitempty"`
	P99    Duration `json:"p99,omitempty"`
	Max    Duration `json:"max,omitempty"`
}

// Fixed is a delay of always the same length.
func Fixed(d time.Duration) *Delay { return &Delay{Fixed: Duration(d)} }

// UnmarshalNode reads a duration, or a mapping with one of the members.
func (d *Delay) UnmarshalNode(n file.Node) error {
	if !n.IsMapping() {
		return n.Decode(&d.Fixed)
	}
	type plain Delay
	return n.Decode((*plain)(d))
}

// MarshalJSON writes the delay as UnmarshalNode reads it.
func (d *Delay) MarshalJSON() ([]byte, error) {
	type plain Delay
	if d.Uniform == nil && d.Normal == nil && d.Lognormal == nil {
		return json.Marshal(d.Fixed)
	}
	return json.Marshal((*plain)(d))
}

// JSONSchema describes the spellings of a delay.
func (*Delay) JSONSchema() *value.Object {
	type plain Delay
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{(*Duration)(nil).JSONSchema(), file.SchemaFor[plain]()}})
}
