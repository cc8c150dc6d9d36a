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

// aclOperations are the operations on access control lists of containers and secrets.
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

// containerACLRetrieval is also the rule of paths below the operation.
var containerACLRetrieval = policy("ContainerACL(s) retrieval", inProject(allButAudit...), newACL)

// An acl lists who may read a container or a secret, in addition to callers whose role allows it.
type acl struct {
	Ref           string   `json:"ref" fixture:"required"` // containers/ID or secrets/ID
	ProjectAccess bool     `json:"project-access"`         // false: only the creator, the project's admins and Users may read
	Users         []string `json:"users"`                  // user ids, of any project
	Created       stamp    `json:"created"`
	Updated       stamp    `json:"updated"`
}

var (
	acls    = world.NewKind("barbican.acls", func(a *acl) string { return a.Ref })
	allACLs = acls.Index(nil, nil)
)

// aclKey returns the key of the ACL of the container or secret in the path.
func aclKey(c *service.Call) string {
	if id, ok := c.Vars["container_ref"]; ok {
		return "containers/" + id
	}
	return "secrets/" + c.Vars["secret_ref"]
}

// showACL handles GET of an ACL. Without an ACL, the project may read, and the response has no
// users (barbican/acl.yaml: "none yet").
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

// replaceACL handles PUT of an ACL. Members that the body leaves out get their defaults
// (barbican/acl.yaml: "get after users only").
func replaceACL(c *service.Call) (service.Reply, error) {
	b, err := readACL(c)
	if err != nil {
		return service.Reply{}, err
	}
	key := aclKey(c)
	// A missing or empty read removes the ACL
	// (barbican/acl.yaml: "put to the secret what is none").
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

// updateACL handles PATCH of an ACL. Members that the body leaves out stay
// (barbican/acl.yaml: "get after access").
func updateACL(c *service.Call) (service.Reply, error) {
	b, err := readACL(c)
	if err != nil || b == nil {
		return aclReply(c), err
	}
	b.put(c, aclKey(c))
	return aclReply(c), nil
}

// deleteACL handles DELETE of an ACL. It succeeds if there is none
// (barbican/acl.yaml: "delete again").
func deleteACL(c *service.Call) (service.Reply, error) {
	acls.Delete(c.Tx(), aclKey(c))
	return service.JSON(http.StatusOK, []byte("null")), nil
}

func aclReply(c *service.Call) service.Reply {
	return service.JSON(http.StatusOK, value.AppendTextObject(nil, "acl_ref", ref(c, aclKey(c)+"/acl")))
}

// An aclBody is the member read of a body. nil means that a member is missing.
type aclBody struct {
	access *bool
	users  []string
}

// put stores the ACL with the members of the body. It creates the ACL if there is none
// (barbican/acl.yaml: "get after that patch").
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

// merge returns the new list of users. Users that stay keep their order; new users follow,
// sorted.
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

// readACL reads {"read": {"users", "project-access"}}. It returns nil if read is missing or
// empty.
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

// readUsers reads the user ids of an ACL. The server's schema checks only the first, so the
// others may have any type (barbican/acl-elements.yaml: "put"). The database stores numbers and
// booleans as texts. It fails for lists and objects, and for a text that is already stored
// (barbican/acl-elements.yaml: "one by one").
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

// An aclUser is a user as an element of a Python set: numbers and booleans are compared by value
// (barbican/acl-elements.yaml: "put number 10: 1, true").
type aclUser struct {
	text  bool
	value string
}

// userID returns a user as the database stores it. It reports whether the database can store it.
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

// numberAsID returns a number as SQLite writes it into a text column
// (barbican/acl-elements.yaml: "get number 5"). A number beyond 64 bits cannot be stored
// (barbican/acl-elements.yaml: "put number 7: 9223372036854775808").
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
