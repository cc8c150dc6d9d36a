package emulator

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"standin/internal/file"
	"standin/internal/scenario"
)

// A clock is a sandbox's time: the real one, another one that runs, or one that
// is frozen. The zero clock is the real one.
type clock struct{ setting atomic.Pointer[setting] }

// A setting of a clock. The zero setting is the real time.
type setting struct {
	frozen bool
	starts bool      // a running clock starts at its time when the sandbox begins
	at     time.Time // the time of a frozen clock; of a running one, its time at since
	since  time.Time // a real time; zero: the clock is frozen, starts, or is the real one
}

// running is the setting of a clock that shows a time at a real one, and runs.
func running(at, real time.Time) setting {
	if at = within(at); at.Equal(real) {
		return setting{}
	}
	return setting{at: at, since: real.Round(0)} // without the monotonic time: it does not pass while a machine sleeps
}

func (s setting) now() time.Time { return s.when(time.Now()) }

// when is the clock's time at a real one.
func (s setting) when(real time.Time) time.Time {
	switch {
	case s.frozen, s.starts:
		return within(s.at).UTC()
	case s.since.IsZero():
		return within(real).UTC()
	default:
		return within(s.at.Add(real.Sub(s.since))).UTC()
	}
}

// offset is how far a running clock is from the real time. A time.Duration holds about
// 290 years; what is more is written in hours.
func (s setting) offset() string {
	if d := s.at.Sub(s.since); s.since.Add(d).Equal(s.at) {
		return d.String()
	}
	const hour = int64(time.Hour / time.Second)
	return fmt.Sprintf("%dh", (s.at.Unix()-s.since.Unix())/hour)
}

// begun is the setting with which a sandbox begins.
func (s setting) begun() setting {
	if s.starts {
		return running(s.at, time.Now())
	}
	return s
}

// lastTime is the last time of a clock. Services add fractions of a second to it.
var lastTime = file.LastTime.Truncate(time.Second)

// within is the time, or the end of the range that clocks have.
func within(t time.Time) time.Time {
	switch {
	case t.Before(file.FirstTime):
		return file.FirstTime
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

func (c *clock) set(s setting) {
	if s == (setting{}) { // nil is the same, and nothing is allocated
		c.setting.Store(nil)
		return
	}
	begun := s.begun()
	c.setting.Store(&begun)
}

// change makes another setting of the present one, without losing what others do
// at the same time.
func (c *clock) change(next func(s setting, real time.Time) setting) {
	for {
		old := c.setting.Load()
		var s setting
		if old != nil {
			s = *old
		}
		if s = next(s, time.Now()); c.setting.CompareAndSwap(old, &s) {
			return
		}
	}
}

// now is the time, in UTC, and whether the clock is frozen.
func (c *clock) now() (time.Time, bool) { return c.at(time.Now()) }

// at is now at a real time.
func (c *clock) at(real time.Time) (time.Time, bool) {
	s := c.get()
	return s.when(real), s.frozen
}

// stop freezes the clock at its present time.
func (c *clock) stop() {
	c.change(func(s setting, real time.Time) setting { return setting{frozen: true, at: s.when(real)} })
}

// freeze freezes the clock at a time.
func (c *clock) freeze(at time.Time) { c.set(setting{frozen: true, at: within(at)}) }

// to sets the clock to a time. A frozen clock stays frozen, a running one runs on.
func (c *clock) to(at time.Time) {
	c.change(func(s setting, real time.Time) setting { return s.moved(at, real) })
}

// advance moves the clock. It stops at the ends of the range.
func (c *clock) advance(d time.Duration) {
	c.change(func(s setting, real time.Time) setting { return s.moved(s.when(real).Add(d), real) })
}

// moved is the setting at another time.
func (s setting) moved(at, real time.Time) setting {
	if s.frozen {
		return setting{frozen: true, at: within(at)}
	}
	return running(at, real)
}

// resume lets a frozen clock run on from its time.
func (c *clock) resume() {
	c.change(func(s setting, real time.Time) setting {
		if s.frozen {
			return running(s.at, real)
		}
		return s
	})
}

// settingOf is a scenario's clock.
func settingOf(c *scenario.Clock) setting {
	switch {
	case c.Freeze != nil:
		return setting{frozen: true, at: *c.Freeze}
	case c.Start != nil:
		return setting{starts: true, at: *c.Start}
	case c.Offset != nil:
		real := time.Now()
		return running(real.Add(time.Duration(*c.Offset)), real)
	default:
		return setting{}
	}
}

// startWord precedes the time at which a clock starts to run.
const startWord = "start:"

// parseClock reads real, an offset (+1h, -30m), the time at which the clock is
// frozen, or the time at which it starts to run (start:TIME).
func parseClock(text string) (setting, error) {
	if text == "real" {
		return setting{}, nil
	}
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		var o scenario.Offset
		if err := o.UnmarshalText([]byte(text)); err != nil {
			return setting{}, fmt.Errorf("clock: %w", err)
		}
		return settingOf(&scenario.Clock{Offset: &o}), nil
	}
	at, starts := strings.CutPrefix(text, startWord)
	t, err := file.ParseTime(at)
	switch {
	case err != nil:
		return setting{}, fmt.Errorf("clock %q: expected real, an offset such as +1h, a time at which it is frozen such as 2026-01-31T12:00:00Z, or start:TIME, at which it starts to run; times are from %s to %s",
			text, file.FirstTime.Format(time.RFC3339), file.LastTime.Format(time.RFC3339))
	case starts:
		return setting{starts: true, at: t}, nil
	}
	return setting{frozen: true, at: t}, nil
}
