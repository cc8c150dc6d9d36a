package barbican

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

// An acl says who may read a container or a secret beside those whom their roles let.
type acl struct {
	Ref           string   `json:"ref" fixture:"required"` // containers/ID or secrets/ID
	ProjectAccess bool     `json:"project-access"`         // false: only its maker and the project's admins, and the users
	Users         []string `json:"users"`                  // ids, of any project
	Created       stamp    `json:"created"`
	Updated       stamp    `json:"updated"`
}

var (
	acls    = world.NewKind(func(a *acl) string { return a.Ref })
	allACLs = acls.Index(nil, nil)
)

// aclKey is the key of the ACL of what the path names.
func aclKey(c *service.Call) string {
	if id, ok := c.Vars["container_ref"]; ok {
		return "containers/" + id
	}
	return "secrets/" + c.Vars["secret_ref"]
}

// showACL answers GET of an ACL. Where none was set, the project may read.
func showACL(c *service.Call) (service.Reply, error) {
	a := acls.Get(c.View, aclKey(c))
	if a == nil {
		return service.JSON(http.StatusOK, []byte(`{"read":{"project-access":true}}`)), nil
	}
	read := value.NewObject(
		value.Member{Name: "project-access", Value: a.ProjectAccess},
		value.Member{Name: "users", Value: value.List(a.Users)},
		value.Member{Name: "created", Value: a.Created.String()},
		value.Member{Name: "updated", Value: a.Updated.String()},
	)
	return service.JSON(http.StatusOK, value.Append(c.Scratch, value.NewObject(value.Member{Name: "read", Value: read}))), nil
}

// replaceACL answers PUT of an ACL: what the body leaves out is as if no ACL had been set.
func replaceACL(c *service.Call) (service.Reply, error) {
	b, err := readACL(c)
	if err != nil {
		return service.Reply{}, err
	}
	key := aclKey(c)
	if b == nil {
		acls.Delete(c.Tx(), key)
		return aclReply(c), nil
	}
	if b.access == nil {
		b.access = new(true)
	}
	if b.users == nil {
		b.users = []string{}
	}
	b.put(c, key)
	return aclReply(c), nil
}

// updateACL answers PATCH of an ACL: what the body leaves out stays.
func updateACL(c *service.Call) (service.Reply, error) {
	b, err := readACL(c)
	if err != nil || b == nil {
		return aclReply(c), err
	}
	b.put(c, aclKey(c))
	return aclReply(c), nil
}

// deleteACL answers DELETE of an ACL, whether or not there is one.
func deleteACL(c *service.Call) (service.Reply, error) {
	acls.Delete(c.Tx(), aclKey(c))
	return service.JSON(http.StatusOK, []byte("null")), nil
}

func aclReply(c *service.Call) service.Reply {
	href := ref(c, aclKey(c)+"/acl")
	return service.JSON(http.StatusOK, append(value.AppendString([]byte(`{"acl_ref":`), href), '}'))
}

// An aclBody is what a body says of the operation read; nil is not said.
type aclBody struct {
	access *bool
	users  []string
}

// put stores the ACL as it was, with what the body says.
func (b *aclBody) put(c *service.Call, key string) {
	now := newStamp(c.Now)
	a := &acl{Ref: key, ProjectAccess: true, Created: now}
	if old := acls.Get(c.View, key); old != nil {
		*a = *old
	}
	a.Updated = now
	if b.access != nil {
		a.ProjectAccess = *b.access
	}
	if b.users != nil {
		a.Users = merge(a.Users, b.users)
	}
	acls.Put(c.Tx(), a)
	if ct := containers.Get(c.View, c.Vars["container_ref"]); ct != nil {
		touched := *ct
		touched.Updated = now
		containers.Put(c.Tx(), &touched)
	} else if s := secrets.Get(c.View, c.Vars["secret_ref"]); s != nil {
		touched := *s
		touched.Updated = now
		secrets.Put(c.Tx(), &touched)
	}
}

// merge is the new list: those who stay in their order, then the others by name.
func merge(old, users []string) []string {
	gone := func(u string) bool { return !slices.Contains(users, u) }
	known := func(u string) bool { return slices.Contains(old, u) }
	stay := slices.DeleteFunc(slices.Clone(old), gone)
	return append(stay, slices.Sorted(slices.Values(slices.DeleteFunc(users, known)))...)
}

// readACL reads {"read": {"users", "project-access"}}; nil if read is missing or empty.
func readACL(c *service.Call) (*aclBody, error) {
	o, err := readObject(c, "ACL")
	if err != nil {
		return nil, err
	}
	if err := additional("ACL", o, "", "read"); err != nil {
		return nil, err
	}
	v, ok := o.Get("read")
	if !ok {
		return nil, nil //nolint:nilnil // nothing is said of it
	}
	read, ok := v.(*value.Object)
	if !ok {
		return nil, invalid("ACL", service.Repr(v)+" is not of type 'object'", "read")
	}
	if len(read.Members()) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	return readOperation(read)
}

func readOperation(read *value.Object) (*aclBody, error) {
	b := &aclBody{}
	if v, ok := read.Get("users"); ok {
		list, ok := v.([]any)
		if !ok {
			return nil, invalid("ACL", service.Repr(v)+" is not of type 'array'", "read")
		}
		b.users = []string{}
		for i, e := range list {
			if fault := userID.typeOrLength(e); i == 0 && fault != "" { // the schema looks at the first only
				return nil, invalid("ACL", fault, "read")
			}
			id, ok := e.(string)
			if !ok {
				id = service.Repr(e)
			}
			if !slices.Contains(b.users, id) {
				b.users = append(b.users, id)
			}
		}
	}
	if v, ok := read.Get("project-access"); ok {
		access, ok := v.(bool)
		if !ok {
			return nil, invalid("ACL", service.Repr(v)+" is not of type 'boolean'", "read")
		}
		b.access = &access
	}
	return b, additional("ACL", read, "read", "users", "project-access")
}

var userID = text{name: "users", max: 255}

// additional refuses members that the schema of an object does not have.
func additional(schema string, o *value.Object, property string, known ...string) error {
	var more []string
	for _, m := range o.Members() {
		if !slices.Contains(known, m.Name) {
			more = append(more, service.Repr(m.Name))
		}
	}
	slices.Sort(more)
	were := "was"
	switch len(more) {
	case 0:
		return nil
	case 1:
	default:
		were = "were"
	}
	return invalid(schema, fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", strings.Join(more, ", "), were), property)
}
