// Package route says whose a request is: which service answers at a path, and which of its
// operations it is for. gorilla/mux lives here.
package route

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/service"
)

// A Table finds the service that a path belongs to.
type Table struct {
	Services []*Bound // in the order of their contracts
	Fallback *Bound   // answers at the root what no other service does

	Own string // the fallback's paths begin with it, on every listener

	byName   map[string]*Bound
	families []family
}

// A family is the beginning of paths at the root that belong to one service.
type family struct {
	prefix string
	exact  bool // only the path itself belongs to it
	narrow bool // only paths of the contract belong to it
	bound  *Bound
}

// New binds services to their contracts, by their names. Paths of the fallback service that
// begin with own are its on every listener, and it answers what no other service does.
func New(contracts []*contract.Contract, all []*service.Service, fallback, own string) (*Table, error) {
	rs := &Table{Own: own, byName: map[string]*Bound{}}
	for _, c := range contracts {
		i := slices.IndexFunc(all, func(s *service.Service) bool { return s.Name == c.Service })
		if i < 0 {
			return nil, fmt.Errorf("the contract of %s has no service", c.Service)
		}
		b, err := bind(c, all[i])
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
	return rs, nil
}

// ofIndex are paths that several services have. At the root they are the index's;
// a service has them under its prefix and on a listener of its own.
var ofIndex = []string{"/", "/v1", "/healthcheck"}

// addFamily takes the path up to its first parameter. A path of one segment,
// such as /v3, stands for itself: many services begin like that. If parameters
// follow, the paths of the contract that begin so belong to it, and no others.
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

// Named is the service of a name; nil if there is none.
func (rs *Table) Named(name string) *Bound { return rs.byName[name] }

// Operation is the one of an operationId; nil if there is none.
func (rs *Table) Operation(id string) *Operation {
	for _, b := range rs.Services {
		for _, op := range b.operations {
			if op.ID == id {
				return op
			}
		}
	}
	return nil
}

// Names lists the services.
func (rs *Table) Names() []string {
	var names []string
	for _, b := range rs.Services {
		names = append(names, b.Name)
	}
	return names
}

// Locate finds the service that answers at a path and the prefix under which
// it does. The name is that of the listener's service, or empty.
func (rs *Table) Locate(name, at string) (b *Bound, prefix string) {
	switch {
	case Below(at, rs.Own):
		return rs.Fallback, ""
	case name != "":
		return rs.byName[name], ""
	}
	for _, b := range rs.Services {
		if p := b.Contract.Prefix; p != "" && Below(at, p) {
			return b, p
		}
	}
	if at == "/" {
		return rs.Fallback, ""
	}
	for i := range rs.families {
		if f := &rs.families[i]; f.has(at) {
			return f.bound, ""
		}
	}
	for i := range rs.families { // in another spelling of the service's
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

// Below reports whether a path is a prefix, or lies below it.
func Below(at, prefix string) bool {
	return strings.HasPrefix(at, prefix) && (len(at) == len(prefix) || at[len(prefix)] == '/')
}

// Collapse makes runs of slashes one.
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
