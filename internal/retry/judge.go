package retry

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
)

// Thresholds of the rules. Those that measure a client's timer leave room for a busy machine.
const (
	atOnce       = 10 * time.Millisecond // pauses below are none
	leastLeeway  = 50 * time.Millisecond // by which a client may come early, whatever was told
	together     = 50 * time.Millisecond // callers that come back within this come together
	fewCallers   = 3                     // that make a stampede
	fewPauses    = 3                     // that show whether pauses grow
	steady       = 1.3                   // times the shortest pause: longer ones have grown
	fewChains    = 3                     // that show jitter
	sameBy       = 10 * time.Millisecond // pauses that differ by less are the same…
	sameShare    = 50                    // …or by less than one part of this many
	thousand     = 1000
	leastUnit    = 20 * time.Millisecond // a thousandth of what was told that differs from no pause at all
	manyPauses   = 6                     // of which the middle one shows whether they grow
	maxEvidences = 20                    // chains that a rule lists
)

// A judge collects what one rule finds.
type judge struct {
	grading *journal.Grading
	box     *box
	tested  bool // the situation came
	found   []journal.RetryChain
	more    int
}

// fails notes a chain that breaks the rule.
func (j *judge) fails(c *chain.Chain, format string, args ...any) {
	if len(j.found) == maxEvidences {
		j.more++
		return
	}
	f := journal.RetryChain{Sandbox: j.box.name, Operation: c.Operation, Why: fmt.Sprintf(format, args...)}
	for i, s := range c.Attempts {
		f.Entries = append(f.Entries, s.Sequence)
		if i > 0 {
			f.Pauses = append(f.Pauses, journal.Milliseconds(c.Pause(i-1)))
		}
	}
	j.found = append(j.found, f)
}

// ended is how an attempt ended, in words.
func ended(s *chain.Step) string {
	switch {
	case s.End == journal.Aborted:
		return "was given up by the client"
	case s.End == journal.Cut && s.Status == 0:
		return "lost its connection without an answer"
	case s.End == journal.Cut:
		return fmt.Sprintf("lost its connection during the answer %d", s.Status)
	default:
		return fmt.Sprintf("was answered %d", s.Status)
	}
}

// ms is a duration in words, in milliseconds.
func ms(d time.Duration) string {
	if d < atOnce {
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// clientError reports whether an answer says that the request is wrong, so that it is again the
// next time. A client may ask for a record until it exists.
func clientError(s *chain.Step) bool {
	switch {
	case s.Answered(753):
		return true
	case s.Answered(http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests):
		return false
	case s.Answered(http.StatusNotFound, http.StatusGone) && safe(s):
		return false
	}
	return s.End == journal.Answered && s.Status >= 400 && s.Status < 500
}

// busy reports whether an attempt failed in a way that time may mend: the service or the
// connection.
func busy(s *chain.Step) bool {
	return s.Lost() || s.Answered(http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests) ||
		s.End == journal.Answered && s.Status >= 500 && s.Status != 753
}

func safe(s *chain.Step) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, s.Method)
}

// idempotent reports whether the request can be sent twice without harm: by its method, or
// because it only searches or logs in.
func idempotent(s *chain.Step) bool {
	return s.Method != http.MethodPost && s.Method != http.MethodPatch ||
		strings.HasSuffix(s.Operation, ".search") || strings.HasSuffix(s.Operation, ".resolve") || slices.Contains(chain.Logins, s.Operation)
}

// once runs a check on each chain that stops at the first place that is wrong.
func (j *judge) once(check func(c *chain.Chain, i int, a, b *chain.Step) (tested bool, why string)) {
	for _, c := range j.box.chains {
		for i := range len(c.Attempts) - 1 {
			tested, why := check(c, i, c.Attempts[i], c.Attempts[i+1])
			j.tested = j.tested || tested
			if why != "" {
				j.fails(c, "%s", why)
				break
			}
		}
	}
}

func (j *judge) repeatsClientError() {
	for _, c := range j.box.chains {
		for i, a := range c.Attempts {
			if !clientError(a) {
				continue
			}
			j.tested = true
			if i+1 < len(c.Attempts) && c.Attempts[i+1].Same == a.Same {
				j.fails(c, "%d %s, and %d sent it again unchanged", a.Sequence, ended(a), c.Attempts[i+1].Sequence)
				break
			}
		}
	}
}

func (j *judge) keepsDeadToken() {
	j.once(func(_ *chain.Chain, _ int, a, b *chain.Step) (bool, string) {
		if !a.Answered(http.StatusUnauthorized) || a.Token == 0 {
			return false, ""
		}
		if a.Token != b.Token {
			return true, ""
		}
		return true, fmt.Sprintf("%d %s, and %d came with the same token", a.Sequence, ended(a), b.Sequence)
	})
}

