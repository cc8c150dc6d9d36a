package ruleset

import (
	"cmp"
	"math"
	"time"

	"standin/emulator/fault"
	"standin/internal/file"
)

// longestDelay is the maximum of every delay, so that a distribution cannot draw a very long one.
const longestDelay = 10 * time.Minute

// z99 is the quantile of the standard normal distribution at 0.99.
const z99 = 2.3263478740408408

// resamples is how many times a draw greater than the maximum is repeated.
const resamples = 10

// drawDelay returns the delay of one request.
func drawDelay(d *fault.Delay, u draws) time.Duration {
	var t float64
	switch {
	case d.Uniform != nil:
		from, to := float64(d.Uniform.Min), float64(d.Uniform.Max)
		t = from + u.float("delay", 0)*(to-from)
	case d.Normal != nil:
		t = float64(d.Normal.Mean) + u.normal("delay", 0)*float64(d.Normal.StdDev)
	case d.Lognormal != nil:
		t = drawLognormal(d.Lognormal, u)
	default:
		t = float64(d.Fixed)
	}
	return min(max(time.Duration(t), 0), longestDelay).Round(time.Microsecond)
}

func drawLognormal(l *fault.Lognormal, u draws) float64 {
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

// checkDelay returns an error for the first mistake in a delay.
func checkDelay(d *fault.Delay, at file.Node) error {
	given := 0
	for _, is := range []bool{d.Fixed != 0, d.Uniform != nil, d.Normal != nil, d.Lognormal != nil} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return at.Errorf("a delay takes exactly one of fixed, uniform, normal and lognormal, got %d", given)
	case d.Uniform != nil && d.Uniform.Min > d.Uniform.Max:
		return at.At("uniform").Errorf("min %s is greater than max %s", time.Duration(d.Uniform.Min), time.Duration(d.Uniform.Max))
	case d.Lognormal != nil:
		return checkLognormal(d.Lognormal, at.At("lognormal"))
	}
	shortest, longest := d.Fixed, d.Fixed
	if d.Uniform != nil {
		shortest, longest = d.Uniform.Min, d.Uniform.Max
	}
	if n := d.Normal; n != nil {
		shortest = min(n.Mean, n.StdDev)
	}
	if shortest < 0 {
		return at.Errorf("delay %s: must not be negative", time.Duration(shortest))
	}
	if time.Duration(longest) > longestDelay {
		return at.Errorf("delay %s: expected at most %s", time.Duration(longest), longestDelay)
	}
	return nil
}

func checkLognormal(l *fault.Lognormal, at file.Node) error {
	switch {
	case l.Median <= 0:
		return at.Errorf("the median must be positive")
	case (l.Sigma != 0) == (l.P99 != 0):
		return at.Errorf("lognormal takes exactly one of sigma and p99")
	case l.Sigma < 0:
		return at.At("sigma").Errorf("sigma must not be negative")
	case l.P99 != 0 && l.P99 < l.Median:
		return at.At("p99").Errorf("p99 %s is less than the median %s", time.Duration(l.P99), time.Duration(l.Median))
	}
	return nil
}
