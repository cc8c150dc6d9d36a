package sandbox

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
	removed []ended
	lost    int // that were too many
}

// An ended sandbox is one that is judged, and the rules that had not fired when it was removed.
type ended struct {
	*Sandbox
	unfired []string
}

// maxKept bounds the removed sandboxes that are kept.
const maxKept = 10_000

// keep keeps a sandbox, and reports whether it does. The lock of the sandboxes is held.
func (k *kept) keep(s *Sandbox) bool {
	switch {
	case k == nil:
		return false
	case len(k.removed) < maxKept:
		k.removed = append(k.removed, ended{s, s.faults.Unfired()})
		return true
	default:
		k.lost++
		return false
	}
}

// together lists all sandboxes: the default one, then the others by name, of the
// same name those that were removed first.
func (r *Registry) together() (all []ended, lost int) {
	present := r.List()[1:]
	all, lost = r.removed()
	for _, s := range present {
		all = append(all, ended{s, nil})
	}
	slices.SortStableFunc(all, func(a, b ended) int { return strings.Compare(a.name, b.name) })
	return slices.Insert(all, 0, ended{r.first, nil}), lost
}

// removed lists the sandboxes that were removed and are kept, and counts those that are not.
func (r *Registry) removed() (all []ended, lost int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k := r.kept; k != nil {
		all, lost = slices.Clone(k.removed), k.lost
	}
	return all, lost
}

// AllRequests lists the exchanges of all sandboxes in the order in which they began.
func (r *Registry) AllRequests() []journal.Entry {
	var entries []journal.Entry
	all, _ := r.together()
	for _, s := range all {
		entries = append(entries, s.journal.Find(journal.Filter{}).Entries...)
	}
	slices.SortStableFunc(entries, func(a, b journal.Entry) int { return a.Began.Compare(b.Began) })
	return entries
}

// AllJournals writes the journals of all sandboxes in their canonical form: the
// default one's, then the others by name. Two runs whose sandboxes each see the same
// requests in the same order compare, in whatever order the sandboxes take turns.
func (r *Registry) AllJournals() []byte {
	var out []byte
	all, _ := r.together()
	for _, s := range all {
		out = append(out, s.Canonical()...)
	}
	return out
}

// VerifyAll is Verify for all sandboxes together, by the expectations of the scenario
// that the emulator started with. Requests of all sandboxes are counted together. A
// sequence must be found within one sandbox. A rule that ends must have fired: one that
// all sandboxes start with in one of them, one that a sandbox has for itself in that one.
func (r *Registry) VerifyAll() []journal.Judgement {
	all, lost := r.together()
	journals := make([]*recorder.Journal, len(all))
	for i, s := range all {
		journals[i] = &s.journal
	}
	v := judge(r.Origin().Expect, journals...)
	for _, name := range r.first.faults.Unfired() {
		fired := journal.Expectation{Pattern: journal.Pattern{Fault: name}}
		if g := recorder.Judge([]journal.Expectation{fired}, journals...); !g[len(g)-1].Met {
			v = append(v, unfired(name))
		}
	}
	for _, s := range all[1:] {
		v = append(v, r.ownUnfired(s)...)
	}
	if lost > 0 {
		v = append(v, journal.Judgement{
			Expectation: "the journal of every sandbox is kept", Found: fmt.Sprintf("%d were deleted beyond the first %d", lost, maxKept),
		})
	}
	return v
}

// ownUnfired judges the rules that a sandbox has beyond those that all start with: each
// that ends must have fired in it.
func (r *Registry) ownUnfired(s ended) (all []journal.Judgement) {
	inherited := r.Origin().Rules
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

// Verify holds the journal to expectations; nil are those of the scenario. It also judges
// whether rules that end have fired, unless they are optional, and whether entries have fallen
// out of the journal.
func (s *Sandbox) Verify(expect []journal.Expectation) []journal.Judgement {
	if expect == nil {
		expect = s.start.Load().Expect
	}
	all := judge(expect, &s.journal)
	for _, name := range s.faults.Unfired() {
		all = append(all, unfired(name))
	}
	return all
}

// Passed reports whether all is met.
func Passed(all []journal.Judgement) bool {
	return !slices.ContainsFunc(all, func(j journal.Judgement) bool { return !j.Met })
}

// Canonical writes the journal in its canonical form, in which two runs compare.
func (s *Sandbox) Canonical() []byte {
	return journal.Canonical(s.journal.Find(journal.Filter{}).Entries)
}

// unfired is the judgement of a rule that ends and has not fired.
func unfired(name string) journal.Judgement {
	return journal.Judgement{Expectation: fmt.Sprintf("the rule %s fires", name), Found: "it never did: nothing failed"}
}
