// Package route finds the service that a request addresses, and the operation. No other package of
// the emulator uses gorilla/mux.
package route

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/service"
)

// A Table maps paths to services.
type Table struct {
	Services []*Bound // in the order of the contracts
	Fallback *Bound   // serves every path that no other service has

	Own string // prefix of the fallback's own paths, on every listener

	byName   map[string]*Bound
	families []family // those with long prefixes first

	prefixes map[string]int   // indexes of services, by the prefix of their contract
	below    map[string][]int // indexes of families, by their prefix
}

// A family is a set of paths at the root that belong to one service. They have a common prefix.
type family struct {
	prefix string
	exact  bool // contains only the prefix itself
	narrow bool // contains only paths of the contract
	bound  *Bound
}

// New binds services to the contracts of the same names. The fallback service serves paths below
// own on every listener, and every path that no other service has.
func New(contracts []*contract.Contract, all []*service.Service, fallback, own string) (*Table, error) {
	rs := &Table{Own: own, byName: map[string]*Bound{}}
	for _, c := range contracts {
		i := slices.IndexFunc(all, func(s *service.Service) bool { return s.Name == c.Service })
		if i < 0 {
			return nil, fmt.Errorf("the contract of %s has no service", c.Service)
		}
		b, err := Bind(c, all[i])
		if err != nil {
			return nil, err
		}
		rs.Services = append(rs.Services, b)
		rs.byName[b.Name] = b
	}
	if rs.Fallback = rs.byName[fallback]; rs.Fallback == nil {
		return nil, fmt.Errorf("there is no service %s", fallback)
	}
	taken := map[string]*Bound{}
	for _, b := range rs.Services {
		for _, op := range b.Contract.Operations {
			if b.Contract.Prefix != "" && slices.Contains(ofIndex, op.Path) {
				continue
			}
			if o := taken[op.Path]; o != nil && o != b {
				return nil, fmt.Errorf("%s: %s is a path of the service %s", op.ID, op.Path, o.Name)
			}
			taken[op.Path] = b
			rs.addFamily(b, op.Path)
		}
	}
	for _, b := range rs.Services {
		for _, root := range b.Contract.Roots {
			rs.families = append(rs.families, family{prefix: root, bound: b})
		}
	}
	slices.SortStableFunc(rs.families, func(a, b family) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	rs.index()
	return rs, nil
}

// index makes the maps by which Locate finds prefixes.
func (rs *Table) index() {
	rs.prefixes, rs.below = map[string]int{}, map[string][]int{}
	for i, b := range rs.Services {
		if _, taken := rs.prefixes[b.Contract.Prefix]; !taken && b.Contract.Prefix != "" {
			rs.prefixes[b.Contract.Prefix] = i
		}
	}
	for i := range rs.families {
		p := rs.families[i].prefix
		rs.below[p] = append(rs.below[p], i)
	}
}

// With returns a table in which a service takes the place of the one with the same name and
// contract.
func (rs *Table) With(b *Bound) *Table {
	old := rs.byName[b.Name]
	t := *rs
	t.Services, t.byName, t.families = slices.Clone(rs.Services), maps.Clone(rs.byName), slices.Clone(rs.families)
	t.byName[b.Name] = b
	t.Services[slices.Index(t.Services, old)] = b
	if t.Fallback == old {
		t.Fallback = b
	}
	for i := range t.families {
		if t.families[i].bound == old {
			t.families[i].bound = b
		}
	}
	return &t
}

// ofIndex are paths that several services have. At the root they belong to the index. A service
// serves them under its prefix and on its own listener.
var ofIndex = []string{"/", "/v1", "/healthcheck"}

// addFamily adds the part of a path before its first parameter. A path of one segment, for
// example /v3, contains only itself, because many services use it. If parameters follow it, the
// family contains only paths of the contract.
func (rs *Table) addFamily(b *Bound, template string) {
	prefix, _, more := strings.Cut(template, "/{")
	short := strings.Count(prefix, "/") < 2
	f := family{prefix: prefix, exact: !more && short, narrow: more && short, bound: b}
	i := slices.IndexFunc(rs.families, func(o family) bool { return o.prefix == prefix })
	switch {
	case prefix == "/":
	case i < 0:
		rs.families = append(rs.families, f)
	case rs.families[i].bound == b:
		rs.families[i].exact = rs.families[i].exact && f.exact
		rs.families[i].narrow = rs.families[i].narrow || f.narrow
	}
}

// Named returns the service of that name, or nil.
func (rs *Table) Named(name string) *Bound { return rs.byName[name] }

// Names returns the names of the services.
func (rs *Table) Names() []string {
	var names []string
	for _, b := range rs.Services {
		names = append(names, b.Name)
	}
	return names
}

// Locate returns the service that serves a path, and the prefix that it is under. name is the
// name of the listener's service, or empty.
func (rs *Table) Locate(name, at string) (b *Bound, prefix string) {
	switch {
	case Below(at, rs.Own):
		return rs.Fallback, ""
	case name != "":
		return rs.byName[name], ""
	}
	for p := range upward(at) {
		if i, ok := rs.prefixes[p]; ok {
			return rs.Services[i], p
		}
	}
	if at == "/" {
		return rs.Fallback, ""
	}
	for p := range upward(at) {
		for _, i := range rs.below[p] {
			if f := &rs.families[i]; f.has(at) {
				return f.bound, ""
			}
		}
	}
	for i := range rs.families { // the service may accept other spellings of its paths
		f := &rs.families[i]
		if f.bound.Normalise != nil && f.has(f.bound.Normalise(at)) {
			return f.bound, ""
		}
	}
	return rs.Fallback, ""
}

func (f *family) has(at string) bool {
	if at == f.prefix || f.exact || !Below(at, f.prefix) {
		return at == f.prefix
	}
	if !f.narrow {
		return true
	}
	p, _ := f.bound.Find(at)
	return p != nil
}

// upward iterates over a path and what it is below: /v1/clients/a, /v1/clients, /v1, and nothing.
func upward(at string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for end := len(at); end >= 0 && yield(at[:end]); end = strings.LastIndexByte(at[:end], '/') {
		}
	}
}

// Below reports whether at is the prefix or a path below it.
func Below(at, prefix string) bool {
	return strings.HasPrefix(at, prefix) && (len(at) == len(prefix) || at[len(prefix)] == '/')
}

// Collapse replaces runs of slashes by one slash.
func Collapse(at string) string {
	if !strings.Contains(at, "//") {
		return at
	}
	b := make([]byte, 0, len(at))
	for i := range len(at) {
		if at[i] != '/' || i == 0 || at[i-1] != '/' {
			b = append(b, at[i])
		}
	}
	return string(b)
}
