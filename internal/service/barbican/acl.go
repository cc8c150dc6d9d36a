package barbican

import (
	"net/http"
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// aclOperations are about who may read a container or a secret.
var aclOperations = []service.Operation{
	{ID: "barbican.container-acl.show", Do: showACL, Policy: containerACLRetrieval},
	{ID: "barbican.container-acl.replace", Do: replaceACL, Policy: policy("ContainerACL(s) Update", inProject("admin", "creator"), newACL), Reads: onlyJSON},
	{ID: "barbican.container-acl.update", Do: updateACL, Policy: policy("ContainerACL(s) Update", inProject("admin", "creator"), newACL), Reads: onlyJSON},
	{ID: "barbican.container-acl.delete", Do: deleteACL, Policy: policy("ContainerACL(s) deletion", inProject("admin", "creator"), newACL)},
	{ID: "barbican.secret-acl.show", Do: showACL, Policy: policy("SecretACL(s) retrieval", inProject(allButAudit...), newACL)},
	{ID: "barbican.secret-acl.replace", Do: replaceACL, Policy: policy("SecretACL(s) Update", inProject("admin", "creator"), newACL), Reads: onlyJSON},
	{ID: "barbican.secret-acl.update", Do: updateACL, Policy: policy("SecretACL(s) Update", inProject("admin", "creator"), newACL), Reads: onlyJSON},
	{ID: "barbican.secret-acl.delete", Do: deleteACL, Policy: policy("SecretACL(s) deletion", inProject("admin", "creator"), newACL)},
}

// containerACLRetrieval is asked on paths below the operation too.
var containerACLRetrieval = policy("ContainerACL(s) retrieval", inProject(allButAudit...), newACL)

// An acl says who may read a container or a secret, in addition to callers with a role for it.
type acl struct {
	Ref           string   `json:"ref" fixture:"required"` // containers/ID or secrets/ID
	ProjectAccess bool     `json:"project-access"`         // false: only its maker and the project's admins, and the users
	Users         []string `json:"users"`                  // ids, of any project
	Created       stamp    `json:"created"`
	Updated       stamp    `json:"updated"`
}

var (
	acls    = world.NewKind("barbican.acls", func(a *acl) string { return a.Ref })
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
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("read").BeginObject()
	w.Name("project-access").Bool(a.ProjectAccess)
	w.Name("users").Texts(a.Users)
	a.Created.write(w.Name("created"))
	a.Updated.write(w.Name("updated"))
	w.EndObject()
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
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
	return service.JSON(http.StatusOK, value.AppendTextObject(nil, "acl_ref", ref(c, aclKey(c)+"/acl")))
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
		containers.Update(c.Tx(), ct, func(ct *container) { ct.Updated = now })
	} else if s := secrets.Get(c.View, c.Vars["secret_ref"]); s != nil {
		secrets.Update(c.Tx(), s, func(s *secret) { s.Updated = now })
	}
}

// merge is the new list: those who stay in their order, then the others by name.
func merge(old, users []string) []string {
	gone := func(u string) bool { return !slices.Contains(users, u) }
	known := func(u string) bool { return slices.Contains(old, u) }
	stay := slices.DeleteFunc(slices.Clone(old), gone)
	return append(stay, slices.Sorted(slices.Values(slices.DeleteFunc(users, known)))...)
}

var aclSchema = &openstack.Schema{
	Title: "ACL",
	Types: []string{"object"},
	Members: []openstack.Property{{Name: "read", Schema: openstack.Schema{
		Types: []string{"object"},
		Members: []openstack.Property{
			{Name: "users", Schema: openstack.Schema{Types: []string{"array"}, First: &shortText}},
			{Name: "project-access", Schema: openstack.Schema{Types: []string{"boolean"}}},
		},
		Closed: true,
	}}},
	Closed: true,
}

// readACL reads {"read": {"users", "project-access"}}; nil if read is missing or empty.
func readACL(c *service.Call) (*aclBody, error) {
	o, err := readObject(c, aclSchema)
	if err != nil {
		return nil, err
	}
	read := o.Object("read")
	if read == nil || read.Len() == 0 {
		return nil, nil //nolint:nilnil // nothing is said of it
	}
	b := &aclBody{}
	if read.Has("project-access") {
		b.access = new(read.Bool("project-access"))
	}
	if read.Has("users") {
		b.users, err = readUsers(c, read.List("users"))
	}
	return b, err
}

// readUsers reads the ids of an ACL. The schema looks at the first only, so that others
// may be of any type. The database stores numbers and truth values as texts. It fails on
// values that have no text, and on a text that it has stored already.
func readUsers(c *service.Call, list []any) ([]string, error) {
	users, there := []string{}, map[string]bool{}
	if a := acls.Get(c.View, aclKey(c)); a != nil {
		for _, u := range a.Users {
			there[u] = true
		}
	}
	given := map[aclUser]bool{}
	for _, e := range list {
		id, key, ok := userID(e)
		if ok && given[key] {
			continue
		}
		switch clash := !key.text && there[id] || key.text && slices.Contains(users, id); {
		case (!ok || clash) && c.Quirk(oddUsersBreak):
			return nil, failure(attempt(c))
		case !ok:
			return nil, invalid("ACL", openstack.NotOfType(e, "string"), "read")
		case !slices.Contains(users, id):
			users = append(users, id)
		}
		given[key], there[id] = true, true
	}
	return users, nil
}

// An aclUser is an element of users as Python's sets compare them: numbers and truth
// values by their value.
type aclUser struct {
	text  bool
	value string
}

// userID is an element of users as the database stores it, and reports whether it can.
func userID(e any) (id string, key aclUser, ok bool) {
	switch x := e.(type) {
	case string:
		return x, aclUser{true, x}, true
	case bool:
		id := "0"
		if x {
			id = "1"
		}
		return id, aclUser{false, id}, true
	case value.Number:
		return numberAsID(x)
	}
	return "", aclUser{}, false
}

// numberAsID is a number as SQLite writes it into a column of texts.
func numberAsID(n value.Number) (id string, key aclUser, ok bool) {
	id = openstack.Repr(n)
	key.value = id
	if whole, isWhole := openstack.ParseWhole(n); isWhole {
		key.value = whole.String()
		if id == key.value && !whole.IsInt64() {
			return "", key, false
		}
	}
	switch mantissa, exponent, far := strings.Cut(id, "e"); {
	case id == "-0.0":
		id = "0.0"
	case far && !strings.Contains(mantissa, "."):
		id = mantissa + ".0e" + exponent
	}
	return id, key, true
}
