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

func (s setting) now() time.Time { return s.when(time.Now()) }

// when is the clock's time at a real one.
func (s setting) when(real time.Time) time.Time {
	if s.frozen {
		return within(s.at).UTC()
	}
	return within(real.Add(s.offset)).UTC()
}

// The first and the last time that a clock tells: what RFC 3339 can write.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

func within(t time.Time) time.Time {
	switch {
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	default:
		return t
	}
}

func (c *clock) get() setting {
	if s := c.setting.Load(); s != nil {
		return *s
	}
	return setting{}
}

func (c *clock) set(s setting) { c.setting.Store(&s) }

// change makes another setting of the present one, without losing what others do
// at the same time.
func (c *clock) change(next func(s setting) setting) {
	for {
		old := c.setting.Load()
		var s setting
		if old != nil {
			s = *old
		}
		if s = next(s); c.setting.CompareAndSwap(old, &s) {
			return
		}
	}
}

// now is the time, in UTC, and whether it stands still.
func (c *clock) now() (time.Time, bool) { return c.at(time.Now()) }

// at is now at a real time.
func (c *clock) at(real time.Time) (time.Time, bool) {
	s := c.get()
	return s.when(real), s.frozen
}

// freeze stops the clock at a time; at its present one if that is zero.
func (c *clock) freeze(at time.Time) {
	c.change(func(s setting) setting {
		if at.IsZero() {
			at = s.now()
		}
		return setting{frozen: true, at: within(at)}
	})
}

// to sets the clock to a time. It goes on as it did: still, or running; a running
// one cannot be set further away from the real time than a time.Duration reaches, about 290 years.
func (c *clock) to(at time.Time) {
	c.change(func(s setting) setting {
		if s.frozen {
			return setting{frozen: true, at: within(at)}
		}
		return setting{offset: time.Until(at)}
	})
}

func (c *clock) advance(d time.Duration) {
	c.change(func(s setting) setting {
		s.at, s.offset = within(s.at.Add(d)), s.offset+d
		return s
	})
}

// resume lets the clock run on from where it stands.
func (c *clock) resume() {
	c.change(func(s setting) setting {
		if s.frozen {
			return setting{offset: time.Until(s.at)}
		}
		return s
	})
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
