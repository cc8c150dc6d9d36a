package compare

import (
	"cmp"
	"slices"
	"strconv"
)

// A comparison pairs the records of two pictures.
type comparison struct {
	p, q   *Picture
	mask   *Mask
	loose  bool // records whose keys differ are paired too
	names  [2]naming
	named  int    // the number of names that were given
	unsure bool   // there are records with the same key that are not equal
	same   []bool // by number of the collection: it was skipped, because it is the same
	pairs  []*pair
	paired map[*record]*pair // the records of q
	groups [2]map[*record]*group
	lone   [2][]*record // those without a partner, of p and of q
}

// The sides of a comparison.
const (
	ofP = 0
	ofQ = 1
)

// A pair is two records that are the same one in both pictures.
type pair struct {
	p, q    *record
	changes []change
}

// A group holds the records with one key.
type group struct{ records [2][]*record }

// matched compares two pictures. Where records with the same key are not equal, they may refer to
// records that are paired later. Then everything is paired once more, with the names of the first
// time.
func matched(p, q *Picture, m *Mask, loose bool) *comparison {
	c := &comparison{p: p, q: q, mask: m, loose: loose}
	if c.match(); c.unsure {
		c.match()
	}
	for _, pr := range c.pairs {
		pr.changes = c.changes(pr.p, pr.q)
	}
	return c
}

// match pairs all records.
func (c *comparison) match() {
	c.same, c.pairs, c.lone = make([]bool, len(c.p.lists)), nil, [2][]*record{}
	c.paired, c.groups = map[*record]*pair{}, [2]map[*record]*group{{}, {}}
	for i, l := range c.p.lists {
		if c.same[i] = c.skips(l, c.q.lists[i]); !c.same[i] {
			c.matchLists(l.read().records, c.q.lists[i].read().records)
		}
	}
}

// skips reports whether a collection is the same in both pictures: they share its records, and the
// records to which these refer have the same ids.
func (c *comparison) skips(a, b *list) bool {
	if !a.shares(b) {
		return false
	}
	for _, ref := range a.kind.traits.Refs {
		for _, to := range ref.To {
			if x, y := c.p.list(to), c.q.list(to); x != nil && y != nil && !sameIDs(x, y) {
				return false
			}
		}
	}
	return true
}

func sameIDs(a, b *list) bool {
	if a.shares(b) {
		return true
	}
	x, y := a.read().ids, b.read().ids
	if len(x) != len(y) {
		return false
	}
	for id := range x {
		if y[id] == nil {
			return false
		}
	}
	return true
}

// matchLists pairs two lists of records: those with the same key, and then those with the same id.
func (c *comparison) matchLists(ps, qs []*record) {
	groups, index := []*group{}, map[string]*group{}
	for side, list := range [][]*record{ps, qs} {
		for _, r := range list {
			key := string(c.reader(r, side).key(r)) + strconv.FormatBool(r.gone)
			g := index[key]
			if g == nil {
				g = &group{}
				index[key], groups = g, append(groups, g)
			}
			g.records[side] = append(g.records[side], r)
			c.groups[side][r] = g
		}
	}
	var left [2][]*record
	for _, g := range groups {
		a, b := c.matchGroup(g)
		left[ofP], left[ofQ] = append(left[ofP], a...), append(left[ofQ], b...)
	}
	a, b := c.join(left[ofP], left[ofQ], func(r *record, _ int) string {
		if r.id() == "" {
			return ""
		}
		return r.id() + strconv.FormatBool(r.gone)
	})
	if c.loose {
		a, b = c.joinLoosely(a, b)
	}
	c.joinNames(a, b)
	c.lone[ofP], c.lone[ofQ] = append(c.lone[ofP], a...), append(c.lone[ofQ], b...)
}

// matchGroup pairs records with the same key. It returns those that are left. Records that are
// equal come first, so that one that both pictures have is not taken for another.
func (c *comparison) matchGroup(g *group) (a, b []*record) {
	a, b = g.records[ofP], g.records[ofQ]
	if len(a) > 1 && len(b) > 0 || len(b) > 1 && len(a) > 0 {
		form := [2]map[*record]string{{}, {}} // two lists may share a record
		for side, list := range g.records {
			for _, r := range list {
				form[side][r] = c.form(r, side)
			}
		}
		a, b = c.join(a, b, func(r *record, side int) string { return r.id() + "\x00" + form[side][r] })
		a, b = c.join(a, b, func(r *record, side int) string { return form[side][r] })
		c.unsure = c.unsure || len(a) > 0 && len(b) > 0
		a, b = c.join(a, b, func(r *record, _ int) string { return r.id() })
	}
	return c.join(a, b, func(*record, int) string { return "any" })
}