// refused reports whether an attempt of the chain was answered 401.
func refused(c *chain.Chain) bool {
	return slices.ContainsFunc(c.Attempts, func(s *chain.Step) bool { return s.Answered(http.StatusUnauthorized) })
}

func (j *judge) logsInAgain() {
	var chains []*chain.Chain
	for _, c := range j.box.chains {
		if refused(c) && !slices.Contains(chain.Logins, c.Operation) {
			chains = append(chains, c)
		}
	}
	for _, c := range chains {
		at := slices.IndexFunc(c.Attempts, func(s *chain.Step) bool { return s.Answered(http.StatusUnauthorized) })
		if at == len(c.Attempts)-1 {
			continue
		}
		j.tested = true
		from, to := c.Attempts[at].Ended, c.Last().Began
		others := 0 // that may have needed the logins
		for _, o := range chains {
			if o != c && o.Attempts[0].Began.Before(to) && o.Last().Began.After(from) {
				others++
			}
		}
		logins := j.loginsOf(c, from, to)
		if len(logins) > 1+others {
			j.fails(c, "%d %s, and %d logins followed: %s", c.Attempts[at].Sequence, ended(c.Attempts[at]), len(logins), list(logins))
		}
	}
}

// loginsOf are the logins in a time that were made with the credentials of the chain's tokens. If
// no login issued them, all logins of the time count.
func (j *judge) loginsOf(c *chain.Chain, from, to time.Time) (all []*chain.Step) {
	with := map[uint64]bool{}
	for _, l := range j.box.logins {
		for _, s := range c.Attempts {
			if l.Issued != 0 && l.Issued == s.Token {
				with[l.Body] = true
			}
		}
	}
	for _, l := range j.box.logins {
		if l.Issued != 0 && l.Began.After(from) && l.Began.Before(to) && (len(with) == 0 || with[l.Body]) {
			all = append(all, l)
		}
	}
	return all
}

func list(steps []*chain.Step) string {
	var words []string
	for _, s := range steps {
		words = append(words, fmt.Sprint(s.Sequence))
	}
	return strings.Join(words, ", ")
}

func (j *judge) givesUpEarly() {
	for _, c := range j.box.chains {
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
	for _, c := range j.box.chains {
		u := unitOf(c)
		if j.tested = j.tested || u.known; u.mistake != "" {
			j.fails(c, "%s", u.mistake)
		}
	}
}

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
	for _, c := range j.box.chains {
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
	for _, c := range j.box.chains {
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

func (j *judge) noCap() {
	most := j.grading.Max
	if most == 0 {
		most = journal.DefaultMaxAttempts
	}
	for _, c := range j.box.chains {
		if len(c.Attempts) < 2 {
			continue
		}
		j.tested = true
		if n := len(c.Attempts); n > most {
			j.fails(c, "%d attempts of one request; at most %d", n, most)
		}
	}
}

func (j *judge) repeatsUnsafely() {
	for _, c := range j.box.chains {
		made := map[string][]string{} // records by kind
		open := false
		for i, a := range c.Attempts {
			if idempotent(a) {
				break
			}
			open = open || i < len(c.Attempts)-1 && (a.Lost() || a.End == journal.Answered && a.Status >= 500)
			for k := range a.Changes {
				if ch := &a.Changes[k]; ch.What == "created" {
					made[ch.Kind] = append(made[ch.Kind], fmt.Sprintf("%d", a.Sequence))
				}
			}
		}
		if !open {
			continue
		}
		j.tested = true
		for kind, by := range made {
			if distinct := slices.Compact(by); len(distinct) > 1 {
				j.fails(c, "%s, and it was sent again; each of %s made one of %s", lost(c), strings.Join(distinct, " and "), kind)
			}
		}
	}
}

// lost says of the first attempt whose outcome the client cannot know how it ended.
func lost(c *chain.Chain) string {
	for _, s := range c.Attempts {
		if s.Lost() || s.Status >= 500 {
			return fmt.Sprintf("%d %s", s.Sequence, ended(s))
		}
	}
	return ""
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

// A comeback is the first attempt of a caller after a refusal.
type comeback struct {
	who   string
	chain *chain.Chain
	step  *chain.Step
}

func (j *judge) stampedes() {
	var all []comeback
	for _, c := range j.box.chains {
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
			j.fails(first.chain, "%d callers that were refused came back within %s of each other: %s", len(callers), ms(together), list(steps))
			break
		}
	}
	callers := map[string]bool{}
	for _, c := range all {
		callers[c.who] = true
	}
	j.tested = j.tested || len(callers) >= fewCallers
}
