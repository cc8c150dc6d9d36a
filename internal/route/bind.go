package route

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/service"
)

// A Bound is a service whose handlers are bound to the operations of its contract. It does not
// change.
type Bound struct {
	*service.Service
	Contract *contract.Contract

	layout     *layout
	operations []Operation // in the order of the contract
}

// A Path is a path of a contract.
type Path struct {
	Methods []string
	numbers []int // of the operations of these methods in the contract
}

// An Operation is an operation of a contract and the row of the service's table that implements
// it.
type Operation struct {
	*contract.Operation
	Row service.Operation
}

// A layout finds the paths of a contract. It depends on nothing else, so that all services bound to
// the contract share it.
type layout struct {
	literal map[string]*Path // paths without parameters
	router  func() *router   // of paths with parameters; is made when the first request needs it
}

// A router finds paths with parameters.
type router struct {
	*mux.Router
	paths map[*mux.Route]*Path
	err   error // of the first path that mux refuses
}

// layoutKey is the key of a contract's layout in contract.Derive.
type layoutKey struct{}

func layoutOf(c *contract.Contract) *layout {
	return c.Derive(layoutKey{}, func() any { return newLayout(c) }).(*layout)
}

func newLayout(c *contract.Contract) *layout {
	l := &layout{literal: map[string]*Path{}}
	var templates []string // with parameters; those with few first
	others := map[string]*Path{}
	for n, op := range c.Operations {
		in := l.literal
		if strings.Contains(op.Path, "{") {
			in = others
		}
		p := in[op.Path]
		if p == nil {
			p = &Path{}
			if in[op.Path] = p; strings.Contains(op.Path, "{") {
				templates = append(templates, op.Path)
			}
		}
		p.Methods, p.numbers = append(p.Methods, op.Method), append(p.numbers, n)
	}
	slices.SortStableFunc(templates, func(a, b string) int { return cmp.Compare(strings.Count(a, "{"), strings.Count(b, "{")) })
	l.router = sync.OnceValue(func() *router { return newRouter(templates, others) })
	return l
}

func newRouter(templates []string, paths map[string]*Path) *router {
	r := &router{Router: mux.NewRouter().SkipClean(true), paths: make(map[*mux.Route]*Path, len(templates))}
	for _, t := range templates {
		route := r.Path(t)
		if err := route.GetError(); err != nil && r.err == nil {
			r.err = fmt.Errorf("the path %q: %w", t, err)
		}
		r.paths[route] = paths[t]
	}
	return r
}

// check returns an error for a path that cannot be found. The contracts in the binary are not checked,
// because the tests find all of their paths.
func (l *layout) check(c *contract.Contract) error {
	for _, op := range c.Operations {
		if !strings.HasPrefix(op.Path, "/") {
			return fmt.Errorf("%s: the path %q does not begin with a slash", op.ID, op.Path)
		}
	}
	if c.Outlined() {
		return nil
	}
	return l.router().err
}

// Bind pairs each operation of a contract with a row of the service's tables.
func Bind(c *contract.Contract, s *service.Service) (*Bound, error) {
	b := &Bound{Service: s, Contract: c, layout: layoutOf(c), operations: make([]Operation, len(c.Operations))}
	if err := b.layout.check(c); err != nil {
		return nil, err
	}
	rows, err := rowsOf(c, s)
	if err != nil {
		return nil, err
	}
	for i, op := range c.Operations {
		b.operations[i] = Operation{op, rows[op.ID]}
	}
	return b, nil
}

// Operation returns the operation of a method at a path, or nil.
func (b *Bound) Operation(p *Path, method string) *Operation {
	if i := slices.Index(p.Methods, method); i >= 0 {
		return &b.operations[p.numbers[i]]
	}
	return nil
}

// At calls f with each operation at a path.
func (b *Bound) At(p *Path, f func(op *Operation)) {
	for _, n := range p.numbers {
		f(&b.operations[n])
	}
}

// rowsOf returns a complete row for each operation of a contract, by operationId. It returns an
// error if the tables of the service and the contract do not match.
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

// example returns a handler for an x-stateless operation. It responds with the first documented
// example of the lowest status below 400.
func example(op *contract.Operation) (service.Handler, error) {
	for _, r := range op.Responses {
		if r.Status >= http.StatusBadRequest {
			break
		}
		names := r.Examples()
		if len(names) == 0 && len(r.MediaTypes) > 0 {
			continue
		}
		reply := sync.OnceValue(func() service.Reply { // the contract may have to read its document
			reply := service.Reply{Status: r.Status}
			if len(names) > 0 {
				reply.ContentType = r.MediaTypes[0]
				reply.Body, _ = r.Example(names[0])
			}
			return reply
		})
		return func(*service.Call) (service.Reply, error) { return reply(), nil }, nil
	}
	return nil, fmt.Errorf("%s: the operation is answered by its example, but no response below 400 has one", op.ID)
}

// Find returns the path of the contract that matches, and its parameters. It returns nil for an
// unknown path.
func (b *Bound) Find(at string) (*Path, map[string]string) {
	if p := b.layout.literal[at]; p != nil {
		return p, nil
	}
	var m mux.RouteMatch
	r := http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}}
	others := b.layout.router()
	if !others.Match(&r, &m) {
		return nil, nil
	}
	return others.paths[m.Route], m.Vars
}
