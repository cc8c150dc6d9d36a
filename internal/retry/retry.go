// Package retry judges how a client retried, by the chains of its requests.
//
// Each rule passes, fails or is not tested. It is not tested if the run did not bring the
// situation that the rule is about, so that a client which met no failure fails no rule.
package retry

import (
	"slices"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/contract"
	"standin/internal/recorder"
)

// A box is the record of one sandbox: its chains, and the logins in it.
type box struct {
	name   string
	chains []*chain.Chain
	logins []*chain.Step
	lost   uint64 // entries that fell out of the journal
}

// A rule judges chains.
type rule struct {
	id   journal.RetryRule
	norm string
	// warns is set for a rule whose failures are warnings, unless they are required.
	warns bool
	judge func(*judge)
}

// rules are in the order of journal.RetryRules.
var rules = []rule{
	{journal.RepeatsClientError, "RFC 9110 15.5: the request itself is wrong, so sending it again unchanged cannot help.", false, (*judge).repeatsClientError},
	{journal.KeepsDeadToken, "RFC 9110 15.5.2: after a 401, new credentials are needed.", false, (*judge).keepsDeadToken},
	{journal.LogsInAgainAndAgain, "RFC 9110 15.5.2: one login answers a 401; if the new token is refused too, another login does not help.", false, (*judge).logsInAgain},
	{journal.GivesUpEarly, "RFC 9110 9.2.2: an idempotent request can be repeated after 503, 429 or a lost connection.", true, (*judge).givesUpEarly},
	{journal.IgnoresRetryAfter, "RFC 9110 10.2.3: Retry-After says how long to wait before the next attempt.", false, (*judge).ignoresRetryAfter},
	{journal.NoPause, "A service that fails needs time; a repetition within 10 ms is load without a chance.", false, (*judge).noPause},
	{journal.NoBackoff, "Pauses that grow let a service recover.", false, (*judge).noBackoff},
	{journal.NoJitter, "Pauses with a random part keep clients from coming back together.", false, (*judge).noJitter},
	{journal.NoCap, "A bounded number of attempts ends the wait, and the load.", false, (*judge).noCap},
	{journal.RepeatsUnsafely, "RFC 9110 9.2.2: a POST is not idempotent; after a lost reply, look whether it was carried out.", false, (*judge).repeatsUnsafely},
	{journal.BodyChanges, "A repetition sends the same body and the same Idempotency-Key.", false, (*judge).bodyChanges},
	{journal.WrongUnit, "RFC 9110 10.2.3: the number in Retry-After is seconds.", false, (*judge).wrongUnit},
	{journal.Stampedes, "Clients that were refused together should not come back together.", false, (*judge).stampedes},
	{journal.Amplifies, "Failures should not multiply the requests.", false, nil},
	{journal.RepeatsUnseen, "RFC 9110 9.2.2: an HTTP library must not repeat a POST by itself.", false, (*judge).repeatsUnseen},
}

// Grade judges the retries in the journals of sandboxes. Requests of different sandboxes are never
// in one chain.
func Grade(g *journal.Grading, journals ...*recorder.Journal) *journal.Retries {
	boxes := make([]box, 0, len(journals))
	for _, j := range journals {
		steps, counts := j.Steps()
		boxes = append(boxes, newBox(j.Sandbox, steps, counts.Evicted, g.Operation))
	}
	return grade(g, boxes)
}

// newBox builds the chains of a sandbox, those of operations that match.
func newBox(name string, steps []recorder.Step, lost uint64, operation string) box {
	b := box{name: name, lost: lost}
	match := contract.NewGlobs(operation)
	for _, c := range chain.Build(steps) {
		if slices.Contains(chain.Logins, c.Operation) {
			b.logins = append(b.logins, c.Attempts...)
		}
		if operation == "" || match.Match(c.Operation) {
			b.chains = append(b.chains, c)
		}
	}
	return b
}

func grade(g *journal.Grading, boxes []box) *journal.Retries {
	var r journal.Retries
	var lost uint64
	for i := range boxes {
		lost += boxes[i].lost
	}
	for _, rule := range rules {
		if slices.Contains(g.Except, rule.id) {
			continue
		}
		r.Rules = append(r.Rules, rule.result(g, boxes, lost))
	}
	return &r
}

// result applies a rule to all sandboxes.
func (r *rule) result(g *journal.Grading, boxes []box, lost uint64) journal.RetryResult {
	x := journal.RetryResult{ID: r.id, Norm: r.norm, Verdict: journal.NotTested}
	if r.judge == nil {
		x.Why = "there is no run without failures to compare with"
		return x
	}
	j := judge{grading: g}
	for i := range boxes {
		j.box = &boxes[i]
		r.judge(&j)
	}
	required := slices.Contains(g.Require, r.id)
	switch x.Chains, x.More = j.found, j.more; {
	case len(j.found) > 0 && r.warns && !required:
		x.Verdict = journal.Warning
	case len(j.found) > 0:
		x.Verdict = journal.Failed
	case lost > 0:
		x.Why = "entries fell out of the journal; raise its bounds, or clear it earlier"
	case j.tested:
		x.Verdict = journal.Passed
	default:
		x.Why = "the situation did not come"
	}
	if required && x.Verdict == journal.NotTested {
		x.Verdict, x.Why = journal.Failed, "it is required, and was not tested: "+x.Why
	}
	return x
}
