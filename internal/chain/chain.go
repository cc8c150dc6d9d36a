// Package chain puts together the requests that belong to one logical request of a client: its
// first attempt, and what the client sent again because that failed.
//
// The client is not instrumented, so the links are judgements from outside. The strict link joins
// requests that are the same byte for byte. The loose link joins requests of one caller to one
// operation and path, of which a later one follows a failed one; their bodies and headers may
// differ. A login between them breaks no link. Chains belong to one sandbox, and cross
// connections.
package chain

import (
	"net/http"
	"slices"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
)

// Window is how long after a failure a request still counts as its repetition. A longer wait
// that the answer asked for is added.
const Window = time.Minute

// thousand is by how much seconds and milliseconds differ.
const thousand = 1000

// A Chain is one logical request.
type Chain struct {
	Operation string  // the operationId; a method and a path outside every operation
	Attempts  []*Step // at least one, in the order in which they began
}

// A Step is one attempt.
type Step struct {
	recorder.Step
	Who string // the caller: a name, or what its token was known for; empty if that is unknown
}

// Failed reports whether the attempt did not bring what was asked for: no whole answer, or a
// status of 400 and above.
func (s *Step) Failed() bool {
	return s.End != journal.Open && (s.End != journal.Answered || s.Status >= http.StatusBadRequest)
}

// Answered reports whether the attempt brought a whole answer with the status.
func (s *Step) Answered(status ...int) bool {
	return s.End == journal.Answered && slices.Contains(status, s.Status)
}

// Lost reports whether the client got no whole answer, so that it cannot know what was done.
func (s *Step) Lost() bool { return s.End == journal.Cut || s.End == journal.Aborted }

// Last is the newest attempt.
func (c *Chain) Last() *Step { return c.Attempts[len(c.Attempts)-1] }

// Pause is the time from the end of an attempt to the beginning of the next one; 0 if the next
// one began before.
func (c *Chain) Pause(i int) time.Duration {
	return max(0, c.Attempts[i+1].Began.Sub(c.Attempts[i].Ended))
}

// A Record is the chains of one sandbox.
type Record struct {
	Sandbox string
	Chains  []*Chain // in the order in which they began
	Evicted uint64   // entries that the journal holds no more, so that chains may be missing
}

// Of returns the chains of the requests that a journal holds.
func Of(j *recorder.Journal) *Record {
	steps, counts := j.Steps()
	return &Record{j.Sandbox, Build(steps), counts.Evicted}
}

// Logins are operations that issue tokens.
var Logins = []string{"keystone.tokens.create", "privx.oauth.token", "privx.oauth.client-token", "privx.token.login"}

// Build puts the steps of one sandbox together. It returns the chains in the order in which they
// began, and the logins, which are in no chain but their own.
func Build(steps []recorder.Step) []*Chain {
	all := make([]*Step, len(steps))
	for i := range steps {
		all[i] = &Step{Step: steps[i]}
	}
	slices.SortStableFunc(all, func(a, b *Step) int { return a.Began.Compare(b.Began) })
	name(all)
	var chains []*Chain
	open := map[address][]*Chain{} // that may go on
	for _, s := range all {
		at := addressOf(s)
		open[at] = slices.DeleteFunc(open[at], func(c *Chain) bool { return over(c.Last(), s) })
		if c := best(open[at], s); c != nil {
			c.Attempts = append(c.Attempts, s)
			continue
		}
		c := &Chain{Operation: s.Operation, Attempts: []*Step{s}}
		if c.Operation == "" {
			c.Operation = s.Method + " " + s.Path
		}
		chains, open[at] = append(chains, c), append(open[at], c)
	}
	return chains
}

// An address is what all attempts of a chain share.
type address struct{ service, operation, method, path, query string }

func addressOf(s *Step) address { return address{s.Service, s.Operation, s.Method, s.Path, s.Query} }

// name finds out who made each request. A token belongs to the caller that it was accepted for
// once; a request with a dead token is that caller's.
func name(all []*Step) {
	owners := map[uint64]string{}
	for _, s := range all {
		if s.Token != 0 && s.Caller != "" {
			owners[s.Token] = s.Caller
		}
	}
	for _, s := range all {
		s.Who = s.Caller
		if s.Who == "" && s.Token != 0 {
			s.Who = owners[s.Token]
		}
	}
}

// over reports whether no request can be another attempt after the last one, when the next one
// comes.
func over(last, next *Step) bool {
	if last.End == journal.Open {
		return false
	}
	late := next.Began.Sub(last.Ended)
	if milliseconds := last.Told * thousand; last.HasTold && late > milliseconds*4/5 && late < milliseconds*6/5 {
		return !last.Failed() // a client that reads the unit wrongly waits a thousand times as long
	}
	return !last.Failed() || late > Window+last.Told
}

// best is the open chain that a step continues; nil if it begins one. A chain whose last attempt
// was the same request goes first, then one on the same connection, then the one that waits
// longest.
func best(open []*Chain, s *Step) *Chain {
	var found *Chain
	score := func(c *Chain) int {
		n := 0
		if c.Last().Same == s.Same {
			n += 2
		}
		if s.Conn != 0 && c.Last().Conn == s.Conn {
			n++
		}
		return n
	}
	for _, c := range open {
		if follows(c.Last(), s) && (found == nil || score(c) > score(found)) {
			found = c
		}
	}
	return found
}

// follows reports whether a step at the same address can be the next attempt after a failed one.
func follows(last, s *Step) bool {
	switch {
	case !last.Failed(), s.Began.Before(last.Ended) && last.End != journal.Aborted:
		return false
	case last.Who != "" && s.Who != "" && last.Who != s.Who:
		return false
	case last.Subject == 0 && s.Subject == 0 && last.Body != 0 && s.Body != 0 && last.Body != s.Body:
		return false // nothing says that these bodies are about the same
	}
	return last.Subject == 0 || s.Subject == 0 || last.Subject == s.Subject
}
