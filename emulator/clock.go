package emulator

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"standin/emulator/fault"
)

// A clock is a sandbox's time: the real one, at an offset from it, or standing
// still. The zero clock is the real one.
type clock struct{ setting atomic.Pointer[setting] }

// A setting of a clock. The zero setting is the real time.
type setting struct {
	frozen bool
	at     time.Time     // where it stands still
	offset time.Duration // of one that runs
}

func (s setting) now() time.Time {
	if s.frozen {
		return s.at.UTC()
	}
	return time.Now().Add(s.offset).UTC()
}

func (c *clock) get() setting {
	if s := c.setting.Load(); s != nil {
		return *s
	}
	return setting{}
}

func (c *clock) set(s setting) { c.setting.Store(&s) }

// now is the time, in UTC, and whether it stands still.
func (c *clock) now() (time.Time, bool) {
	s := c.get()
	return s.now(), s.frozen
}

// freeze stops the clock at a time; at its present one if that is zero.
func (c *clock) freeze(at time.Time) {
	if at.IsZero() {
		at, _ = c.now()
	}
	c.set(setting{frozen: true, at: at})
}

// to sets the clock to a time. It goes on as it did: still, or running.
func (c *clock) to(at time.Time) {
	if c.get().frozen {
		c.freeze(at)
		return
	}
	c.set(setting{offset: time.Until(at)})
}

func (c *clock) advance(d time.Duration) {
	s := c.get()
	s.at, s.offset = s.at.Add(d), s.offset+d
	c.set(s)
}

// resume lets the clock run on from where it stands.
func (c *clock) resume() {
	if s := c.get(); s.frozen {
		c.set(setting{offset: time.Until(s.at)})
	}
}

// settingOf is a scenario's clock.
func settingOf(c *fault.Clock) setting {
	switch {
	case c.Freeze != nil:
		return setting{frozen: true, at: *c.Freeze}
	case c.Offset != nil:
		return setting{offset: time.Duration(*c.Offset)}
	default:
		return setting{}
	}
}

// parseClock reads real, an offset (+1h, -30m) or the time at which to stand still.
func parseClock(text string) (setting, error) {
	if text == "real" {
		return setting{}, nil
	}
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		if d, err := time.ParseDuration(text); err == nil {
			return setting{offset: d}, nil
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return setting{frozen: true, at: t}, nil
	}
	return setting{}, fmt.Errorf("clock %q: expected real, an offset such as +1h, or a time such as 2026-01-31T12:00:00Z at which it stands still", text)
}
