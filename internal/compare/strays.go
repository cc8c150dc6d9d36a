package compare

import "strings"

// Strays returns what p holds or lacks that none of the pictures of a history does. The history is
// that of a run without failures, world after world, from its start. Each record of p must have the
// form that it has in one of them. There may be as many as in the one that has the most. A record
// that all of them have must be there. A record may refer to a missing record only if it does so in
// one of them.
func (p *Picture) Strays(history []*Picture, m *Mask) []Difference {
	if len(history) == 0 {
		return nil
	}
	s := &strays{p: p, history: history, mask: m, done: map[*record]bool{}}
	for _, h := range history {
		s.with = append(s.with, matched(h, p, m, false))
	}
	for i, l := range p.lists {
		if s.same(i) {
			continue
		}
		s.lost(l.kind)
		for _, r := range l.read().records {
			s.judge(r)
		}
	}
	return s.found
}

type strays struct {
	p       *Picture
	history []*Picture
	mask    *Mask
	with    []*comparison // of each picture of the history with p
	done    map[*record]bool
	found   []Difference
}

// same reports whether a picture of the history has the same collection.
func (s *strays) same(number int) bool {
	for _, c := range s.with {
		if c.same[number] {
			return true
		}
	}
	return false
}

// lost adds the records of a kind and of its parts that all pictures of the history have, and p
// lacks.
func (s *strays) lost(k *kind) {
	first := s.with[0]
	done := map[*group]bool{}
	for _, r := range first.lone[ofP] {
		top := r
		for top.in != nil {
			top = top.in
		}
		g := first.groups[ofP][r]
		if done[g] || top.kind.name != k.name || !s.always(r, top) {
			continue
		}
		done[g] = true
		s.found = append(s.found, s.history[0].counted(r, s.mask, len(g.records[ofP]), len(g.records[ofQ])))
	}
}

// always reports whether all pictures of the history have the record.
func (s *strays) always(r, top *record) bool {
	identity := r.identity()
	for _, h := range s.history {
		if l := h.list(top.kind.name); l == nil || !l.read().known[identity] {
			return false
		}
	}
	return true
}

// A standing says how a record of p compares with the history.
type standing struct {
	best    *pair // the one with the fewest changes; among these the latest
	of      *comparison
	most    int     // the greatest number of records with its key in a picture of the history
	present int     // the number of records with its key in p
	first   *record // the first of those
}

func (s *strays) standing(r *record) (st standing) {
	for _, c := range s.with {
		if g := c.groups[ofQ][r]; g != nil {
			st.most, st.present, st.first = max(st.most, len(g.records[ofP])), len(g.records[ofQ]), g.records[ofQ][0]
		}
		if pr := c.paired[r]; pr != nil && (st.best == nil || len(pr.changes) <= len(st.best.changes)) {
			st.best, st.of = pr, c
		}
	}
	return st
}

// judge adds what is wrong with a record of p and with its parts.
func (s *strays) judge(r *record) {
	if r.gone {
		return
	}
	st := s.standing(r)
	switch {
	case st.present > st.most && st.most > 0:
		if !s.done[st.first] {
			s.done[st.first] = true
			s.found = append(s.found, s.p.counted(r, s.mask, st.most, st.present))
		}
	case st.best == nil:
		s.found = append(s.found, s.p.counted(r, s.mask, 0, 1))
	}
	if st.best == nil {
		return
	}
	s.members(r, st)
	for _, parts := range r.parts {
		for _, part := range parts {
			s.judge(part)
		}
	}
}

// members adds the members of a record that no picture of the history has so.
func (s *strays) members(r *record, st standing) {
	orphans := s.orphans(r)
	for _, path := range orphans {
		s.found = append(s.found, Difference{Kind: r.kind.name, Record: s.p.label(r), Member: path, What: Orphan})
	}
	for _, ch := range st.best.changes {
		if !explained(orphans, ch) {
			s.found = append(s.found, st.of.changed(st.best, ch))
		}
	}
}

// explained reports whether an orphan is the reason of a change.
func explained(orphans []string, ch change) bool {
	path := strings.Join(ch.path, "/")
	for _, o := range orphans {
		if o == path || strings.HasPrefix(o, path+"/") {
			return true
		}
	}
	return false
}

// orphans returns the members of a record that refer to a missing record, and do not in any
// picture of the history.
func (s *strays) orphans(r *record) (all []string) {
	for _, member := range s.p.dangling(r) {
		known := false
		for i, c := range s.with {
			if pr := c.paired[r]; pr != nil {
				for _, m := range s.history[i].dangling(pr.p) {
					known = known || m == member
				}
			}
		}
		if !known {
			all = append(all, member)
		}
	}
	return all
}

// dangling returns the members of a record that refer to a missing record.
func (p *Picture) dangling(r *record) (all []string) {
	for i := range r.kind.traits.Refs {
		ref := &r.kind.traits.Refs[i]
		dangles := false
		visit(r.body, split(ref.Member), func(text string) {
			dangles = dangles || text != "" && p.target(ref.To, text) == nil
		})
		if dangles {
			all = append(all, ref.Member)
		}
	}
	return all
}

// visit calls a function with the texts at a path.
func visit(v any, path []string, with func(text string)) {
	if len(path) == 0 {
		if s, ok := v.(string); ok {
			with(s)
		}
		return
	}
	each(v, path[0], func(inner any) { visit(inner, path[1:], with) })
}
