package ruleset

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/internal/file"
)

// RetryAfter returns the value of the header Retry-After at a time.
func RetryAfter(r fault.RetryAfter, now time.Time) string {
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

// odd reports whether a Retry-After is neither a duration, a number nor a date.
func odd(r fault.RetryAfter) bool {
	s := string(r)
	if rest, ok := strings.CutPrefix(s, "date"); ok {
		s = rest
	}
	_, notDuration := time.ParseDuration(s)
	_, notNumber := strconv.ParseUint(string(r), 10, 64)
	_, notDate := http.ParseTime(string(r))
	return r != "" && notDuration != nil && notNumber != nil && notDate != nil
}

// httpDate returns a time as an HTTP date. It rounds up to a second, so that a client that waits
// until then has waited long enough.
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

// seconds returns a duration in whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(math.Ceil(d.Seconds())+0, 'f', 0, 64)
}
