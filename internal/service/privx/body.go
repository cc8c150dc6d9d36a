package privx

import (
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
)

func readObject(c *service.Call) (*value.Object, error) {
	v, err := c.JSON()
	if err != nil {
		return nil, notJSON()
	}
	o, ok := v.(*value.Object)
	if !ok {
		return nil, service.Errorf(service.Invalid, "BAD_REQUEST", "The request body is not a JSON object.").RefusedBy("schema")
	}
	return o, nil
}

func notJSON() error {
	return service.Errorf(service.Invalid, "BAD_REQUEST", "The request body is not valid JSON.").RefusedBy("json")
}

// optional reads a member that may be missing or null. The error for a member of another type
// names the expected type.
func optional[T any](o *value.Object, name, expected string) (T, error) {
	v, _ := o.Get(name)
	t, ok := v.(T)
	if v != nil && !ok {
		return t, invalid("VALUE_INCORRECT_TYPE", name, "Expected "+expected+".")
	}
	return t, nil
}

// texts reads a member that is a list of strings. It may be missing or null.
func texts(o *value.Object, name string) ([]string, error) {
	list, err := optional[[]any](o, name, "an array")
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, invalid("VALUE_INCORRECT_TYPE", name, "Expected an array of strings.")
		}
		all = append(all, s)
	}
	return all, nil
}

// readClient reads the members of an API client that callers may set: its name and the ids of its
// roles. old is nil if the client is new.
func readClient(c *service.Call, o *value.Object, old *client) (name string, ids []string, err error) {
	v, _ := o.Get("name")
	name, ok := v.(string)
	switch {
	case v == nil || ok && blank(name):
		return "", nil, invalid("REQUIRED_VALUE_MISSING", "name", "A name is required.")
	case !ok:
		return "", nil, invalid("VALUE_INCORRECT_TYPE", "name", "Expected a string.")
	}
	if ids, err = readRoleIDs(c, o, old); err != nil {
		return "", nil, err
	}
	// The quirk privx.names-of-api-clients-are-unique.
	if c.Quirk(clientNamesUnique) {
		for other := range clientsByName.All(c.View, name, 0) {
			if old == nil || other.ID != old.ID {
				return "", nil, duplicate()
			}
		}
	}
	return name, ids, nil
}

// readRoleIDs reads the ids of an API client's roles. Repeated ids are dropped. With the quirk
// privx.put-without-roles-keeps-them, a PUT without roles keeps the old ones.
func readRoleIDs(c *service.Call, o *value.Object, old *client) (ids []string, err error) {
	list, err := optional[[]any](o, "roles", "an array")
	if err != nil {
		return nil, err
	}
	if list == nil && old != nil && c.Quirk(putKeepsRoles) {
		ids = old.Roles
	}
	for _, e := range list {
		id, err := readRoleID(c, e)
		if err != nil {
			return nil, err
		}
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// readRoleID reads the id of a role of an API client. It is empty if no role is given. A deleted
// role is known and may be given.
func readRoleID(c *service.Call, e any) (id string, err error) {
	given, ok := e.(*value.Object)
	if !ok {
		return "", invalid("VALUE_INCORRECT_TYPE", "roles", "Expected an array of objects.")
	}
	v, _ := given.Get("id")
	id, ok = v.(string)
	switch {
	case id == "" && ok && !c.Quirk(emptyRoleIDIs400): // the vendor's command line sends an empty id for no role
		return "", nil
	case v == nil || id == "" && ok:
		return "", invalid("REQUIRED_VALUE_MISSING", "roles.id", "The id of a role is required.")
	case !ok:
		return "", invalid("VALUE_INCORRECT_TYPE", "roles.id", "Expected a string.")
	case roles.Get(c.View, id) != nil:
		return id, nil
	// With the quirk privx.unknown-roles-are-accepted, an unknown role is stored as deleted.
	case !c.Quirk(unknownRolesAccepted) || !reachable(id):
		return "", invalid("INVALID_REQUEST_DATA", "roles.id", "There is no role with this id.")
	}
	roles.Put(c.Tx(), &role{ID: id, Deleted: true}) // the role has only an id
	return id, nil
}

// blank reports whether a name has only white space.
func blank(name string) bool { return strings.TrimSpace(name) == "" }

// duplicate returns the error for a name that is taken.
func duplicate() error {
	e := service.Errorf(service.Invalid, "VALUE_DUPLICATE", "Duplicate name")
	e.Detail = property("name")
	return e
}
