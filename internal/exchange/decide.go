package exchange

import (
	"standin/emulator/fault"
	"standin/internal/service"
)

// decide asks the sandbox's rules, and the rule in the request's header X-Standin-Fault, what to
// do. It returns a refusal if that header cannot be parsed.
func (x *exchange) decide() *refusal {
	if x.entry.journal == nil || x.target.service == x.path.Routes.Fallback {
		return nil
	}
	rules := x.sandbox.Rules()
	if text := x.in.request.Header[fault.Header]; len(text) > 0 && !x.path.NoRequestFaults {
		rule, err := x.path.Rules.Inline(text[0])
		if err != nil {
			identify(&x.call, &x.target, x.sandbox)
			return x.refuse(service.Errorf(service.Invalid, "", "%s", err.Error()).RefusedBy("header " + fault.Header))
		}
		x.own = rules.Own(rule)
	}
	if x.own == nil && rules.None() {
		return nil
	}
	identify(&x.call, &x.target, x.sandbox)
	x.decision = rules.Decide(&x.call, x.sandbox.Name(), x.own)
	x.entry.verdicts(&x.decision)
	return nil
}
