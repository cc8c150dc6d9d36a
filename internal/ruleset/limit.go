package ruleset

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/internal/file"
	"standin/internal/service"
)

var (
	limitKinds = []string{"window", "bucket"}
	limitBys   = []string{"sandbox", "caller", "operation"}
)

// checkLimit returns an error for the first mistake in a rate limit.
func checkLimit(l *fault.RateLimit, at file.Node) error {
	switch {
	case l.Requests < 1:
		return at.At("requests").Errorf("requests must be 1 or more")
	case l.Per <= 0:
		return at.At("per").Errorf("per must be positive")
	case l.Kind != "" && !slices.Contains(limitKinds, l.Kind):
		return at.At("kind").Errorf("kind %q: expected %s", l.Kind, strings.Join(limitKinds, ", "))
	case l.By != "" && !slices.Contains(limitBys, l.By):
		return at.At("by").Errorf("by %q: expected %s", l.By, strings.Join(limitBys, ", "))
	}
	return nil
}

// limitKey returns the key of a call. A rate limit counts calls with the same key together.
func limitKey(l *fault.RateLimit, c *service.Call) string {
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
	begun time.Time // begin of the window, or when the tokens were last counted
	left  float64
}

// A metering is what a rate limit decides about one request.
type metering struct {
	refused   bool
	remaining int
	reset     time.Duration // time until more requests are allowed
}

// take counts a request. If the clock was set back, it starts again.
func take(l *fault.RateLimit, m *meter, now time.Time) metering {
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

// limitHeaders returns the headers of an answer under a rate limit.
func limitHeaders(l *fault.RateLimit, t metering) service.Headers {
	return service.Headers{
		{Name: "Ratelimit-Limit", Value: strconv.Itoa(l.Requests)},
		{Name: "Ratelimit-Remaining", Value: strconv.Itoa(t.remaining)},
		{Name: "Ratelimit-Reset", Value: seconds(t.reset)},
	}
}

// maxMeters is the maximum number of keys that a rate limit counts.
const maxMeters = 10_000

func (a *Armed) meter(c *service.Call) metering {
	l := a.What.RateLimit
	key := limitKey(l, c)
	m := a.meters[key]
	if m == nil {
		if a.meters == nil || len(a.meters) >= maxMeters {
			a.meters = map[string]*meter{}
		}
		m = &meter{}
		a.meters[key] = m
	}
	return take(l, m, c.Now)
}
