package ruleset

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/value"
)

// index finds the rules that a request may fit. An index does not change; each change of the rules
// creates a new index.
type index struct {
	rules []*Armed
	after []*Armed // rules that wait for requests to an operation
	byOp  sync.Map // operationId → *group, filled on demand
}

// of returns the rules about an operation; nil is the requests that match no operation.
func (x *index) of(op *contract.Operation) *group {
	id := ""
	if op != nil {
		id = op.ID
	}
	if g, ok := x.byOp.Load(id); ok {
		return g.(*group)
	}
	g := &group{}
	for _, a := range x.rules {
		if a.about(op) {
			g.add(a)
		}
	}
	x.byOp.Store(id, g)
	return g
}

// A group is rules about one operation, in order. Most rules name a value that a request must have.
// The group finds them by the values of a request, so that a request is compared only with rules
// that it may fit.
type group struct {
	rules  []*Armed
	open   []int // rules that name no such value, by index
	near   []int // the other rules that a request can nearly fit
	paths  lookup
	method lookup
	query  map[string]*lookup // by name of the parameter
	header map[string]*lookup // by name of the header
	user   lookup
	token  lookup
	body   map[string]*lookup // by JSON pointer
}

// A lookup finds rules by a text.
type lookup struct {
	exact  map[string][]int // by the whole text
	prefix map[string][]int // by the beginning of the text
	sizes  []int            // the lengths of the beginnings
}

// add adds a rule whose text must match a glob. It returns false if the glob says nothing of how the
// text begins.
func (l *lookup) add(glob string, rule int) bool {
	i := strings.IndexAny(glob, "*{")
	switch {
	case glob == "", i == 0: // every text may match
		return false
	case i < 0:
		return l.exactly(glob, rule)
	default:
		if l.prefix == nil {
			l.prefix = map[string][]int{}
		}
		l.prefix[glob[:i]] = append(l.prefix[glob[:i]], rule)
		if !slices.Contains(l.sizes, i) {
			l.sizes = append(l.sizes, i)
		}
	}
	return true
}

// find appends the rules that a text may fit.
func (l *lookup) find(text string, found []int) []int {
	found = append(found, l.exact[text]...)
	for _, n := range l.sizes {
		if n <= len(text) {
			found = append(found, l.prefix[text[:n]]...)
		}
	}
	return found
}

// none reports whether the lookup has no rules.
func (l *lookup) none() bool { return l.exact == nil && l.prefix == nil }

// add adds a rule.
func (g *group) add(a *Armed) {
	n := len(g.rules)
	g.rules = append(g.rules, a)
	switch {
	case !g.named(&a.Where, n):
		g.open = append(g.open, n)
	case a.nearly():
		g.near = append(g.near, n)
	}
}

// named adds a rule to the lookup of a value that the rule names. It returns false if the rule names
// none.
func (g *group) named(w *fault.Where, n int) bool {
	if w.Path != "" && g.paths.add(w.Path, n) {
		return true
	}
	for pointer, t := range w.Body {
		if text, ok := t.Equals.(string); ok && (t.Exists == nil || *t.Exists) {
			return at(&g.body, pointer).exactly(text, n)
		}
	}
	return valued(&g.header, w.Header, http.CanonicalHeaderKey, n) ||
		valued(&g.query, w.Query, func(name string) string { return name }, n) ||
		w.Caller.Token != "" && g.token.add(w.Caller.Token, n) ||
		w.Caller.User != "" && g.user.add(w.Caller.User, n) ||
		w.Method != "" && g.method.exactly(strings.ToUpper(w.Method), n)
}

// valued adds a rule to the lookup of a header or parameter that must have a value.
func valued(all *map[string]*lookup, want map[string]*string, name func(string) string, rule int) bool {
	for n, v := range want {
		if v != nil && at(all, name(n)).add(*v, rule) {
			return true
		}
	}
	return false
}

// exactly adds a rule whose value must be a text. It returns true.
func (l *lookup) exactly(text string, rule int) bool {
	if l.exact == nil {
		l.exact = map[string][]int{}
	}
	l.exact[text] = append(l.exact[text], rule)
	return true
}

// at returns the lookup of a name.
func at(all *map[string]*lookup, name string) *lookup {
	if *all == nil {
		*all = map[string]*lookup{}
	}
	if (*all)[name] == nil {
		(*all)[name] = &lookup{}
	}
	return (*all)[name]
}

// few is the number of rules that are not worth a lookup.
const few = 8

// each calls consider with each rule that a request may fit, in order. While near returns true, it
// also calls consider with those that the request may nearly fit.
func (g *group) each(s *subject, near func() bool, consider func(a *Armed)) {
	if len(g.rules) <= few {
		for _, a := range g.rules {
			consider(a)
		}
		return
	}
	var buffer [2 * few]int
	found, others := g.find(s, buffer[:0]), g.near
	for len(found) > 0 || len(others) > 0 && near() {
		next := 0
		switch {
		case len(found) == 0 || len(others) > 0 && others[0] <= found[0] && near():
			next, others = others[0], others[1:]
		default:
			next = found[0]
		}
		for len(found) > 0 && found[0] == next {
			found = found[1:]
		}
		for len(others) > 0 && others[0] <= next {
			others = others[1:]
		}
		consider(g.rules[next])
	}
}

// find returns the rules that a request may fit, by index, in order.
func (g *group) find(s *subject, found []int) []int {
	found = append(found, g.open...)
	if !g.paths.none() {
		found = g.paths.find(s.Path, found)
		if s.Sent != s.Path {
			found = g.paths.find(s.Sent, found)
		}
		if s.Operation != nil && s.Operation.Path != s.Path {
			found = g.paths.find(s.Operation.Path, found)
		}
	}
	if !g.method.none() {
		found = g.method.find(strings.ToUpper(s.Method), found)
	}
	for name, l := range g.header {
		for _, v := range s.Headers(name) {
			found = l.find(v, found)
		}
	}
	for name, l := range g.query {
		for _, v := range s.Parameters(name) {
			found = l.find(v, found)
		}
	}
	found = g.ofCaller(s, found)
	for pointer, l := range g.body {
		if doc, ok := s.JSON(); ok {
			if text, ok := textAt(doc, pointer); ok {
				found = l.find(text, found)
			}
		}
	}
	slices.Sort(found)
	return found
}

// ofCaller appends the rules that the caller of a request may fit.
func (g *group) ofCaller(s *subject, found []int) []int {
	if g.user.none() && g.token.none() {
		return found
	}
	c, known := s.Who()
	if !known {
		return found
	}
	found = g.user.find(c.Name, found)
	if c.ID != c.Name {
		found = g.user.find(c.ID, found)
	}
	return g.token.find(c.Token, found)
}

// textAt returns the text at a pointer of a document.
func textAt(doc any, pointer string) (string, bool) {
	v, _ := value.At(doc, pointer)
	text, ok := v.(string)
	return text, ok
}
