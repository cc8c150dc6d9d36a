package exchange

import (
	"fmt"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/ruleset"
	"standin/internal/service"
)

// decide asks the rules, and the request's own one.
func (x *exchange) decide() (ruleset.Decision, *refusal) {
	if !x.journaled || x.service == x.path.Routes.Fallback {
		return ruleset.Decision{}, nil
	}
	rules := x.sandbox.Rules()
	if text := x.request.Header[fault.Header]; len(text) > 0 && !x.path.NoRequestFaults {
		rule, err := x.path.Rules.Inline(text[0])
		if err != nil {
			x.identify()
			return ruleset.Decision{}, x.refuse(service.Errorf(service.Invalid, "", "%s", err.Error()))
		}
		x.own = rules.Own(rule)
	}
	if x.own == nil && rules.None() {
		return ruleset.Decision{}, nil
	}
	x.identify()
	d := rules.Decide(&x.call, x.sandbox.Name(), x.own)
	x.noteVerdicts(&d)
	return d, nil
}

// acts reports whether a rule fires.
func (x *exchange) acts() bool { return len(x.decision.Fired) > 0 || len(x.decision.Headers) > 0 }

// mostVerdicts bounds the rules that an entry lists though they did not fire.
const mostVerdicts = 20

// noteVerdicts notes in the journal which rules fitted, and why they did not fire.
func (x *exchange) noteVerdicts(d *ruleset.Decision) {
	c := &x.closing
	c.Near = d.Misses
	left := 0
	for _, v := range d.Verdicts {
		if !v.Fired && len(c.Faults) >= mostVerdicts {
			left++
			continue
		}
		c.Faults = append(c.Faults, journal.Fault{Rule: v.Rule, Match: v.Match, Fired: v.Fired, Draw: v.Draw, Why: v.Why})
	}
	if left > 0 {
		c.Near = append(c.Near, fmt.Sprintf("%d more rules fitted, and did not fire", left))
	}
}

// identify says who is calling, before anything is decided.
func (x *exchange) identify() {
	c := &x.call
	c.View = x.sandbox.World()
	defer func() { _ = recover() }() // a bug of ours is told when the call is handled
	c.Caller, c.CallerError = x.service.Identify(c)
}
