package compare

import "strconv"

// Differences returns what q lacks of p, has too much, or has otherwise. Masked members of records
// that the start of the mask lacks do not count; m may be nil. Parts of a record that is missing or
// too much are not listed.
func (p *Picture) Differences(q *Picture, m *Mask) (all []Difference) {
	c := matched(p, q, m, false)
	for _, pr := range c.pairs {
		if pr.p.gone {
			continue
		}
		for _, ch := range pr.changes {
			all = append(all, c.changed(pr, ch))
		}
	}
	done := map[*group]bool{}
	for side, list := range c.lone {
		for _, r := range list {
			g := c.groups[side][r]
			if r.gone || done[g] {
				continue
			}
			was, is := len(g.records[ofP]), len(g.records[ofQ])
			done[g] = was > 0 && is > 0 // one difference says how many there are
			picture := [2]*Picture{p, q}[side]
			all = append(all, picture.counted(r, m, was, is))
		}
	}
	return all
}

// counted returns the difference of a record of which there were some and are now more or fewer.
func (p *Picture) counted(r *record, m *Mask, was, is int) Difference {
	d := Difference{Kind: r.kind.name, Record: p.label(r), What: Missing, Was: strconv.Itoa(was), Is: strconv.Itoa(is)}
	switch {
	case is > was && was > 0:
		d.What = Doubled
	case is > was:
		d.What, d.Was, d.Is = Added, "", ""
	}
	for _, member := range r.kind.traits.Key {
		d.masked = d.masked || m.of(r)[member]
	}
	return d
}
