package freezer

import (
	"standin/internal/service"
	"standin/internal/value"
)

// A search filters a list. A client must equal every pair of match, and no pair of not.
type search struct{ match, not []value.Member }

// parseSearch returns the search of a list, or nil. The real server reads it from the body of the
// GET. The document has it in ?search=, which the server ignores
// (freezer/clients-paging.yaml: "search as a parameter").
func parseSearch(c *service.Call) (*search, error) {
	text := c.Body
	if !c.HasLength {
		s, _ := c.Last("search")
		if s == "" || c.Quirk(searchInQueryIgnored) {
			return nil, nil //nolint:nilnil // no search is a value, not an error
		}
		text = []byte(s)
	}
	return readSearch(text, func(refusal error) error {
		if c.Quirk(truthyNonObjectIs500) {
			// freezer/clients-quirks.yaml: "a search that is no object"
			return crash()
		}
		return refusal
	})
}

// readSearch parses a search. For a shape that the server does not expect, it returns
// odd(refusal). refusal is the validation error, or nil if the shape can be read.
func readSearch(text []byte, odd func(refusal error) error) (*search, error) {
	v, err := value.Parse(text)
	if err != nil {
		return nil, malformed()
	}
	if falsy(v) {
		return nil, nil //nolint:nilnil // as above
	}
	o, ok := v.(*value.Object)
	if !ok {
		return nil, odd(validator.Check(anObject, v))
	}
	match, _ := o.Get("match")
	not, _ := o.Get("match_not")
	// Without match and match_not everything is found: freezer/clients-search.yaml: "search".
	if falsy(match) && falsy(not) {
		return nil, nil //nolint:nilnil // as above
	}
	if all, ok := allOf(match); ok {
		return readAll(all, odd)
	}
	s := &search{}
	if s.match, err = pairs(o, "match", odd); err != nil {
		return nil, err
	}
	if s.not, err = pairs(o, "match_not", odd); err != nil {
		return nil, err
	}
	return s, nil
}

// pairs returns the members of all objects in the named list. A value that Python takes for false
// has no pairs. The server calls len on it, which fails for null, false and 0
// (freezer/clients-quirks.yaml: "a search of a wrong shape").
func pairs(o *value.Object, name string, odd func(error) error) ([]value.Member, error) {
	v, there := o.Get(name)
	list, ok := v.([]any)
	switch {
	case !there || ok:
		return flatten(list, odd)
	case falsy(v):
		if v == "" || o.Object(name) != nil {
			return nil, nil
		}
		return nil, odd(nil)
	default:
		return nil, odd(validator.Check(anArray, v))
	}
}

func flatten(list []any, odd func(error) error) ([]value.Member, error) {
	var all []value.Member
	for _, e := range list {
		pair, ok := e.(*value.Object)
		if !ok {
			return nil, odd(validator.Check(anObject, e))
		}
		all = append(all, pair.Members()...)
	}
	return all, nil
}

// allOf returns the member "_all" of the first match. `freezer client-list --search` sends it: a
// string that contains a JSON list of pairs.
func allOf(match any) (any, bool) {
	list, _ := match.([]any)
	if len(list) == 0 {
		return nil, false
	}
	first, _ := list[0].(*value.Object)
	return first.Get("_all")
}

// readAll reads the list of "_all", which replaces the whole search. Other values are ignored,
// and everything is found (freezer/clients-search.yaml: "search").
func readAll(all any, odd func(error) error) (*search, error) {
	s, _ := all.(string)
	v, err := value.Parse([]byte(s))
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // the server ignores it
	}
	list, ok := v.([]any)
	if !ok {
		return nil, nil //nolint:nilnil // as above
	}
	match, err := flatten(list, odd)
	return &search{match: match}, err
}

// page returns the caller's clients of the page that match. A negative limit finds none
// (freezer/clients-search.yaml: "a page of a search").
func (s *search) page(c *service.Call, p page) []*client {
	from, skip := 0, p.offset
	if p.behind {
		from, skip = p.offset, 0
	}
	if p.limit >= 0 {
		p.limit = c.Capped(p.limit)
	}
	found := s.find(c, callers(c), from, skip, p.limit)
	if len(found) < p.limit {
		c.Left(len(found))
	}
	return found
}

// find returns an owner's clients that match, from the given position on. It skips the first skip
// matches and returns up to limit of the rest.
func (s *search) find(c *service.Call, owner string, from, skip, limit int) []*client {
	var found []*client
	skip = max(skip, 0)
	for cl := range ofUser.All(c.View, owner, from) {
		if len(found) >= limit {
			break
		}
		if !s.matches(cl.shown(c)) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		found = append(found, cl)
	}
	return found
}

func (s *search) matches(text string) bool {
	item, _ := value.Parse([]byte(text))
	for _, p := range s.match {
		if v, _ := lookup(item, p.Name); !value.Equal(v, p.Value) {
			return false
		}
	}
	for _, p := range s.not {
		if v, _ := lookup(item, p.Name); value.Equal(v, p.Value) {
			return false
		}
	}
	return true
}

// lookup returns the value of a key at any depth of {"client": BODY, "user_id": USER}. If there
// are several, the last one in the order of the members is used. If there is none, the value is
// null (freezer/clients-search.yaml: "search").
func lookup(v any, key string) (found any, ok bool) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			if f, yes := lookup(e, key); yes {
				found, ok = f, true
			}
		}
	case *value.Object:
		for _, m := range x.Members() {
			if m.Name == key {
				found, ok = m.Value, true
			}
			if f, yes := lookup(m.Value, key); yes {
				found, ok = f, true
			}
		}
	}
	return found, ok
}
