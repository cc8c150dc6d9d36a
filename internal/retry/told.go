package retry

import (
	"fmt"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
)

// told is what the answer said to wait, less what is tolerated.
func (j *judge) told(s *chain.Step) (least time.Duration, ok bool) {
	percent := int(j.grading.Tolerance)
	if percent == 0 {
		percent = journal.DefaultTolerance
	}
	leeway := max(leastLeeway, s.Told*time.Duration(percent)/100)
	return s.Told - leeway, s.HasTold && s.End == journal.Answered
}

func (j *judge) ignoresRetryAfter() {
	j.once(func(c *chain.Chain, i int, a, b *chain.Step) (bool, string) {
		least, ok := j.told(a)
		if !ok {
			return false, ""
		}
		if pause := c.Pause(i); pause < least {
			return true, fmt.Sprintf("%d %s and told to wait %s; %d came after %s", a.Sequence, ended(a), ms(a.Told), b.Sequence, ms(pause))
		}
		return true, ""
	})
}

// A unit is what the pauses of a chain say of how the client reads Retry-After.
type unit struct {
	mistake string // in words; empty if there is none
	known   bool   // the pauses show the unit
}

// unitOf compares the pauses of a chain with what was told. Seconds are taken for milliseconds if
// three of four pauses are a thousandth of what was told, and there are two of them: a single short
// pause may be any other mistake, and a busy machine makes some pauses longer. Below 20 s, a
// thousandth is no longer than a slow client needs to ask again. Milliseconds are taken for seconds
// if a pause is a thousand times of what was told.
func unitOf(c *chain.Chain) unit {
	var short, told []int
	for i := range len(c.Attempts) - 1 {
		a, pause := c.Attempts[i], c.Pause(i)
		if !a.HasTold || a.End != journal.Answered || a.Told == 0 {
			continue
		}
		told = append(told, i)
		if pause > a.Told*thousand/2 {
			return unit{waited(c, i, "a thousand times of it"), true}
		}
		if least := a.Told / thousand; least >= leastUnit && pause >= least && pause <= least+least/2 {
			short = append(short, i)
		}
	}
	switch {
	case len(short) >= 2 && 4*len(short) >= 3*len(told):
		return unit{waited(c, short[0], "a thousandth of it, and so on"), true}
	default:
		return unit{"", len(told) > len(short)}
	}
}

// waited says what the client did after attempt i.
func waited(c *chain.Chain, i int, what string) string {
	return fmt.Sprintf("%d told to wait %s; %d came after %s, %s", c.Attempts[i].Sequence, ms(c.Attempts[i].Told), c.Attempts[i+1].Sequence, ms(c.Pause(i)), what)
}

func (j *judge) wrongUnit() {
	for _, c := range j.box.Chains {
		u := unitOf(c)
		if j.tested = j.tested || u.known; u.mistake != "" {
			j.fails(c, "%s", u.mistake)
		}
	}
}
