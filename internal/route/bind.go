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

// A Bound is a service whose handlers are bound to the operations of its contract.
type Bound struct {
	*service.Service
	Contract *contract.Contract

	router     *mux.Router
	paths      map[*mux.Route]*Path // of paths with parameters
	literal    map[string]*Path     // paths without parameters
	operations []*Operation
}

// A Path is a path of a contract. Operations maps methods to operations.
type Path struct {
	Methods    []string
	Operations map[string]*Operation
}

// An Operation is an operation of a contract and the row of the service's table that implements
// it.
type Operation struct {
	*contract.Operation
	Row service.Operation
}

// bind pairs each operation of a contract with a row of the service's tables.
func bind(c *contract.Contract, s *service.Service) (*Bound, error) {
	rows, err := rowsOf(c, s)
	if err != nil {
		return nil, err
	}
	b := &Bound{Service: s, Contract: c, router: mux.NewRouter().SkipClean(true), paths: map[*mux.Route]*Path{}, literal: map[string]*Path{}}
	templates := map[string]*Path{}
	operations := slices.Clone(c.Operations) // paths without parameters are matched first
	slices.SortStableFunc(operations, func(a, b *contract.Operation) int {
		return cmp.Compare(strings.Count(a.Path, "{"), strings.Count(b.Path, "{"))
	})
	for _, op := range operations {
		p := templates[op.Path]
		if p == nil {
			p = &Path{Operations: map[string]*Operation{}}
			templates[op.Path] = p
			if err := b.add(op.Path, p); err != nil {
				return nil, fmt.Errorf("%s: %w", op.ID, err)
			}
		}
		o := &Operation{op, rows[op.ID]}
		p.Methods = append(p.Methods, op.Method)
		p.Operations[op.Method], b.operations = o, append(b.operations, o)
	}
	return b, nil
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
func (b *Bound) add(template string, p *Path) error {
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
