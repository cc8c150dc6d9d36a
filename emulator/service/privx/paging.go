package privx

import (
	"math/big"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

// A listing is one kind of record as lists and searches show it.
type listing[T any] struct {
	what   string                     // in messages
	plain  *world.Index[T]            // the order of creation
	orders map[string]*world.Index[T] // by sortkey
	most   int                        // the largest limit; 0: any
	name   func(*T) string            // what a search looks at
	append func(b []byte, c *service.Call, r *T) []byte
}

// paging is which part of a list is asked for, and in which order.
type paging[T any] struct {
	offset, limit int
	order         *world.Index[T]
	backwards     bool
}

const (
	usualLimit    = 50
	longestNumber = 100 // digits that are looked at
)

// paging reads offset, limit, sortkey and sortdir from the query and from the
// body, which wins. Empty strings mean the default: the Go SDK sends them.
func (l *listing[T]) paging(c *service.Call, body *value.Object) (*paging[T], error) {
	p := &paging[T]{order: l.plain}
	var err error
	if p.offset, err = number(c, body, "offset", 0); err != nil {
		return nil, err
	}
	if p.limit, err = number(c, body, "limit", usualLimit); err != nil {
		return nil, err
	}
	if most := l.bound(c); most > 0 && p.limit > most {
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

const mostListed = 1000

func (l *listing[T]) bound(c *service.Call) int {
	if c.Quirk(limitIsBounded) {
		return mostListed
	}
	return l.most
}

// list answers a list.
func (l *listing[T]) list(c *service.Call) (service.Reply, error) {
	p, err := l.paging(c, nil)
	if err != nil {
		return service.Reply{}, err
	}
	return l.page(c, p), nil
}

func (l *listing[T]) page(c *service.Call, p *paging[T]) service.Reply {
	return l.reply(c, p.order.Len(c.View, ""), p.order.Page(c.View, "", p.offset, p.limit, p.backwards))
}

// search answers those whose names contain any of the keywords, in whatever
// case. Without a keyword that is all.
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
	v, _ := body.Get("keywords")
	text, ok := v.(string)
	if v != nil && !ok {
		return service.Reply{}, invalid("VALUE_INCORRECT_TYPE", "keywords", "Expected a string.")
	}
	keywords := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' })
	if len(keywords) == 0 {
		return l.page(c, p), nil
	}
	var found []*T
	for r := range p.order.All(c.View, "", 0) {
		if matches(c, strings.ToLower(l.name(r)), keywords) {
			found = append(found, r)
		}
	}
	if p.backwards {
		slices.Reverse(found)
	}
	from := min(p.offset, len(found))
	return l.reply(c, len(found), found[from:from+min(p.limit, len(found)-from)]), nil
}

func matches(c *service.Call, name string, keywords []string) bool {
	is := func(k string) bool { return strings.Contains(name, k) }
	if c.Quirk(allKeywords) {
		return !slices.ContainsFunc(keywords, func(k string) bool { return !is(k) })
	}
	return slices.ContainsFunc(keywords, is)
}

func (l *listing[T]) reply(c *service.Call, count int, page []*T) service.Reply {
	b := append(c.Scratch, `{"count":`...)
	b = append(value.Append(b, count), `,"items":[`...)
	for i, r := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.append(b, c, r)
	}
	return service.JSON(http.StatusOK, append(b, "]}"...))
}

func parameter(c *service.Call, body *value.Object, name string) any {
	if body != nil {
		if v, ok := body.Get(name); ok {
			return v
		}
	}
	if s, ok := c.Last(name); ok {
		return s
	}
	return nil
}

func word(c *service.Call, body *value.Object, name string) (string, error) {
	v := parameter(c, body, name)
	s, ok := v.(string)
	if v != nil && !ok {
		return "", invalid("VALUE_INCORRECT_TYPE", name, "Expected a string.")
	}
	return s, nil
}

func number(c *service.Call, body *value.Object, name string, usual int) (int, error) {
	var text string
	switch v := parameter(c, body, name).(type) {
	case nil:
		return usual, nil
	case string:
		if text = v; text == "" {
			return usual, nil
		}
	case value.Number:
		text = string(v)
	}
	if len(text) > longestNumber {
		return 0, invalid("VALUE_OUT_OF_BOUNDS", name, "Expected an integer of 0 or more.")
	}
	n, ok := new(big.Int).SetString(text, 10)
	switch {
	case !ok:
		return 0, invalid("VALUE_INCORRECT_TYPE", name, "Expected an integer.")
	case n.Sign() < 0 || !n.IsInt64():
		return 0, invalid("VALUE_OUT_OF_BOUNDS", name, "Expected an integer of 0 or more.")
	}
	return int(n.Int64()), nil
}
