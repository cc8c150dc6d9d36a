// Package ruleset decides which rules fire.
//
// A Catalogue has the operations and failures of the contracts. It reads rules, completes them and
// reports their mistakes. A Set holds the rules of one sandbox and their counts. It decides once
// for each request which rules fire.
//
// The package only decides. It does not wait, write or break connections.
package ruleset

import (
	"cmp"

	"standin/emulator/fault"
)

// finite reports whether the rule fires a limited number of times. A verification expects that it
// fires.
func finite(r *fault.Rule) bool { return times(r) > 0 || len(r.When.Calls) > 0 }

// ends reports whether there is a time after which the rule cannot fire. This is so if the rule is
// finite or its window ends.
func ends(r *fault.Rule) bool { return finite(r) || r.When.During != nil && Ends(r.When.During) }

// times returns the maximum number of times that the rule fires. 0 means no limit.
func times(r *fault.Rule) int {
	w := &r.When
	switch {
	case w.Times != nil:
		return *w.Times
	case w.Probability != nil, w.Every > 0, len(w.Calls) > 0, w.During != nil, r.What.RateLimit != nil, r.Func != nil:
		return 0
	default:
		return 1
	}
}

// Silences reports whether a connection fault of this rule sends nothing before the cut. A finite
// rule first sends an interim answer (100 Continue) unless it is silent. Without it, the client's
// HTTP library could repeat the request by itself.
func (a *Armed) Silences() bool {
	c := a.What.Connection
	return c == nil || c.Silent || !finite(&a.Rule)
}

// Replaces reports whether the rule's answer replaces the handler's.
func (a *Armed) Replaces() bool {
	return a.What.Status != 0 || a.Func != nil || a.What.RateLimit != nil
}

// Phased returns the phase of the rule. The default is fault.Before.
func (a *Armed) Phased() fault.Phase { return phased(&a.Rule) }

func phased(r *fault.Rule) fault.Phase { return cmp.Or(r.Phase, fault.Before) }

// count returns how many times the awaited event must have happened.
func count(s *fault.Since) uint64 { return uint64(max(s.Count, 1)) }

// always reports whether the rule fires at every request that matches its where, and prevents later
// rules from firing.
func always(r *fault.Rule) bool {
	w := &r.When
	return !r.Continue && times(r) == 0 && r.Func == nil && r.What.RateLimit == nil && w.Skip == 0 && w.Every == 0 && len(w.Calls) == 0 &&
		(w.Probability == nil || *w.Probability == 1) && w.During == nil && w.After == nil
}
