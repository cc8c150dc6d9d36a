package barbican

import (
	"strconv"
	"time"

	"standin/internal/late"
)

// isoForm matches the times that the server accepts. They range from a year alone to a fraction
// of a second with a zone, with or without dashes and colons.
var isoForm = late.Regexp(`^([0-9]{4})(?:(?:-([0-9]{1,2})|([0-9]{2}))(?:(?:-([0-9]{1,2})|([0-9]{2}))` +
	`(?:[ T]([0-9]{2})(?::?([0-9]{2}))?(?::?([0-9]{1,2})(?:[.,]([0-9]+))?)?(?:Z|([-+])([0-9]{2}):?([0-9]{2})?)?)?)?)?$`)

// An isoTime is a time as it was written, and the offset of its zone from UTC.
type isoTime struct {
	written time.Time // with its zone taken as UTC
	zone    time.Duration
}

func (t isoTime) utc() time.Time { return t.written.Add(-t.zone) }

// parseTime parses a time as the server does. Without a zone it is in UTC.
func parseTime(text string) (isoTime, bool) {
	m := isoForm().FindStringSubmatch(text)
	if m == nil || len(text) == len("YYYYMM") && m[3] != "" {
		return isoTime{}, false
	}
	number := func(n int, of ...int) int {
		for _, i := range of {
			if m[i] != "" {
				n, _ = strconv.Atoi(m[i])
			}
		}
		return n
	}
	year, month, day := number(0, 1), number(1, 2, 3), number(1, 4, 5)
	hour, minute, second := number(0, 6), number(0, 7), number(0, 8)
	fraction := (m[9] + "000000")[:6]
	micros, _ := strconv.Atoi(fraction)
	t := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	if year == 0 || int(t.Month()) != month || t.Day() != day || hour > 23 || minute > 59 || second > 59 {
		return isoTime{}, false
	}
	zone := time.Duration(number(0, 11))*time.Hour + time.Duration(number(0, 12))*time.Minute
	if zone >= 24*time.Hour {
		return isoTime{}, false
	}
	if m[10] == "-" {
		zone = -zone
	}
	read := isoTime{t, zone}
	return read, read.utc().Year() <= 9999
}
