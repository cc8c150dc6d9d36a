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

// kept holds the sandboxes that were removed but must still be judged, oldest first.
type kept struct {
	removed []ended
	lost    int // number of sandboxes not kept, beyond maxKept
}

// An ended is a sandbox to judge, with the rules that had not fired when it was removed.
type ended struct {
	*Sandbox
	unfired []string
}

// maxKept is the maximum number of removed sandboxes that are kept.
const maxKept = 10_000

// keep stores a sandbox, and reports whether it did. The caller holds the lock of the registry.
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

// together returns all sandboxes: the default one, then the others by name. Of sandboxes with the
// same name, those removed first come first.
func (r *Registry) together() (all []ended, lost int) {
	present := r.List()[1:]
	all, lost = r.removed()
	for _, s := range present {
		all = append(all, ended{s, nil})
	}
	slices.SortStableFunc(all, func(a, b ended) int { return strings.Compare(a.name, b.name) })
	return slices.Insert(all, 0, ended{r.first, nil}), lost
}

// removed returns the kept sandboxes, and how many were not kept.
func (r *Registry) removed() (all []ended, lost int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if k := r.kept; k != nil {
		all, lost = slices.Clone(k.removed), k.lost
	}
	return all, lost
}

// AllRequests returns the exchanges of all sandboxes, in the order in which they began.
func (r *Registry) AllRequests() []journal.Entry {
	var entries []journal.Entry
	all, _ := r.together()
	for _, s := range all {
		entries = append(entries, s.journal.Find(journal.Filter{}).Entries...)
	}
	slices.SortStableFunc(entries, func(a, b journal.Entry) int { return a.Began.Compare(b.Began) })
	return entries
}

// AllJournals returns the journals of all sandboxes in canonical form: that of the default sandbox,
// then the others by name. Two runs can compare it if each sandbox receives the same requests in
// the same order. The order between sandboxes does not matter.
func (r *Registry) AllJournals() []byte {
	var out []byte
	all, _ := r.together()
	for _, s := range all {
		out = append(out, s.Canonical()...)
	}
	return out
}

// VerifyAll judges all sandboxes together by the expectations of the scenario with which the
// emulator started. It counts the requests of all sandboxes together. A sequence must be found
// within one sandbox. A rule that ends must have fired: a rule that all sandboxes start with, in
// any of them; a rule that only one sandbox has, in that one.
func (r *Registry) VerifyAll() []journal.Judgement {
	all, lost := r.together()
	boxes := sandboxes(all)
	v, journals := judge(r.Origin().Expect, boxes...), (&jury{boxes: boxes}).journals()
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
			Expectation: "the journal of every sandbox is kept", Found: fmt.Sprintf("%d journals were not kept: more than %d sandboxes were deleted", lost, maxKept),
		})
	}
	return v
}

// ownUnfired judges the rules that only this sandbox has. Each of them that ends must have fired.
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

// Verify judges expectations by the journal; nil means those of the scenario. It also judges
// whether each rule that ends has fired, unless the rule is optional, and whether entries were
// evicted from the journal.
func (s *Sandbox) Verify(expect []journal.Expectation) []journal.Judgement {
	if expect == nil {
		expect = s.start.Load().Expect
	}
	all := judge(expect, s)
	for _, name := range s.faults.Unfired() {
		all = append(all, unfired(name))
	}
	return all
}

// Passed reports whether all judgements are met.
func Passed(all []journal.Judgement) bool {
	return !slices.ContainsFunc(all, func(j journal.Judgement) bool { return !j.Met })
}

// Canonical returns the journal in canonical form, which two runs can compare.
func (s *Sandbox) Canonical() []byte {
	return journal.Canonical(s.journal.Find(journal.Filter{}).Entries)
}

// unfired returns the judgement of a rule that ends and has not fired.
func unfired(name string) journal.Judgement {
	return journal.Judgement{Expectation: fmt.Sprintf("the rule %s fires", name), Found: "it never did: nothing failed"}
}
