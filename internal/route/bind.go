package route

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
	router  *mux.Router
	paths   map[*mux.Route]*Path // of paths with parameters
	literal map[string]*Path     // paths without parameters
	err     error
}

// layoutKey is the key of a contract's layout in contract.Derive.
type layoutKey struct{}

func layoutOf(c *contract.Contract) *layout {
	return c.Derive(layoutKey{}, func() any { return newLayout(c) }).(*layout)
}

func newLayout(c *contract.Contract) *layout {
	l := &layout{router: mux.NewRouter().SkipClean(true), paths: map[*mux.Route]*Path{}, literal: map[string]*Path{}}
	templates := map[string]*Path{}
	numbers := make([]int, len(c.Operations)) // paths without parameters are matched first
	for i := range numbers {
		numbers[i] = i
	}
	slices.SortStableFunc(numbers, func(a, b int) int {
		return cmp.Compare(strings.Count(c.Operations[a].Path, "{"), strings.Count(c.Operations[b].Path, "{"))
	})
	for _, n := range numbers {
		op := c.Operations[n]
		p := templates[op.Path]
		if p == nil {
			p = &Path{}
			templates[op.Path] = p
			if err := l.add(op.Path, p); err != nil {
				l.err = fmt.Errorf("%s: %w", op.ID, err)
				return l
			}
		}
		p.Methods, p.numbers = append(p.Methods, op.Method), append(p.numbers, n)
	}
	return l
}

// Bind pairs each operation of a contract with a row of the service's tables.
func Bind(c *contract.Contract, s *service.Service) (*Bound, error) {
	b := &Bound{Service: s, Contract: c, layout: layoutOf(c), operations: make([]Operation, len(c.Operations))}
	if b.layout.err != nil {
		return nil, b.layout.err
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

// add adds a path. Only paths with parameters need the router.
func (l *layout) add(template string, p *Path) error {
	if !strings.HasPrefix(template, "/") {
		return fmt.Errorf("the path %q does not begin with a slash", template)
	}
	if !strings.Contains(template, "{") {
		l.literal[template] = p
		return nil
	}
	route := l.router.Path(template)
	l.paths[route] = p
	return route.GetError()
}

// example returns a handler for an x-stateless operation. It responds with the first documented
// example of the lowest status below 400.
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

// Find returns the path of the contract that matches, and its parameters. It returns nil for an
// unknown path.
func (b *Bound) Find(at string) (*Path, map[string]string) {
	if p := b.layout.literal[at]; p != nil {
		return p, nil
	}
	var m mux.RouteMatch
	r := http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}}
	if !b.layout.router.Match(&r, &m) {
		return nil, nil
	}
	return b.layout.paths[m.Route], m.Vars
}
