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
	"standin/internal/service"
)

// A Bound service has its handlers bound to the operations of its contract.
type Bound struct {
	*service.Service
	Contract *contract.Contract

	router     *mux.Router
	paths      map[*mux.Route]*Path // those with parameters
	literal    map[string]*Path     // the paths without parameters
	operations []*Operation
}

// A Path of a contract with its operations by method.
type Path struct {
	Methods    []string
	Operations map[string]*Operation
}

// An Operation is a contract's operation and its handler.
type Operation struct {
	*contract.Operation
	Do service.Handler
}

// bind matches handlers and operations one to one.
func bind(c *contract.Contract, s *service.Service) (*Bound, error) {
	b := &Bound{
		Service: s, Contract: c,
		router: mux.NewRouter().SkipClean(true), paths: map[*mux.Route]*Path{}, literal: map[string]*Path{},
	}
	templates := map[string]*Path{}
	operations := slices.Clone(c.Operations) // concrete paths are matched before those with parameters
	slices.SortStableFunc(operations, func(a, b *contract.Operation) int {
		return cmp.Compare(strings.Count(a.Path, "{"), strings.Count(b.Path, "{"))
	})
	for _, op := range operations {
		h := s.Handlers[op.ID]
		switch {
		case h == nil && !op.Stateless && c.Service == s.Name && s.Handlers != nil:
			return nil, fmt.Errorf("%s: the operation has no handler and is not x-stateless", op.ID)
		case h != nil && op.Stateless:
			return nil, fmt.Errorf("%s: the operation is x-stateless and has a handler", op.ID)
		case h == nil:
			var err error
			if h, err = example(op); err != nil {
				return nil, err
			}
		}
		p := templates[op.Path]
		if p == nil {
			p = &Path{Operations: map[string]*Operation{}}
			templates[op.Path] = p
			if err := b.add(op.Path, p); err != nil {
				return nil, fmt.Errorf("%s: %w", op.ID, err)
			}
		}
		p.Methods = append(p.Methods, op.Method)
		o := &Operation{op, h}
		p.Operations[op.Method], b.operations = o, append(b.operations, o)
	}
	for id := range s.Handlers {
		if c.Operation(id) == nil {
			return nil, fmt.Errorf("%s: the handler has no operation in the contract of %s", id, c.Service)
		}
	}
	return b, nil
}

// add makes a path known: to the router only if it has parameters.
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

// Find looks a path up in the contract. An unknown path gives nil.
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
