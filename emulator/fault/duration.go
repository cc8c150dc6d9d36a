package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"standin/internal/value"
)

// A Duration is a time.Duration. Files write it as Go does: 250ms, 2s, 1h30m.
type Duration time.Duration

// UnmarshalText reads a duration, such as 250ms, 2s or 1h30m.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("expected a duration such as 250ms or 2s, got %q", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration in the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// A RetryAfter is the value of the header Retry-After. A duration (2s) is sent in seconds, rounded
// up. "date+30s" and "date-1h" are sent as an HTTP date on the sandbox's clock, rounded up to a
// second. Any other text is sent unchanged.
type RetryAfter string

// UnmarshalText reads any text that a header can hold.
func (r *RetryAfter) UnmarshalText(text []byte) error {
	if strings.ContainsFunc(string(text), func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return errors.New("a header cannot contain control characters")
	}
	*r = RetryAfter(text)
	return nil
}

// JSONSchema returns a JSON Schema of a duration.
func (*Duration) JSONSchema() *value.Object {
	return value.NewObject(
		value.Member{Name: "type", Value: "string"},
		value.Member{Name: "pattern", Value: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`},
	)
}

// JSONSchema returns a JSON Schema of a Retry-After.
func (*RetryAfter) JSONSchema() *value.Object {
	return value.NewObject(
		value.Member{Name: "type", Value: []any{"string", "number"}},
		value.Member{Name: "examples", Value: []any{"2s"}},
	)
}
