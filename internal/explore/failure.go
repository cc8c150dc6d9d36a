package explore

import (
	"net/http"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/ruleset"
)

// A failure is one way in which a request fails.
type failure struct {
	name    string // of the catalogue, or a name of this package
	about   string // what happens, in words
	what    fault.What
	use     string // the documented failure; empty for the others
	after   bool   // the request is carried out
	endless bool   // a client may try it for ever, so it is also tried without end
	rank    int    // the order in which failures are tried
	keeps   bool   // it is tried at every call site: what it means differs from place to place
}

// The names of the failures that no contract documents.
const (
	LostReply   = "lost-reply"
	HalfAnswer  = "half-answer"
	DeadToken   = "dead-token"
	Reset       = "reset"
	Hang        = "hang"
	Unavailable = "unavailable"
	Unanswered  = "unanswered"
)

// The ranks put failures in order: what the field found most with comes first.
const (
	rankLost = iota
	rankHalf
	rankToken
	rankRefused
	rankReset
	rankHang
	rankError
	rankBusy
)

// wire are the failures that no contract documents.
var wire = []failure{
	{name: LostReply, about: "the request is carried out, and the connection is reset before the answer", what: fault.What{Connection: fault.Cut(fault.Reset)}, after: true, rank: rankLost, keeps: true},
	{name: HalfAnswer, about: "the request is carried out, and half of the answer arrives", what: fault.What{Connection: fault.Cut(fault.Truncate)}, after: true, rank: rankHalf},
	{name: DeadToken, about: "the token of the request has just expired", what: fault.What{ExpireToken: true}, rank: rankToken},
	{name: Reset, about: "the connection is reset, and the request is not carried out", what: fault.What{Connection: fault.Cut(fault.Reset)}, endless: true, rank: rankReset},
	{name: Unavailable, about: "the answer is 503 with Retry-After: 1, which no contract documents and any proxy gives", what: fault.What{Status: http.StatusServiceUnavailable, RetryAfter: busyFor}, endless: true, rank: rankBusy},
	{name: Unanswered, about: "the request is carried out, and the answer never comes", what: fault.What{Connection: fault.Cut(fault.Hang)}, after: true, rank: rankHang, keeps: true},
	{name: Hang, about: "the answer never comes, and the request is not carried out", what: fault.What{Connection: fault.Cut(fault.Hang)}, rank: rankHang},
}

// can reports whether a failure can happen at a point. A reply that is lost is the same as a reset
// for a request that only reads.
func (s *Session) can(f *failure, p *point) bool {
	switch f.name {
	case LostReply, Unanswered:
		return !p.reads
	case HalfAnswer:
		return p.answers
	case DeadToken:
		return p.byToken
	case Unavailable:
		return !slices.ContainsFunc(s.known[p.Operation], func(k ruleset.Failure) bool { return k.Status == http.StatusServiceUnavailable })
	}
	return true
}

// short returns the name of a failure of an operation, without the operation.
func short(failure, operation string) string { return strings.TrimPrefix(failure, operation+"/") }

// waits reports whether the answer never comes, so that the run mostly waits.
func (f *failure) waits() bool { return f.name == Hang || f.name == Unanswered }

// wrongRequests are the statuses that only a wrong request brings.
var wrongRequests = []int{405, 406, 411, 413, 414, 415, 417, 431}

// busyFor is the Retry-After of a failure that asks the client to come back.
const busyFor = "1s"

// documented returns a documented failure.
func documented(f *ruleset.Failure) failure {
	x := failure{name: f.Name, use: f.Name, rank: rankRefused, about: "the answer is " + strings.TrimSpace(f.Name[strings.LastIndexByte(f.Name, '/')+1:]+" "+f.Reason)}
	switch {
	case f.Status == 429, f.Status == 503:
		x.rank, x.endless, x.what.RetryAfter = rankBusy, true, busyFor
		x.about += ", with Retry-After: 1"
	case f.Status >= 500 && f.Status < 600:
		x.rank, x.endless = rankError, true
	case f.Status == 404, f.Status == 409:
		x.keeps = true
	}
	return x
}

// failures returns the failures of a point, in the order in which they are tried.
func (s *Session) failures(p *point) (all []failure) {
	chosen := contract.NewGlobs(s.options.Failures)
	for i := range wire {
		if f := &wire[i]; chosen.Match(f.name) && s.can(f, p) {
			all = append(all, *f)
		}
	}
	for i := range s.known[p.Operation] {
		f := &s.known[p.Operation][i]
		if s.options.Failures == "" && slices.Contains(wrongRequests, f.Status) {
			continue
		}
		if chosen.Match(f.Name) {
			all = append(all, documented(f))
		}
	}
	slices.SortStableFunc(all, func(a, b failure) int { return a.rank - b.rank })
	return all
}

// ruleName is the name of the rule of a case.
const ruleName = "explored"

// endless is how many times a failure without end happens. It is a number, because a rule that has a
// limit lets no HTTP library repeat a request unseen.
const endless = 1_000_000

// rule returns the rule that makes the request of a point fail.
func (f *failure) rule(p *point, forever bool) fault.Rule {
	r := fault.Rule{Name: ruleName, Where: p.where, What: f.what, Use: f.use, When: fault.When{Skip: p.skip}}
	if f.after {
		r.Phase = fault.After
	}
	if forever {
		r.When.Times = new(endless)
		r.What.RetryAfter = "" // so that the client chooses its pauses
	}
	return r
}
