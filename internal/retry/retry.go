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
)

// A box is the record of one sandbox: the chains that are judged, and all logins.
type box struct {
	chain.Record
	logins []*chain.Step
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

// Grade judges the retries in the records of sandboxes.
func Grade(g *journal.Grading, records ...*chain.Record) *journal.Retries {
	boxes := make([]box, len(records))
	var evicted uint64
	for i, r := range records {
		boxes[i] = newBox(r, g.Operation)
		evicted += r.Evicted
	}
	var report journal.Retries
	for _, rule := range rules {
		if !slices.Contains(g.Except, rule.id) {
			report.Rules = append(report.Rules, rule.result(g, boxes, evicted > 0))
		}
	}
	return &report
}

// newBox selects the chains of operations that match a glob; empty selects all.
func newBox(r *chain.Record, operation string) box {
	b := box{Record: *r}
	for _, c := range r.Chains {
		if slices.Contains(chain.Logins, c.Operation) {
			b.logins = append(b.logins, c.Attempts...)
		}
	}
	if operation != "" {
		match := contract.NewGlobs(operation)
		b.Chains = slices.DeleteFunc(slices.Clone(r.Chains), func(c *chain.Chain) bool { return !match.Match(c.Operation) })
	}
	return b
}

// result applies a rule to all sandboxes.
func (r *rule) result(g *journal.Grading, boxes []box, incomplete bool) journal.RetryResult {
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
	case incomplete:
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
