package exchange

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/identity"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/world"
)

// faulted is the rest of the request path if rules fire. It applies the actions of phase before,
// runs the handler unless an action replaces or cuts it, and applies the other actions.
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
		before := reply.Body
		for _, what := range change(reply, &f.What, x.call.Now) {
			x.entry.did(f, what)
		}
		x.changed(!bytes.Equal(before, reply.Body))
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

// paged runs the call with pages that are at most as long as the rules allow. A rule counts as
// applied if the page would have been longer without it.
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

// effective returns the names of the rules that the response header X-Standin-Fault lists. These
// are the rules that changed the response, and the first rule that deliver uses to send it. A
// silent truncation only shortens the body, so a later rule may still send it.
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

// failing reports whether one of the rules delays, replaces or breaks the response.
func failing(fired []*ruleset.Firing) bool {
	return slices.ContainsFunc(fired, func(f *ruleset.Firing) bool {
		return f.What.Connection != nil || f.Replaces() || f.What.Delay != nil
	})
}

// cutting returns the first rule of the phase that cuts the connection without a response, or
// nil.
func cutting(fired []*ruleset.Firing, phase fault.Phase) *ruleset.Firing {
	for _, f := range fired {
		if c := f.What.Connection; c != nil && !c.NeedsAnswer() && f.Phased() == phase {
			return f
		}
	}
	return nil
}

// replacing returns the first rule of the phase that responds in place of the handler, or nil.
func replacing(fired []*ruleset.Firing, phase fault.Phase) *ruleset.Firing {
	for _, f := range fired {
		if f.Replaces() && f.Phased() == phase {
			return f
		}
	}
	return nil
}

// prepare applies the delays and the token expiry of the rules of a phase. It returns false if
// the client leaves while waiting.
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
			x.met.Injected = x.met.Injected || phase == fault.Before // the rule causes the 401
			x.entry.did(f, "expire_token")
		}
	}
	return true
}

// expireToken makes the caller's token expire now. It returns false if the caller has no token
// that is in the world.
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
