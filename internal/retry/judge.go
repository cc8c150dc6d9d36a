package retry

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
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
	f := journal.RetryChain{Sandbox: j.box.Sandbox, Operation: c.Operation, Why: fmt.Sprintf(format, args...)}
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
func ms(d time.Duration) string { return journal.Milliseconds(d).String() }

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
	for _, c := range j.box.Chains {
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

// list returns the sequences of attempts as a text.
func list(steps []*chain.Step, between string) string {
	words := make([]string, len(steps))
	for i, s := range steps {
		words[i] = strconv.FormatUint(s.Sequence, 10)
	}
	return strings.Join(words, between)
}
