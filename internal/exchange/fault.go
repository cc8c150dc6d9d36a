package exchange

import (
	"fmt"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/identity"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/world"
)

// faulted is the rest of the request path where rules fire: what they do before the
// handler, the handler unless they answer in its place or break the connection, and what they
// make of the answer.
func (x *exchange) faulted() end {
	fired := x.decision.Fired
	if failing(fired) {
		x.sandbox.Journal().Failing(x.entry.ticket)
	}
	if !x.prepare(fired, fault.Before) {
		return x.leave()
	}
	if cut := cutting(fired, fault.Before); cut != nil {
		return x.broken(cut)
	}
	if f := replacing(fired, fault.Before); f != nil {
		x.inject(f)
	} else {
		x.paged(fired)
		x.hold(&x.target)
	}
	if !x.prepare(fired, fault.After) {
		return x.leave()
	}
	if f := replacing(fired, fault.After); f != nil {
		x.inject(f)
	}
	reply := &x.outcome.reply
	reply.Header = append(slices.Clip(reply.Header), x.decision.Headers...)
	for _, f := range fired {
		for _, what := range change(reply, &f.What, x.call.Now) {
			x.entry.did(f, what)
		}
		x.undated = x.undated || removes(&f.What.Headers, "Date")
	}
	if names := x.effective(fired); len(names) > 0 {
		reply.Header = append(reply.Header, service.Field{Name: fault.Header, Value: strings.Join(names, ", ")})
	}
	if cut := cutting(fired, fault.After); cut != nil {
		return x.broken(cut)
	}
	return x.deliver(fired)
}

// paged answers the call, with pages that have no more items than rules say. A rule has
// done something where the answer is a page, and would have been a longer one.
func (x *exchange) paged(fired []*ruleset.Firing) {
	for _, f := range fired {
		if n := f.What.PageCap; n > 0 && (x.call.PageCap == 0 || n < x.call.PageCap) {
			x.call.PageCap = n
		}
	}
	x.answer()
	items := x.call.Asked()
	for _, f := range fired {
		if n := f.What.PageCap; n > 0 && (items < 0 || n < items) {
			x.entry.did(f, fmt.Sprintf("page_cap %d", n))
			items = n
		}
	}
}

// effective names the rules that the answer shows: those that have done something, and
// those by which deliver will send it. The first of these sends it, but for a truncation
// that is silent, which only shortens the body.
func (x *exchange) effective(fired []*ruleset.Firing) (names []string) {
	taken := false
	for _, f := range fired {
		c := f.What.Connection
		sends := !taken && (c != nil || f.What.Dribble != nil || f.What.Bandwidth > 0)
		taken = taken || sends && (c == nil || c.Kind != fault.Truncate || c.Mode != "silent")
		if !f.Stealth && (sends || len(x.entry.noted(f).Did) > 0) {
			names = append(names, f.Name)
		}
	}
	return names
}

// failing reports whether one of the rules keeps the client from its answer.
func failing(fired []*ruleset.Firing) bool {
	return slices.ContainsFunc(fired, func(f *ruleset.Firing) bool {
		return f.What.Connection != nil || f.Replaces() || f.What.Delay != nil
	})
}

// cutting is the rule that breaks the connection without an answer in a phase.
func cutting(fired []*ruleset.Firing, phase fault.Phase) *ruleset.Firing {
	for _, f := range fired {
		if c := f.What.Connection; c != nil && !c.NeedsAnswer() && f.Phased() == phase {
			return f
		}
	}
	return nil
}

// replacing is the rule that answers in place of the handler in a phase.
func replacing(fired []*ruleset.Firing, phase fault.Phase) *ruleset.Firing {
	for _, f := range fired {
		if f.Replaces() && f.Phased() == phase {
			return f
		}
	}
	return nil
}

// prepare does what the rules of a phase do before they answer: wait, let the
// token expire. It reports false where the client leaves meanwhile.
func (x *exchange) prepare(fired []*ruleset.Firing, phase fault.Phase) bool {
	for _, f := range fired {
		if f.Phased() != phase {
			continue
		}
		if f.Delay > 0 {
			x.entry.did(f, "delay "+f.Delay.String())
			if !x.wait(f, f.Delay) {
				return false
			}
			if phase == fault.Before {
				x.call.Now = x.sandbox.Now()
			}
		}
		if f.What.ExpireToken && x.expireToken() {
			x.entry.did(f, "expire_token")
		}
	}
	return true
}

// expireToken lets the caller's token die now. It reports false where the caller shows
// none that could.
func (x *exchange) expireToken() bool {
	c := x.call.Caller
	if c == nil || c.Token == nil || identity.Tokens.Get(x.sandbox.World(), c.Token.ID) == nil {
		return false
	}
	return x.sandbox.Transact(func(tx *world.Tx) error {
		if t := identity.Tokens.Get(tx, c.Token.ID); t != nil {
			dead := *t
			dead.Expires = x.call.Now
			identity.Tokens.Put(tx, &dead)
		}
		return nil
	}) == nil
}
