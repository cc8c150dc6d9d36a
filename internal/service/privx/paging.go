package privx

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// A listing describes the lists and searches of one kind of record.
type listing[T any] struct {
	what   string                                     // the name of the records in messages
	plain  *world.Index[T]                            // in the order of creation
	orders map[string]*world.Index[T]                 // indexes by sortkey
	max    int                                        // the max limit; 0: no limit
	name   func(*T) string                            // the name in which a search looks for keywords
	filter func(*value.Object) (func(*T) bool, error) // another filter in the body of a search; nil: none
	// write writes a record. The writer is passed by value: a pointer would be allocated, because
	// write is a function value.
	write func(w value.Writer, c *service.Call, r *T) value.Writer
}

// paging is the part of a list that a request asks for, and its order.
type paging[T any] struct {
	offset, limit int
	order         *world.Index[T]
	backwards     bool
}

const defaultLimit = 50

// paging reads offset, limit, sortkey and sortdir. A member of the body overrides the parameter
// of the query. Members that are null or empty are ignored, and so are empty parameters. The Go
// SDK sends empty members.
func (l *listing[T]) paging(c *service.Call, body *value.Object) (*paging[T], error) {
	p := &paging[T]{order: l.plain}
	var err error
	if p.offset, err = number(c, body, "offset", 0); err != nil {
		return nil, err
	}
	if p.limit, err = number(c, body, "limit", defaultLimit); err != nil {
		return nil, err
	}
	if bound := l.bound(c); bound > 0 && p.limit > bound {
		return nil, invalid("VALUE_OUT_OF_BOUNDS", "limit", "Expected an integer of 1000 or less.")
	}
	key, err := word(c, body, "sortkey")
	if err != nil {
		return nil, err
	}
	if key != "" {
		if p.order = l.orders[key]; p.order == nil {
			return nil, invalid("VALUE_OUT_OF_BOUNDS", "sortkey", l.what+" cannot be sorted by this.")
		}
	}
	dir, err := word(c, body, "sortdir")
	if err != nil {
		return nil, err
	}
	switch strings.ToUpper(dir) {
	case "", "ASC":
	case "DESC":
		p.backwards = true
	default:
		return nil, invalid("VALUE_OUT_OF_BOUNDS", "sortdir", "Expected ASC or DESC.")
	}
	return p, nil
}

const maxListed = 1000

func (l *listing[T]) bound(c *service.Call) int {
	// The quirk privx.limit-is-at-most-1000.
	if c.Quirk(limitIsBounded) {
		return maxListed
	}
	return l.max
}

// list returns the response of a list.
func (l *listing[T]) list(c *service.Call) (service.Reply, error) {
	p, err := l.paging(c, nil)
	if err != nil {
		return service.Reply{}, err
	}
	return l.page(c, p), nil
}

func (l *listing[T]) page(c *service.Call, p *paging[T]) service.Reply {
	count, limit := p.order.Len(c.View, ""), c.Capped(p.limit)
	c.Left(count - p.offset)
	return l.reply(c, count, p.order.Page(c.View, "", p.offset, limit, p.backwards))
}

// search returns the response of a search. It finds records whose names contain any of the
// keywords and that pass the filter. Case is ignored. Without keywords and filter it finds all.
func (l *listing[T]) search(c *service.Call) (service.Reply, error) {
	body := value.NewObject()
	if len(c.Body) > 0 {
		var err error
		if body, err = readObject(c); err != nil {
			return service.Reply{}, err
		}
	}
	p, err := l.paging(c, body)
	if err != nil {
		return service.Reply{}, err
	}
	passes, err := l.wanted(c, body)
	if err != nil {
		return service.Reply{}, err
	}
	if passes == nil {
		return l.page(c, p), nil
	}
	var found []*T
	for r := range p.order.All(c.View, "", 0) {
		if passes(r) {
			found = append(found, r)
		}
	}
	if p.backwards {
		slices.Reverse(found)
	}
	rest := found[min(p.offset, len(found)):]
	limit := c.Capped(p.limit)
	c.Left(len(rest))
	return l.reply(c, len(found), rest[:min(limit, len(rest))]), nil
}

// wanted returns a function that reports whether a search finds a record. It returns nil if the
// search finds all.
func (l *listing[T]) wanted(c *service.Call, body *value.Object) (func(*T) bool, error) {
	text, err := optional[string](body, "keywords", "a string")
	if err != nil {
		return nil, err
	}
	var filter func(*T) bool
	if l.filter != nil {
		if filter, err = l.filter(body); err != nil {
			return nil, err
		}
	}
	keywords := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' })
	if len(keywords) == 0 {
		return filter, nil
	}
	return func(r *T) bool {
		return matches(c, strings.ToLower(l.name(r)), keywords) && (filter == nil || filter(r))
	}, nil
}

// matches reports whether a name contains one of the keywords, or all of them with the quirk.
func matches(c *service.Call, name string, keywords []string) bool {
	is := func(k string) bool { return strings.Contains(name, k) }
	if c.Quirk(allKeywords) {
		return !slices.ContainsFunc(keywords, func(k string) bool { return !is(k) })
	}
	return slices.ContainsFunc(keywords, is)
}

func (l *listing[T]) reply(c *service.Call, count int, page []*T) service.Reply {
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("count").Int(int64(count))
	w.Name("items").BeginList()
	for _, r := range page {
		w = l.write(w, c, r)
	}
	w.EndList()
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes())
}

// asked returns a parameter from the body of a search, or else from the query. It reports whether
// it is from the body. It returns nil if both have none.
func asked(c *service.Call, body *value.Object, name string) (v any, inBody bool) {
	if body != nil {
		v, _ = body.Get(name)
	}
	if v != nil && v != "" {
		return v, true
	}
	if s, _ := c.Last(name); s != "" {
		return s, false
	}
	return nil, false
}

func word(c *service.Call, body *value.Object, name string) (string, error) {
	v, _ := asked(c, body, name)
	s, ok := v.(string)
	if v != nil && !ok {
		return "", invalid("VALUE_INCORRECT_TYPE", name, "Expected a string.")
	}
	return s, nil
}

// whole reports whether a text is an integer of any size.
func whole(text string) bool {
	if text != "" && strings.ContainsRune("+-", rune(text[0])) {
		text = text[1:]
	}
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// number reads offset or limit. A number beyond 64 bits is read as the largest int, which no list
// reaches.
func number(c *service.Call, body *value.Object, name string, defaultValue int) (int, error) {
	v, inBody := asked(c, body, name)
	if v == nil {
		return defaultValue, nil
	}
	text, isText := v.(string)
	if n, ok := v.(value.Number); ok {
		text = string(n)
	}
	if isText && inBody || !whole(text) {
		return 0, invalid("VALUE_INCORRECT_TYPE", name, "Expected an integer.")
	}
	n, _ := strconv.Atoi(text) // text is a number: the only error is ErrRange
	if n < 0 {
		return 0, invalid("VALUE_OUT_OF_BOUNDS", name, "Expected an integer of 0 or more.")
	}
	return n, nil
}
