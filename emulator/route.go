package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gorilla/mux"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/service"
)

// A bound service has its handlers bound to the operations of its contract.
type bound struct {
	*service.Service
	contract  *contract.Contract
	router    *mux.Router
	paths     map[*mux.Route]*path // those with parameters
	literal   map[string]*path     // the paths without parameters
	elsewhere *operation           // what is answered outside every operation
}

// A path of a contract with its operations by method.
type path struct {
	methods    []string
	operations map[string]*operation
}

// An operation is a contract's operation and the row of its service's table. It counts how
// often its answers were held to the contract.
type operation struct {
	*contract.Operation
	row    service.Operation
	checks map[int]*atomic.Uint64 // by status
}

func newOperation(op *contract.Operation, row service.Operation) *operation {
	o := &operation{Operation: op, row: row, checks: map[int]*atomic.Uint64{}}
	for _, r := range op.Responses {
		o.checks[r.Status] = new(atomic.Uint64)
	}
	return o
}

// bind matches the operations of a contract and the rows of its service's tables one to one.
func bind(c *contract.Contract, s *service.Service) (*bound, error) {
	rows, err := rowsOf(c, s)
	if err != nil {
		return nil, err
	}
	b := &bound{
		Service: s, contract: c, elsewhere: newOperation(c.Elsewhere, service.Operation{}),
		router: mux.NewRouter().SkipClean(true), paths: map[*mux.Route]*path{}, literal: map[string]*path{},
	}
	templates := map[string]*path{}
	operations := slices.Clone(c.Operations) // concrete paths are matched before those with parameters
	slices.SortStableFunc(operations, func(a, b *contract.Operation) int {
		return cmp.Compare(strings.Count(a.Path, "{"), strings.Count(b.Path, "{"))
	})
	for _, op := range operations {
		p := templates[op.Path]
		if p == nil {
			p = &path{operations: map[string]*operation{}}
			templates[op.Path] = p
			if err := b.add(op.Path, p); err != nil {
				return nil, fmt.Errorf("%s: %w", op.ID, err)
			}
		}
		p.methods = append(p.methods, op.Method)
		p.operations[op.Method] = newOperation(op, rows[op.ID])
	}
	return b, nil
}

// rowsOf returns a whole row for each operation of a contract, by operationId. It fails where
// the tables of the service and the contract do not agree.
func rowsOf(c *contract.Contract, s *service.Service) (map[string]service.Operation, error) {
	rows := make(map[string]service.Operation, len(c.Operations))
	for _, row := range s.Operations {
		if c.Operation(row.ID) == nil {
			ids := make([]string, len(c.Operations))
			for i, op := range c.Operations {
				ids[i] = op.ID
			}
			return nil, fmt.Errorf("%s: the row has no operation in the contract of %s%s", row.ID, c.Service, file.Hint(row.ID, ids))
		}
		if _, twice := rows[row.ID]; twice {
			return nil, fmt.Errorf("%s: the operation has two rows in the tables of %s", row.ID, s.Name)
		}
		rows[row.ID] = row
	}
	for _, op := range c.Operations {
		row := rows[op.ID]
		switch {
		case row.Do == nil && !op.Stateless && s.Operations != nil:
			return nil, fmt.Errorf("%s: the operation has no handler and is not x-stateless", op.ID)
		case row.Do != nil && op.Stateless:
			return nil, fmt.Errorf("%s: the operation is x-stateless and has a handler", op.ID)
		case row.Policy == nil && s.Policies:
			return nil, fmt.Errorf("%s: the operation has no policy", op.ID)
		case row.Do == nil:
			var err error
			if row.Do, err = example(op); err != nil {
				return nil, err
			}
			row.ID = op.ID
			rows[op.ID] = row
		}
	}
	return rows, nil
}

// add makes a path known: to the router only if it has parameters.
func (b *bound) add(template string, p *path) error {
	if !strings.HasPrefix(template, "/") {
		return fmt.Errorf("the path %q does not begin with a slash", template)
	}
	if !strings.Contains(template, "{") {
		b.literal[template] = p
		return nil
	}
	route := b.router.Path(template)
	b.paths[route] = p
	return route.GetError()
}

// example answers an operation with the first documented example of its lowest
// status below 400.
func example(op *contract.Operation) (service.Handler, error) {
	for _, r := range op.Responses {
		if r.Status >= http.StatusBadRequest {
			break
		}
		reply := service.Reply{Status: r.Status}
		if names := r.Examples(); len(names) > 0 {
			reply.ContentType = r.MediaTypes[0]
			reply.Body, _ = r.Example(names[0])
		} else if len(r.MediaTypes) > 0 {
			continue
		}
		return func(*service.Call) (service.Reply, error) { return reply, nil }, nil
	}
	return nil, fmt.Errorf("%s: the operation is answered by its example, but no response below 400 has one", op.ID)
}

// find looks a path up in the contract. An unknown path gives nil.
func (b *bound) find(at string) (*path, map[string]string) {
	if p := b.literal[at]; p != nil {
		return p, nil
	}
	var m mux.RouteMatch
	r := http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}}
	if !b.router.Match(&r, &m) {
		return nil, nil
	}
	return b.paths[m.Route], m.Vars
}

// routes find the service that a path belongs to.
type routes struct {
	services []*bound
	byName   map[string]*bound
	families []family
}

// A family is the beginning of paths at the root that belong to one service.
type family struct {
	prefix string
	exact  bool // only the path itself belongs to it
	narrow bool // only paths of the contract belong to it
	bound  *bound
}

// controlService answers at the root what no other service does.
const (
	controlService = "control"
	controlPrefix  = "/_standin"
)

func newRoutes(contracts []*contract.Contract, all []*service.Service) (*routes, error) {
	rs := &routes{byName: map[string]*bound{}}
	for i, s := range all {
		b, err := bind(contracts[i], s)
		if err != nil {
			return nil, err
		}
		rs.services = append(rs.services, b)
		rs.byName[s.Name] = b
	}
	taken := map[string]*bound{}
	for _, b := range rs.services {
		for _, op := range b.contract.Operations {
			if b.contract.Prefix != "" && slices.Contains(ofIndex, op.Path) {
				continue
			}
			if o := taken[op.Path]; o != nil && o != b {
				return nil, fmt.Errorf("%s: %s is a path of the service %s", op.ID, op.Path, o.Name)
			}
			taken[op.Path] = b
			rs.addFamily(b, op.Path)
		}
	}
	for _, b := range rs.services {
		for _, root := range b.contract.Roots {
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
func (rs *routes) addFamily(b *bound, template string) {
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

// locate finds the service that answers at a path and the prefix under which
// it does. The name is that of the listener's service, or empty.
func (rs *routes) locate(name, at string) (b *bound, prefix string) {
	switch {
	case at == controlPrefix || strings.HasPrefix(at, controlPrefix+"/"):
		return rs.byName[controlService], ""
	case name != "":
		return rs.byName[name], ""
	}
	for _, b := range rs.services {
		if p := b.contract.Prefix; p != "" && below(at, p) {
			return b, p
		}
	}
	if at == "/" {
		return rs.byName[controlService], ""
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
	return rs.byName[controlService], ""
}

func (f *family) has(at string) bool {
	if at == f.prefix || f.exact || !below(at, f.prefix) {
		return at == f.prefix
	}
	if !f.narrow {
		return true
	}
	p, _ := f.bound.find(at)
	return p != nil
}

func below(at, prefix string) bool {
	return strings.HasPrefix(at, prefix) && (len(at) == len(prefix) || at[len(prefix)] == '/')
}

// collapse makes runs of slashes one.
func collapse(at string) string {
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
