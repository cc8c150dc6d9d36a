package scenario

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Clock says where a sandbox's clock begins. With Freeze the clock is frozen at a time. With
// Start it runs from a time. With Offset it runs at an offset from the real time. The zero Clock is
// the real time.
type Clock struct {
	Freeze *time.Time `json:"freeze,omitempty"` // the time at which the clock is frozen
	Start  *time.Time `json:"start,omitempty"`  // the time from which the clock runs
	Offset *Offset    `json:"offset,omitempty"` // the offset from the real time, such as 1h or -30m
}

// Check returns an error if more than one member is given.
func (c *Clock) Check() error {
	given := 0
	for _, is := range []bool{c.Freeze != nil, c.Start != nil, c.Offset != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return errors.New("a clock takes only one of freeze, start and offset")
	}
	return nil
}

// An Offset is a duration that may be negative.
type Offset time.Duration

// UnmarshalText reads a duration, such as 1h or -30m.
func (o *Offset) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(strings.TrimPrefix(string(text), "+"))
	if err != nil {
		return fmt.Errorf("expected a duration such as 90s or -1h, up to 2562047h, got %q", text)
	}
	*o = Offset(d)
	return nil
}

// MarshalText writes the offset in the form that UnmarshalText reads.
func (o Offset) MarshalText() ([]byte, error) { return []byte(time.Duration(o).String()), nil }
