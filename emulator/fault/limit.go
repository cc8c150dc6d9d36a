package fault

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/service"
)

// A RateLimit refuses requests beyond a rate, on the sandbox's clock, with status
// 429 unless What.Status says otherwise. Answers carry RateLimit-Limit,
// RateLimit-Remaining and RateLimit-Reset; refusals also Retry-After.
type RateLimit struct {
	Requests int      `json:"requests" fixture:"required"` // so many
	Per      Duration `json:"per" fixture:"required"`      // in this time
	// Kind is "window" (a window opens with the first request; the usual) or
	// "bucket" (tokens that come back one by one).
	Kind string `json:"kind,omitempty"`
	// By is whose requests are counted together: "sandbox" (the usual), "caller"
	// or "operation".
	By string `json:"by,omitempty"`
}

var (
	limitKinds = []string{"window", "bucket"}
	limitBys   = []string{"sandbox", "caller", "operation"}
)

func (l *RateLimit) check(at file.Node) error {
	switch {
	case l.Requests < 1:
		return at.At("requests").Errorf("a rate limit lets at least 1 request through")
	case l.Per <= 0:
		return at.At("per").Errorf("per must be positive")
	case l.Kind != "" && !slices.Contains(limitKinds, l.Kind):
		return at.At("kind").Errorf("no rate limit of the kind %q; expected %s", l.Kind, strings.Join(limitKinds, ", "))
	case l.By != "" && !slices.Contains(limitBys, l.By):
		return at.At("by").Errorf("a rate limit is by %s, not by %q", strings.Join(limitBys, ", "), l.By)
	}
	return nil
}

// key is whose requests are counted together with this one.
func (l *RateLimit) key(c *service.Call) string {
	switch l.By {
	case "caller":
		if c.Caller == nil {
			return ""
		}
		return c.Caller.Name
	case "operation":
		if c.Operation == nil {
			return ""
		}
		return c.Operation.ID
	default:
		return ""
	}
}

// A meter counts the requests of one key.
type meter struct {
	begun time.Time // of the window, or when the tokens were last counted
	left  float64
}

// A metering is what a rate limit says of one request.
type metering struct {
	refused   bool
	remaining int
	reset     time.Duration // until there is room again
}

// take counts a request. When the clock has gone back, it begins again.
func (l *RateLimit) take(m *meter, now time.Time) metering {
	most, per := float64(l.Requests), time.Duration(l.Per)
	gone := now.Sub(m.begun)
	switch {
	case m.begun.IsZero() || gone < 0:
		m.begun, m.left = now, most
	case l.Kind == "bucket":
		m.left = math.Min(most, m.left+gone.Seconds()*most/per.Seconds())
		m.begun = now
	case gone >= per:
		m.begun, m.left = now, most
	}
	t := metering{refused: m.left < 1}
	if !t.refused {
		m.left--
	}
	t.remaining = int(m.left)
	t.reset = m.begun.Add(per).Sub(now)
	if l.Kind == "bucket" {
		t.reset = time.Duration(math.Max(0, 1-m.left) * float64(per) / most)
	}
	return t
}

// headers are those of the answer to a request that was counted.
func (l *RateLimit) headers(t metering) service.Headers {
	return service.Headers{
		{Name: "Ratelimit-Limit", Value: strconv.Itoa(l.Requests)},
		{Name: "Ratelimit-Remaining", Value: strconv.Itoa(t.remaining)},
		{Name: "Ratelimit-Reset", Value: seconds(t.reset)},
	}
}
