package privx

import (
	"math/big"
	"slices"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

func readObject(c *service.Call) (*value.Object, error) {
	v, err := c.JSON()
	if err != nil {
		return nil, badRequest("The request body is not valid JSON.")
	}
	o, ok := v.(*value.Object)
	if !ok {
		return nil, badRequest("The request body is not a JSON object.")
	}
	return o, nil
}

// readClient reads what callers may say of an API client: its name and the ids
// of its roles. A role that was deleted is known and may still be given.
func readClient(c *service.Call, o *value.Object) (name string, ids []string, err error) {
	v, _ := o.Get("name")
	name, ok := v.(string)
	switch {
	case v == nil || name == "" && ok:
		return "", nil, invalid("REQUIRED_VALUE_MISSING", "name", "A name is required.")
	case !ok:
		return "", nil, invalid("VALUE_INCORRECT_TYPE", "name", "Expected a string.")
	}
	v, _ = o.Get("roles")
	list, ok := v.([]any)
	if v != nil && !ok {
		return "", nil, invalid("VALUE_INCORRECT_TYPE", "roles", "Expected an array.")
	}
	for _, e := range list {
		role, ok := e.(*value.Object)
		if !ok {
			return "", nil, invalid("VALUE_INCORRECT_TYPE", "roles", "Expected an array of objects.")
		}
		v, _ := role.Get("id")
		id, ok := v.(string)
		switch {
		case v == nil || id == "" && ok:
			return "", nil, invalid("REQUIRED_VALUE_MISSING", "roles.id", "The id of a role is required.")
		case !ok:
			return "", nil, invalid("VALUE_INCORRECT_TYPE", "roles.id", "Expected a string.")
		case roles.Get(c.View, id) == nil:
			return "", nil, invalid("INVALID_REQUEST_DATA", "roles.id", "There is no role with this id.")
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return name, ids, nil
}

// paging is which part of a list is asked for, and in which order.
type paging struct {
	offset, limit int
	order         *world.Index[client]
	backwards     bool
}

const (
	usualLimit    = 50
	longestNumber = 100 // digits that are looked at
)

// readPaging reads offset, limit, sortkey and sortdir from the query and from
// the body, which wins. Empty strings mean the default: the Go SDK sends them.
func readPaging(c *service.Call, body *value.Object) (*paging, error) {
	p := &paging{order: inserted}
	var err error
	if p.offset, err = number(c, body, "offset", 0); err != nil {
		return nil, err
	}
	if p.limit, err = number(c, body, "limit", usualLimit); err != nil {
		return nil, err
	}
	key, err := word(c, body, "sortkey")
	if err != nil {
		return nil, err
	}
	if key != "" {
		if p.order = orders[key]; p.order == nil {
			return nil, invalid("VALUE_OUT_OF_BOUNDS", "sortkey", "API clients cannot be sorted by this.")
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
