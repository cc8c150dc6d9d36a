package keystone

import (
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
)

// admin reports whether the policy allows the caller to read everything.
func admin(c *service.Call) bool { return c.Settings.AuthOff || c.Caller.HasRole("admin") }

// self returns the URL of the request.
func self(c *service.Call) string {
	if c.RawQuery != "" {
		return c.Base() + c.Path + "?" + c.RawQuery
	}
	return c.Base() + c.Path
}

// link returns the member "links" of a record.
func link(c *service.Call, kind, id string) *value.Object {
	return object("self", c.Base()+"/v3/"+kind+"/"+id)
}

// listReply returns a list without the records that the query filters out. by names the members
// that the query may filter. Other parameters are ignored
// (keystone/access-rules.yaml: "list by").
func listReply(c *service.Call, name string, all []*value.Object, by ...string) (service.Reply, error) {
	list := []any{}
	for _, o := range all {
		if wanted(c, o, by) {
			list = append(list, o)
		}
	}
	return reply(object(name, list, "links", object("next", nil, "self", self(c), "previous", nil)))
}

// wanted reports whether a record passes the filters of the query: MEMBER=VALUE, or
// MEMBER__contains and similar ones.
func wanted(c *service.Call, o *value.Object, by []string) bool {
	for key, values := range c.Query() {
		name, how, _ := strings.Cut(key, "__")
		if !slices.Contains(by, name) {
			continue
		}
		want := values[len(values)-1]
		found, _ := o.Get(name)
		switch v := found.(type) {
		case bool:
			if v != truth(want, true) {
				return false
			}
		case string:
			if !compare(v, want, how) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// compare applies a filter to a string. Comparisons that begin with i ignore case.
func compare(v, want, how string) bool {
	if rest, ok := strings.CutPrefix(how, "i"); ok {
		v, want, how = strings.ToLower(v), strings.ToLower(want), rest
	}
	switch how {
	case "contains":
		return strings.Contains(v, want)
	case "startswith":
		return strings.HasPrefix(v, want)
	case "endswith":
		return strings.HasSuffix(v, want)
	default:
		return v == want
	}
}

// truth parses a boolean as oslo.utils does. Other words give the default.
func truth(word string, defaultValue bool) bool {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "1", "t", "true", "on", "y", "yes":
		return true
	case "0", "f", "false", "off", "n", "no":
		return false
	default:
		return defaultValue
	}
}
