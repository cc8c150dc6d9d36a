package fault

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/value"
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

// A RetryAfter is the value of the header Retry-After. A duration (2s) is sent in
// whole seconds, rounded up. "date+30s" and "date-1h" are sent as an HTTP date on the
// sandbox's clock, rounded up to a second. Any other text is sent as it is.
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
			return httpDate(now.Add(d).UTC())
		}
	}
	if d, err := time.ParseDuration(s); err == nil {
		return seconds(d)
	}
	return s
}

// odd reports whether no client can make sense of the value.
func (r RetryAfter) odd() bool {
	s := string(r)
	if rest, ok := strings.CutPrefix(s, "date"); ok {
		s = rest
	}
	_, notDuration := time.ParseDuration(s)
	_, notNumber := strconv.ParseUint(string(r), 10, 64)
	_, notDate := http.ParseTime(string(r))
	return r != "" && notDuration != nil && notNumber != nil && notDate != nil
}

// httpDate writes a time in whole seconds, rounded up: a client that waits until then
// has waited long enough.
func httpDate(t time.Time) string {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		t = whole.Add(time.Second)
	}
	switch last := file.LastTime.Truncate(time.Second); {
	case t.After(last):
		t = last
	case t.Before(file.FirstTime):
		t = file.FirstTime
	}
	return t.Format(http.TimeFormat)
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
