package recorder

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
)

// An order looks in one journal for requests that match patterns one after the other.
type order struct {
	patterns []*pattern
	waits    *journal.Waits // between neighbours; nil means any

	met     int        // number of patterns that were met in this order
	reached [][]moment // with waits: the requests that can be at each place, by their ends
	misses  []string   // with waits: requests at the next place that came too early or too late
}

// A moment is the end of a request.
type moment struct {
	end      time.Time
	sequence uint64
}

// maxMissed is the maximum number of requests at a wrong time that a judgement lists.
const maxMissed = 3

// add looks at the next request of the journal.
func (o *order) add(x *content) {
	switch {
	case o.met == len(o.patterns):
	case o.waits != nil:
		o.addTimed(x)
	case o.patterns[o.met].fits(x) == fits:
		o.met++
	}
}

// addTimed tries the request at each place. It begins with the last place, so that the request does
// not follow itself.
func (o *order) addTimed(x *content) {
	if o.reached == nil {
		o.reached = make([][]moment, len(o.patterns))
	}
	for at := o.met; at >= 0; at-- {
		if o.patterns[at].fits(x) != fits || !o.follows(at, x) {
			continue
		}
		if at == o.met {
			o.met, o.misses = o.met+1, nil
		}
		if x.event > 0 { // of a request that is open, nobody knows the end
			m := moment{x.finished, x.sequence}
			i, _ := slices.BinarySearchFunc(o.reached[at], m, byEnd)
			o.reached[at] = slices.Insert(o.reached[at], i, m)
		}
	}
}

func byEnd(a, b moment) int { return a.end.Compare(b.end) }

// follows reports whether a request comes at the right time after one at the place before.
func (o *order) follows(at int, x *content) bool {
	if at == 0 {
		return true
	}
	before := o.reached[at-1]
	latest := len(before) // of those that end early enough
	if o.waits.Min > 0 {
		latest, _ = slices.BinarySearchFunc(before, moment{end: x.Began.Add(1 - time.Duration(o.waits.Min))}, byEnd)
	}
	if latest > 0 && o.waits.Has(max(0, x.Began.Sub(before[latest-1].end))) {
		return true
	}
	if at == o.met && len(before) > 0 && len(o.misses) < maxMissed {
		i, _ := slices.BinarySearchFunc(before, moment{end: x.Began.Add(1)}, byEnd)
		last := before[max(0, i-1)]
		o.misses = append(o.misses, fmt.Sprintf("%d came %s after the end of %d", x.sequence, journal.Milliseconds(max(0, x.Began.Sub(last.end))), last.sequence))
	}
	return false
}

// judge returns the judgement of the order.
func (o *order) judge(e *journal.Expectation) journal.Judgement {
	g := journal.Judgement{Expectation: "in order: " + names(e.Sequence), Met: o.met == len(o.patterns), Found: "all of them"}
	if o.waits != nil {
		g.Expectation += fmt.Sprintf(", with waits of %s", o.waits)
	}
	switch {
	case g.Met:
	case len(o.misses) > 0:
		g.Found = fmt.Sprintf("the first %d of %d; then %s", o.met, len(o.patterns), strings.Join(o.misses, ", "))
	default:
		g.Found = fmt.Sprintf("the first %d of %d, then no %s", o.met, len(o.patterns), &e.Sequence[o.met])
	}
	return g
}
