package fault

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
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

// longestDelay bounds every delay, so that a distribution cannot draw a year.
const longestDelay = 10 * time.Minute

// z99 is the quantile of the standard normal distribution at 0.99.
const z99 = 2.3263478740408408

// resamples is how often a draw beyond the maximum is drawn again.
const resamples = 10

// draw is the delay that the draws of one request give.
func (d *Delay) draw(u draws) time.Duration {
	var t float64
	switch {
	case d.Uniform != nil:
		from, to := float64(d.Uniform.Min), float64(d.Uniform.Max)
		t = from + u.float("delay", 0)*(to-from)
	case d.Normal != nil:
		t = float64(d.Normal.Mean) + u.normal("delay", 0)*float64(d.Normal.StdDev)
	case d.Lognormal != nil:
		t = d.Lognormal.draw(u)
	default:
		t = float64(d.Fixed)
	}
	return min(max(time.Duration(t), 0), longestDelay).Round(time.Microsecond)
}

func (l *Lognormal) draw(u draws) float64 {
	sigma := l.Sigma
	if l.P99 > 0 {
		sigma = math.Log(float64(l.P99)/float64(l.Median)) / z99
	}
	most := float64(cmp.Or(time.Duration(l.Max), longestDelay))
	for i := range resamples {
		if t := math.Exp(u.normal("delay", i)*sigma) * float64(l.Median); t <= most {
			return t
		}
	}
	return most
}

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

// check returns the first mistake in the delay, at the place of the node.
func (d *Delay) check(at file.Node) error {
	given := 0
	for _, is := range []bool{d.Fixed != 0, d.Uniform != nil, d.Normal != nil, d.Lognormal != nil} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return at.Errorf("a delay has one of fixed, uniform, normal and lognormal, this one has %d", given)
	case d.Uniform != nil && d.Uniform.Min > d.Uniform.Max:
		return at.At("uniform").Errorf("min %s is more than max %s", time.Duration(d.Uniform.Min), time.Duration(d.Uniform.Max))
	case d.Lognormal != nil:
		return d.Lognormal.check(at.At("lognormal"))
	}
	longest := slices.Max([]Duration{d.Fixed, d.uniformMax()})
	if time.Duration(longest) > longestDelay {
		return at.Errorf("a delay of %s; the most is %s", time.Duration(longest), longestDelay)
	}
	return nil
}

func (d *Delay) uniformMax() Duration {
	if d.Uniform == nil {
		return 0
	}
	return d.Uniform.Max
}

func (l *Lognormal) check(at file.Node) error {
	switch {
	case l.Median <= 0:
		return at.Errorf("the median must be more than 0")
	case (l.Sigma != 0) == (l.P99 != 0):
		return at.Errorf("a lognormal delay has either sigma or p99")
	case l.Sigma < 0:
		return at.At("sigma").Errorf("sigma must not be negative")
	case l.P99 != 0 && l.P99 < l.Median:
		return at.At("p99").Errorf("p99 %s is less than the median %s", time.Duration(l.P99), time.Duration(l.Median))
	}
	return nil
}
