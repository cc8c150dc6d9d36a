package fault

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"standin/emulator/value"
)

// A Duration is a time.Duration that files spell as Go does: 250ms, 2s, 1h30m.
type Duration time.Duration

// UnmarshalText reads 250ms, 2s, 1h30m.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("expected a duration such as 250ms or 2s, got %q", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// A RetryAfter is what the header Retry-After says: a duration (2s) is told in
// whole seconds, rounded up; "date+30s" and "date-1h" as an HTTP date on the sandbox's
// clock; any other text as it is.
type RetryAfter string

// UnmarshalText takes any text that a header can hold.
func (r *RetryAfter) UnmarshalText(text []byte) error {
	if strings.ContainsFunc(string(text), func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return errors.New("a header cannot hold control characters")
	}
	*r = RetryAfter(text)
	return nil
}

// Header is the value of the header at a time.
func (r RetryAfter) Header(now time.Time) string {
	s := string(r)
	if rest, ok := strings.CutPrefix(s, "date"); ok {
		if d, err := time.ParseDuration(rest); err == nil {
			return now.Add(d).UTC().Format(http.TimeFormat)
		}
	}
	if d, err := time.ParseDuration(s); err == nil {
		return seconds(d)
	}
	return s
}

// seconds are whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(math.Ceil(d.Seconds())+0, 'f', 0, 64)
}

func textSchema(example string) *value.Object {
	return value.NewObject(
		value.Member{Name: "type", Value: []any{"string", "number"}},
		value.Member{Name: "examples", Value: []any{example}},
	)
}

// JSONSchema describes the spellings of a duration.
func (*Duration) JSONSchema() *value.Object {
	return value.NewObject(
		value.Member{Name: "type", Value: "string"},
		value.Member{Name: "pattern", Value: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^0$`},
	)
}

// JSONSchema describes the spellings of a Retry-After.
func (*RetryAfter) JSONSchema() *value.Object { return textSchema("2s") }
