package freezer

import (
	"standin/internal/service"
	"standin/internal/value"
)

// A search filters a list: every pair of match must be equal, none of not.
type search struct{ match, not []value.Member }

// parseSearch reads the search out of the body of the GET, where the server has
// it, or out of ?search=, where the document has it. It is nil if there is none.
func parseSearch(c *service.Call) (*search, error) {
	text := c.Body
	if !c.HasLength {
		s, _ := c.Last("search")
		if s == "" || c.Quirk(searchInQueryIgnored) {
			return nil, nil //nolint:nilnil // no search is a value, not an error
		}
		text = []byte(s)
	}
	if c.Quirk(truthyNonObjectIs500) {
		return readSearch(text, func(error) error { return crash() })
	}
	return readSearch(text, func(refusal error) error { return refusal })
}

// readSearch asks odd what to do about a shape that the server does not expect,
// and fails upon; what would be said against it is nil if it could be read.
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

// pairs lists the members of all objects in the list of that name. What is falsy
// holds none, but the server expects a length of it.
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

// allOf finds the "_all" of the first match: what `freezer client-list --search`
// sends, a string that holds a JSON list of pairs.
func allOf(match any) (any, bool) {
	list, _ := match.([]any)
	if len(list) == 0 {
		return nil, false
	}
	first, _ := list[0].(*value.Object)
	return first.Get("_all")
}

// readAll takes the list in place of the whole search. What is no list is
// ignored, and everything is found.
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

// page lists the caller's clients of the page that match. A negative limit finds none.
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

// find lists an owner's clients that match: those from the position on, without the
// first skip of them, and up to limit. A negative limit finds nothing.
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

// lookup finds the key at any depth of {"client": BODY, "user_id": USER}: the
// last one in the order of the members, null if there is none.
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
