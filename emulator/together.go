package emulator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/recorder"
)

// kept are the sandboxes that were removed, oldest first, and are still to be judged.
type kept struct {
	removed []*Sandbox
	lost    int // that were too many
}

// mostKept bounds the removed sandboxes that are kept.
const mostKept = 10_000

// keep keeps a sandbox, and reports whether it does. The lock of the sandboxes is held.
func (k *kept) keep(s *Sandbox) bool {
	switch {
	case k == nil:
		return false
	case len(k.removed) < mostKept:
		s.unfired = s.faults.Unfired()
		k.removed = append(k.removed, s)
		return true
	default:
		k.lost++
		return false
	}
}

// together lists all sandboxes: the default one, then the others by name, of the
// same name those that were removed first.
func (e *Emulator) together() (all []*Sandbox, lost int) {
	present := e.others.list()
	e.others.mu.RLock()
	if k := e.others.kept; k != nil {
		all, lost = slices.Clone(k.removed), k.lost
	}
	e.others.mu.RUnlock()
	all = append(all, present...)
	slices.SortStableFunc(all, func(a, b *Sandbox) int { return strings.Compare(a.name, b.name) })
	return append([]*Sandbox{e.Sandbox}, all...), lost
}

// Sent is how many requests came to all sandboxes since the emulator was made. Those
// to the control API do not count.
func (e *Emulator) Sent() uint64 { return e.sent.Load() }

// Scenario is the name of the scenario that the emulator started with; empty without one.
func (e *Emulator) Scenario() string { return e.origin.Load().scenario }

// Exit is the exit code that the scenario expects of the command of standin run;
// empty if it says nothing.
func (e *Emulator) Exit() journal.Exit { return e.origin.Load().exit }

// AllRequests lists the exchanges of all sandboxes in the order in which they began.
func (e *Emulator) AllRequests() []journal.Entry {
	var entries []journal.Entry
	all, _ := e.together()
	for _, s := range all {
		entries = append(entries, s.Requests()...)
	}
	slices.SortStableFunc(entries, func(a, b journal.Entry) int { return a.Began.Compare(b.Began) })
	return entries
}

// AllJournals writes the journals of all sandboxes in their canonical form: the
// default one's, then the others by name. Two runs whose sandboxes each see the same
// requests in the same order compare, in whatever order the sandboxes take turns.
func (e *Emulator) AllJournals() []byte {
	var out []byte
	all, _ := e.together()
	for _, s := range all {
		out = append(out, s.Journal()...)
	}
	return out
}

// VerifyAll is Verify for all sandboxes together, by the expectations of the scenario
// that the emulator started with. Requests of all sandboxes are counted together. A
// sequence must be found within one sandbox. A rule that ends must have fired: one that
// all sandboxes start with in one of them, one that a sandbox has for itself in that one.
func (e *Emulator) VerifyAll() Verdict {
	all, lost := e.together()
	journals := make([]*recorder.Journal, len(all))
	for i, s := range all {
		journals[i] = &s.journal
	}
	v := Verdict{Judgements: recorder.Judge(e.origin.Load().expect, journals...)}
	for _, name := range e.faults.Unfired() {
		fired := journal.Expectation{Pattern: journal.Pattern{Fault: name}}
		if g := recorder.Judge([]journal.Expectation{fired}, journals...); !g[len(g)-1].Met {
			v.Judgements = append(v.Judgements, unfired(name))
		}
	}
	for _, s := range all[1:] {
		v.Judgements = append(v.Judgements, e.ownUnfired(s)...)
	}
	if lost > 0 {
		v.Judgements = append(v.Judgements, journal.Judgement{
			Expectation: "the journal of every sandbox is kept", Found: fmt.Sprintf("%d were deleted beyond the first %d", lost, mostKept),
		})
	}
	v.Passed = !slices.ContainsFunc(v.Judgements, func(j journal.Judgement) bool { return !j.Met })
	return v
}

// ownUnfired judges the rules that a sandbox has beyond those that all start with: each
// that ends must have fired in it.
func (e *Emulator) ownUnfired(s *Sandbox) (all []journal.Judgement) {
	inherited := e.origin.Load().rules
	for _, name := range append(s.faults.Unfired(), s.unfired...) {
		if slices.ContainsFunc(inherited, func(r fault.Rule) bool { return cmp.Or(r.Name, r.Use) == name }) {
			continue
		}
		g := unfired(name)
		g.Expectation += " in sandbox " + s.name
		all = append(all, g)
	}
	return all
}

// unfired is the judgement of a rule that ends and has not fired.
func unfired(name string) journal.Judgement {
	return journal.Judgement{Expectation: fmt.Sprintf("the rule %s fires", name), Found: "it never did: nothing failed"}
}
