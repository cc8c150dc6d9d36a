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

// A router finds paths with parameters. Of all paths it tries those that begin like the request's up to
// their first parameter.
type router struct {
	below map[string][]candidate // by the part before the first parameter
	err   error                  // of the first path that mux refuses
}

// A candidate is a path with parameters.
type candidate struct {
	order    int // it goes before candidates with a greater one
	path     *Path
	segments []segment  // nil if one of them is more than a text or a parameter
	route    *mux.Route // matches such a path
}

// A segment is a text, or a parameter that can be any text but none.
type segment struct{ text, parameter string }

// segmentsOf returns the segments of a template; nil if only gorilla/mux can match it.
func segmentsOf(template string) (all []segment) {
	for s := range strings.SplitSeq(template[1:], "/") {
		inner, opens := strings.CutPrefix(s, "{")
		name, closes := strings.CutSuffix(inner, "}")
		switch {
		case opens && closes && name != "" && !strings.ContainsAny(name, "{}:"):
			all = append(all, segment{parameter: name})
		case strings.ContainsAny(s, "{}"):
			return nil
		default:
			all = append(all, segment{text: s})
		}
	}
	return all
}

// match returns the parameters of a path if it has the segments.
func (c *candidate) match(at string) (vars map[string]string, ok bool) {
	if c.segments == nil {
		var m mux.RouteMatch
		ok = c.route.Match(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: at}}, &m)
		return m.Vars, ok
	}
	rest, more := strings.CutPrefix(at, "/")
	if !more || strings.Count(rest, "/") != len(c.segments)-1 {
		return nil, false
	}
	vars = map[string]string{}
	for _, s := range c.segments {
		text, after, _ := strings.Cut(rest, "/")
		switch rest = after; {
		case s.parameter != "" && text != "":
			vars[s.parameter] = text
		case s.parameter != "" || text != s.text:
			return nil, false
		}
	}
	return vars, true
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
		in, isTemplate := l.literal, strings.Contains(op.Path, "{")
		if isTemplate {
			in = others
		}
		p := in[op.Path]
		if p == nil {
			p = &Path{}
			if in[op.Path] = p; isTemplate {
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
	r := &router{below: map[string][]candidate{}}
	all := mux.NewRouter().SkipClean(true)
	for i, t := range templates {
		route := all.Path(t)
		if err := route.GetError(); err != nil && r.err == nil {
			r.err = fmt.Errorf("the path %q: %w", t, err)
		}
		literal, _, _ := strings.Cut(t, "{")
		literal = literal[:strings.LastIndexByte(literal, '/')]
		r.below[literal] = append(r.below[literal], candidate{i, paths[t], segmentsOf(t), route})
	}
	return r
}

// find returns the path that matches, and its parameters.
func (r *router) find(at string) (path *Path, vars map[string]string) {
	var found *candidate
	for literal := range upward(at) {
		all := r.below[literal]
		for i := range all {
			c := &all[i]
			if found != nil && c.order > found.order {
				continue
			}
			if v, ok := c.match(at); ok {
				found, path, vars = c, c.path, v
			}
		}
	}
	return path, vars
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
	for _, r := range op.Responses() {
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
	return b.layout.router().find(at)
}
