package retry

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/world"
)

func (j *judge) givesUpEarly() {
	for _, c := range j.box.Chains {
		for i, a := range c.Attempts {
			if !idempotent(a) || !a.Answered(http.StatusServiceUnavailable, http.StatusTooManyRequests) && a.End != journal.Cut {
				continue
			}
			j.tested = true
			if i == 0 && len(c.Attempts) == 1 {
				j.fails(c, "%d %s, and was never sent again", a.Sequence, ended(a))
			}
		}
	}
}

func (j *judge) noCap() {
	most := j.grading.Max
	if most == 0 {
		most = journal.DefaultMaxAttempts
	}
	for _, c := range j.box.Chains {
		if len(c.Attempts) < 2 {
			continue
		}
		j.tested = true
		if n := own(c); n > most {
			j.fails(c, "%d attempts of one request; at most %d", n, most)
		}
	}
}

// own counts the attempts that the client made by itself. Its HTTP library repeats a request on each
// idle connection that turns out to be dead.
func own(c *chain.Chain) (n int) {
	for _, a := range c.Attempts {
		if !a.Library {
			n++
		}
	}
	return n
}

func (j *judge) repeatsUnsafely() {
	for _, c := range j.box.Chains {
		first := unknown(c)
		if first == nil || idempotent(first) {
			continue
		}
		j.tested = true
		by := map[string][]*chain.Step{} // the attempts that created a record, by its kind
		for _, a := range c.Attempts {
			for i := range a.Changes {
				if ch := &a.Changes[i]; ch.What == world.Created && !slices.Contains(by[ch.Kind], a) {
					by[ch.Kind] = append(by[ch.Kind], a)
				}
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(by)) {
			if len(by[kind]) > 1 {
				j.fails(c, "%d %s, and it was sent again; each of %s made one of %s", first.Sequence, ended(first), list(by[kind], " and "), kind)
			}
		}
	}
}

// unknown returns the first attempt of which the client cannot know whether it was carried out, and
// after which it sent the request again; nil if there is none.
func unknown(c *chain.Chain) *chain.Step {
	for _, a := range c.Attempts[:len(c.Attempts)-1] {
		if a.Lost() || a.End == journal.Answered && a.Status >= http.StatusInternalServerError {
			return a
		}
	}
	return nil
}

func (j *judge) bodyChanges() {
	j.once(func(_ *chain.Chain, _ int, a, b *chain.Step) (bool, string) {
		if safe(a) || !busy(a) && !a.Answered(http.StatusUnauthorized) {
			return false, ""
		}
		switch {
		case b.Body == 0 && a.Body != 0:
			return true, fmt.Sprintf("%d %s, and %d came without its body", a.Sequence, ended(a), b.Sequence)
		case b.Body != a.Body:
			return true, fmt.Sprintf("%d %s, and %d came with another body", a.Sequence, ended(a), b.Sequence)
		case b.Key != a.Key:
			return true, fmt.Sprintf("%d %s, and %d came with another Idempotency-Key", a.Sequence, ended(a), b.Sequence)
		}
		return true, ""
	})
}

func (j *judge) repeatsUnseen() {
	j.once(func(_ *chain.Chain, _ int, a, b *chain.Step) (bool, string) {
		if idempotent(a) || !a.Unseen {
			return false, ""
		}
		if b.Library {
			return true, fmt.Sprintf("%d %s, and the HTTP library sent it again as %d", a.Sequence, ended(a), b.Sequence)
		}
		return true, ""
	})
}
