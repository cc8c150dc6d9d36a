package retry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
)

// noPause does not judge the pause after a client left: the server notices that late.
func (j *judge) noPause() {
	j.once(func(c *chain.Chain, i int, a, b *chain.Step) (bool, string) {
		if !busy(a) || a.HasTold || b.Library || a.End == journal.Aborted {
			return false, ""
		}
		if pause := c.Pause(i); pause < atOnce {
			return true, fmt.Sprintf("%d %s, and %d came %s later", a.Sequence, ended(a), b.Sequence, ms(pause))
		}
		return true, ""
	})
}

// ownPauses returns the pauses that the client chose: no answer told it how long to wait. They belong
// to the longest run of failures that time may mend: another answer ends a run, for instance a 404
// to a client that polls.
func ownPauses(c *chain.Chain) (longest []time.Duration) {
	var run []time.Duration
	for i := range len(c.Attempts) - 1 {
		switch a := c.Attempts[i]; {
		case !busy(a):
			run = nil
		case !a.HasTold && !c.Attempts[i+1].Library && a.End != journal.Aborted:
			run = append(run, c.Pause(i))
		}
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}

// words are pauses as a text.
func words(pauses []time.Duration) string {
	var all []string
	for _, p := range pauses[:min(len(pauses), 5)] {
		all = append(all, ms(p))
	}
	if len(pauses) > len(all) {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}

func (j *judge) noBackoff() {
	for _, c := range j.box.Chains {
		pauses := ownPauses(c)
		if len(pauses) < fewPauses {
			continue
		}
		j.tested = true
		if !grow(pauses) {
			j.fails(c, "the pauses between %d attempts do not grow: %s", len(c.Attempts), words(pauses))
		}
	}
}

// grow reports whether pauses grow. Those of a client with jitter may shrink now and then; they do
// not grow if all are about the same, or if four or more only shrink. Of many pauses the middle one
// counts in place of the longest, since a busy machine makes some pauses longer.
func grow(pauses []time.Duration) bool {
	sorted := make([]time.Duration, len(pauses))
	shrinks := len(pauses) > fewPauses
	for i, p := range pauses {
		sorted[i] = max(p, atOnce)
		shrinks = shrinks && (i == 0 || sorted[i] <= sorted[i-1])
	}
	slices.Sort(sorted)
	long := sorted[len(sorted)-1]
	if len(sorted) >= manyPauses {
		long = sorted[len(sorted)/2]
	}
	return float64(long) > steady*float64(sorted[0]) && !shrinks
}

// noJitter compares the pauses of chains. Three of four have to be the same: a busy machine makes
// the pauses of some chains longer, and those of others alike.
func (j *judge) noJitter() {
	var all [][]time.Duration
	var chains []*chain.Chain
	for _, c := range j.box.Chains {
		if pauses := ownPauses(c); len(pauses) >= 2 && pauses[0] >= atOnce {
			all, chains = append(all, pauses), append(chains, c)
		}
	}
	if len(all) < fewChains {
		return
	}
	j.tested = true
	same, first := 0, 0
	for i := range all {
		n := 0
		for _, pauses := range all {
			if alike(all[i], pauses) {
				n++
			}
		}
		if n > same {
			same, first = n, i
		}
	}
	if same >= fewChains && 4*same >= 3*len(all) {
		j.fails(chains[first], "%d of %d chains have the same pauses: %s", same, len(all), words(all[first]))
	}
}

// alike reports whether pauses are the same, as far as a timer is exact.
func alike(a, b []time.Duration) bool {
	for i := range min(len(a), len(b)) {
		if d := (a[i] - b[i]).Abs(); d > max(sameBy, a[i]/sameShare) {
			return false
		}
	}
	return true
}

// A comeback is the first attempt of a caller after a refusal.
type comeback struct {
	who   string
	chain *chain.Chain
	step  *chain.Step
}

func (j *judge) stampedes() {
	var all []comeback
	for _, c := range j.box.Chains {
		if len(c.Attempts) > 1 && busy(c.Attempts[0]) && c.Pause(0) >= together && c.Attempts[0].Who != "" {
			all = append(all, comeback{c.Attempts[0].Who, c, c.Attempts[1]})
		}
	}
	slices.SortFunc(all, func(a, b comeback) int { return a.step.Began.Compare(b.step.Began) })
	for i, first := range all {
		callers := map[string]bool{}
		var steps []*chain.Step
		for _, o := range all[i:] {
			if o.step.Began.Sub(first.step.Began) > together {
				break
			}
			callers[o.who] = true
			steps = append(steps, o.step)
		}
		if len(callers) >= fewCallers {
			j.fails(first.chain, "%d callers that were refused came back within %s of each other: %s", len(callers), ms(together), list(steps, ", "))
			break
		}
	}
	callers := map[string]bool{}
	for _, c := range all {
		callers[c.who] = true
	}
	j.tested = j.tested || len(callers) >= fewCallers
}
