package compare

import (
	"maps"
	"slices"
	"strings"
)

// A Mask has members that differ between equal runs. They do not count in records that the start
// lacks. A nil mask has no members.
type Mask struct {
	start   *Picture
	members map[string]map[string]bool // paths by name of the kind
}

// NewMask finds the members that differ between two pictures of runs that should be equal, because
// the client draws names at random. Records that the start of the runs has too are never masked.
func NewMask(start, a, b *Picture) *Mask {
	m := &Mask{start: start}
	found := map[string]map[string]bool{}
	c := matched(a, b, m, true)
	for _, pr := range c.pairs {
		if pr.p.gone || m.started(pr.p) || m.started(pr.q) {
			continue
		}
		for _, ch := range pr.changes {
			k := pr.p.kind.name
			if found[k] == nil {
				found[k] = map[string]bool{}
			}
			found[k][maskedPath(ch)] = true
		}
	}
	m.members = found
	return m
}

// maskedPath returns the path to mask for a change. Where a member of an inner object is new or
// missing, its name is drawn, so that the object is masked.
func maskedPath(ch change) string {
	path := ch.path
	_, added := ch.was.(absent)
	_, removed := ch.is.(absent)
	if (added || removed) && len(path) > 1 {
		path = path[:len(path)-1]
	}
	return strings.Join(path, "/")
}

// Members returns the masked members, sorted: the name of the kind and the path.
func (m *Mask) Members() (all []string) {
	if m == nil {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(m.members)) {
		for _, path := range slices.Sorted(maps.Keys(m.members[k])) {
			all = append(all, k+" "+path)
		}
	}
	return all
}

// of returns the masked members of a record.
func (m *Mask) of(r *record) map[string]bool {
	if m == nil || len(m.members[r.kind.name]) == 0 || m.started(r) {
		return nil
	}
	return m.members[r.kind.name]
}

// started reports whether the start has the record too.
func (m *Mask) started(r *record) bool {
	if m == nil || m.start == nil {
		return false
	}
	top := r
	for top.in != nil {
		top = top.in
	}
	l := m.start.list(top.kind.name)
	return l != nil && l.read().known[r.identity()]
}