// join pairs records of two lists that have the same name, in order. It returns those that are
// left. A record with an empty name is left.
func (c *comparison) join(a, b []*record, name func(r *record, side int) string) (restA, restB []*record) {
	waiting := map[string][]*record{}
	for _, y := range b {
		if n := name(y, ofQ); n != "" {
			waiting[n] = append(waiting[n], y)
		}
	}
	taken := map[*record]bool{}
	for _, x := range a {
		list := waiting[name(x, ofP)]
		if len(list) == 0 {
			restA = append(restA, x)
			continue
		}
		waiting[name(x, ofP)], taken[list[0]] = list[1:], true
		c.pair(x, list[0])
	}
	for _, y := range b {
		if !taken[y] {
			restB = append(restB, y)
		}
	}
	return restA, restB
}

// maxLoose is the most records of a kind that are paired by what they have in common.
const maxLoose = 300

// joinLoosely pairs each record with the one that has the fewest other members. Records that the
// start has too are left.
func (c *comparison) joinLoosely(a, b []*record) (restA, restB []*record) {
	b = slices.Clone(b)
	for i, x := range a {
		best, fewest := -1, 0
		for k, y := range b {
			if x.gone != y.gone || c.mask.started(x) || c.mask.started(y) || i > maxLoose || k > maxLoose {
				continue
			}
			if n := len(c.changes(x, y)); best < 0 || n < fewest {
				best, fewest = k, n
			}
		}
		if best < 0 {
			restA = append(restA, x)
			continue
		}
		c.pair(x, b[best])
		b = slices.Delete(b, best, best+1)
	}
	return restA, b
}

// joinNames makes the ids of two records equal if one of them is gone and they have the same key.
// Other records may refer to both.
func (c *comparison) joinNames(a, b []*record) {
	byKey := map[string]*record{}
	for _, y := range b {
		byKey[string(c.reader(y, ofQ).key(y))] = y
	}
	for _, x := range a {
		if y := byKey[string(c.reader(x, ofP).key(x))]; y != nil && x.gone != y.gone {
			c.name(x, y)
		}
	}
}

// pair pairs two records, and then their parts.
func (c *comparison) pair(x, y *record) {
	pr := &pair{p: x, q: y}
	c.pairs = append(c.pairs, pr)
	c.paired[y] = pr
	c.name(x, y)
	for i := range x.parts {
		c.matchLists(x.parts[i], y.parts[i])
	}
}

// shortest is the length in bytes of the shortest drawn value. Fixtures may have shorter ids, which
// may be words.
const shortest = 12

// name gives the drawn values of two records the same names.
func (c *comparison) name(x, y *record) {
	for i := range x.drawn {
		a, b := x.drawn[i], y.drawn[i]
		if a != b && min(len(a), len(b)) >= shortest {
			c.named++
			name := "\x00" + strconv.Itoa(c.named) + "\x00"
			c.names[ofP].set(a, name)
			c.names[ofQ].set(b, name)
		}
	}
}

// A naming has the names of the drawn values of one side. A value that is equal in both pictures
// has none.
type naming struct {
	names map[string]string
	sizes []int // the lengths of the values, the longest first
}

func (n *naming) set(drawn, name string) {
	if n.names == nil {
		n.names = map[string]string{}
	}
	n.names[drawn] = name
	if !slices.Contains(n.sizes, len(drawn)) {
		n.sizes = append(n.sizes, len(drawn))
		slices.SortFunc(n.sizes, func(a, b int) int { return cmp.Compare(b, a) })
	}
}

// text returns a text with names in the place of drawn values. A value counts where no letter or
// digit is before or after it.
func (n *naming) text(s string) string {
	if n == nil || len(n.sizes) == 0 || len(s) < n.sizes[len(n.sizes)-1] {
		return s
	}
	var out []byte
	done := 0
	for i := 0; i < len(s); i++ {
		if i > 0 && wordy(s[i-1]) {
			continue
		}
		for _, size := range n.sizes {
			if end := i + size; end <= len(s) && (end == len(s) || !wordy(s[end])) {
				if name, ok := n.names[s[i:end]]; ok {
					out = append(append(out, s[done:i]...), name...)
					done, i = end, end-1
					break
				}
			}
		}
	}
	if done == 0 {
		return s
	}
	return string(append(out, s[done:]...))
}

func wordy(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
