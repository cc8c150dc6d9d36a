package sandbox

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"standin/internal/file"
	"standin/internal/scenario"
)

// A clock is the time of a sandbox: the real time, another time that runs, or a frozen time. The
// zero clock is the real time.
type clock struct{ setting atomic.Pointer[Setting] }

// A Setting is the state of a clock. The zero Setting is the real time.
type Setting struct {
	frozen bool
	starts bool      // the clock runs from at when the sandbox begins
	at     time.Time // time of a frozen clock; of a running clock, its time at since
	since  time.Time // real time; zero if the clock is frozen, has not started, or is the real time
}

// running returns the setting of a running clock that shows the time at when the real time is real.
func running(at, real time.Time) Setting {
	if at = within(at); at.Equal(real) {
		return Setting{}
	}
	return Setting{at: at, since: real.Round(0)} // without the monotonic reading, which stops while a machine sleeps
}

// Now returns the present time of the clock, in UTC.
func (s Setting) Now() time.Time { return s.when(time.Now()) }

// Mode returns "real", "offset" or "frozen".
func (s Setting) Mode() string {
	switch {
	case s.frozen:
		return "frozen"
	case !s.since.IsZero():
		return "offset"
	default:
		return "real"
	}
}

// when returns the time of the clock at a real time.
func (s Setting) when(real time.Time) time.Time {
	switch {
	case s.frozen, s.starts:
		return within(s.at).UTC()
	case s.since.IsZero():
		return within(real).UTC()
	default:
		return within(s.at.Add(real.Sub(s.since))).UTC()
	}
}

// Offset returns how far a running clock is from the real time; empty for any other clock. An
// offset beyond the range of a time.Duration, about 290 years, is written in hours.
func (s Setting) Offset() string {
	if s.Mode() != "offset" {
		return ""
	}
	if d := s.at.Sub(s.since); s.since.Add(d).Equal(s.at) {
		return d.String()
	}
	const hour = int64(time.Hour / time.Second)
	return fmt.Sprintf("%dh", (s.at.Unix()-s.since.Unix())/hour)
}

// begun returns the setting with which a sandbox begins.
func (s Setting) begun() Setting {
	if s.starts {
		return running(s.at, time.Now())
	}
	return s
}

// lastTime is the last time that a clock can show. Services add fractions of a second to it.
var lastTime = file.LastTime.Truncate(time.Second)

// within returns the time, or the nearest time that a clock can show.
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

func (c *clock) get() Setting {
	if s := c.setting.Load(); s != nil {
		return *s
	}
	return Setting{}
}

func (c *clock) set(s Setting) {
	if s == (Setting{}) { // nil means the same, without an allocation
		c.setting.Store(nil)
		return
	}
	begun := s.begun()
	c.setting.Store(&begun)
}

// change replaces the setting by one made from the present setting. It does not lose changes that
// other goroutines make at the same time.
func (c *clock) change(next func(s Setting, real time.Time) Setting) {
	for {
		old := c.setting.Load()
		var s Setting
		if old != nil {
			s = *old
		}
		if s = next(s, time.Now()); c.setting.CompareAndSwap(old, &s) {
			return
		}
	}
}

// now returns the time, in UTC, and whether the clock is frozen.
func (c *clock) now() (time.Time, bool) { return c.at(time.Now()) }

// at does what now does, for a real time.
func (c *clock) at(real time.Time) (time.Time, bool) {
	s := c.get()
	return s.when(real), s.frozen
}

// stop freezes the clock at its present time.
func (c *clock) stop() {
	c.change(func(s Setting, real time.Time) Setting { return Setting{frozen: true, at: s.when(real)} })
}

// freeze freezes the clock at a time.
func (c *clock) freeze(at time.Time) { c.set(Setting{frozen: true, at: within(at)}) }

// to sets the clock to a time. A frozen clock stays frozen, and a running clock keeps running.
func (c *clock) to(at time.Time) {
	c.change(func(s Setting, real time.Time) Setting { return s.moved(at, real) })
}

// advance moves the clock. It stops at the first and the last time that a clock can show.
func (c *clock) advance(d time.Duration) {
	c.change(func(s Setting, real time.Time) Setting { return s.moved(s.when(real).Add(d), real) })
}

// moved returns the setting with another time.
func (s Setting) moved(at, real time.Time) Setting {
	if s.frozen {
		return Setting{frozen: true, at: within(at)}
	}
	return running(at, real)
}

// resume lets a frozen clock run from its time.
func (c *clock) resume() {
	c.change(func(s Setting, real time.Time) Setting {
		if s.frozen {
			return running(s.at, real)
		}
		return s
	})
}

// SettingOf returns the setting of a scenario's clock.
func SettingOf(c *scenario.Clock) Setting {
	switch {
	case c.Freeze != nil:
		return Setting{frozen: true, at: *c.Freeze}
	case c.Start != nil:
		return Setting{starts: true, at: *c.Start}
	case c.Offset != nil:
		real := time.Now()
		return running(real.Add(time.Duration(*c.Offset)), real)
	default:
		return Setting{}
	}
}

// FrozenAt returns the setting of a clock that is frozen at a time.
func FrozenAt(at time.Time) Setting { return Setting{frozen: true, at: within(at)} }

// StartingAt returns the setting of a clock that runs from a time when the sandbox begins.
func StartingAt(at time.Time) Setting { return Setting{starts: true, at: within(at)} }

// OffsetBy returns the setting of a clock that runs at an offset from the real time. A negative
// offset is in the past.
func OffsetBy(d time.Duration) Setting {
	real := time.Now()
	return running(real.Add(d), real)
}

// startWord precedes the time at which a clock starts to run.
const startWord = "start:"

// ParseClock reads the text of a clock: real, an offset (+1h, -30m), a time at which the clock is
// frozen, or start:TIME, from which it runs.
func ParseClock(text string) (Setting, error) {
	if text == "real" {
		return Setting{}, nil
	}
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		var o scenario.Offset
		if err := o.UnmarshalText([]byte(text)); err != nil {
			return Setting{}, fmt.Errorf("clock: %w", err)
		}
		return SettingOf(&scenario.Clock{Offset: &o}), nil
	}
	at, starts := strings.CutPrefix(text, startWord)
	t, err := file.ParseTime(at)
	switch {
	case err != nil:
		return Setting{}, fmt.Errorf("clock %q: expected real, an offset such as +1h, a time such as 2026-01-31T12:00:00Z (frozen), or start:TIME (runs from then); times are from %s to %s",
			text, file.FirstTime.Format(time.RFC3339), file.LastTime.Format(time.RFC3339))
	case starts:
		return Setting{starts: true, at: t}, nil
	}
	return Setting{frozen: true, at: t}, nil
}
