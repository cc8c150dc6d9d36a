package privx

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// roleOperations are about roles.
var roleOperations = []service.Operation{
	{ID: "privx.roles.list", Do: listRoles, Policy: viewRoles},
	{ID: "privx.roles.create", Do: createRole, Policy: manageRoles},
	{ID: "privx.roles.search", Do: searchRoles, Policy: viewRoles},
	{ID: "privx.roles.resolve", Do: resolveRoles, Policy: viewRoles},
	{ID: "privx.roles.show", Do: showRole, Policy: viewRoles},
	{ID: "privx.roles.update", Do: updateRole, Policy: manageRoles},
	{ID: "privx.roles.delete", Do: deleteRole, Policy: manageRoles},
}

// A role gives its permissions to the API clients that have it. One that was
// deleted stays as what their handles of it point to.
type role struct {
	ID            string        `json:"id" fixture:"required"`
	Name          string        `json:"name"`
	Comment       string        `json:"comment,omitempty"`
	AccessGroupID string        `json:"access_group_id,omitempty"`
	Deleted       bool          `json:"deleted,omitempty"`
	Permissions   []string      `json:"permissions,omitempty"`
	PermitAgent   bool          `json:"permit_agent,omitempty"`
	SourceRules   *value.Object `json:"source_rules,omitempty"` // nil: none
	Context       *value.Object `json:"context,omitempty"`      // nil: not enabled
	Explicit      bool          `json:"explicit,omitempty"`
	Implicit      bool          `json:"implicit,omitempty"`
	System        bool          `json:"system,omitempty"`
	Created       string        `json:"created,omitempty"` // RFC 3339, seconds, Z
	Author        string        `json:"author,omitempty"`
	Updated       string        `json:"updated,omitempty"`
	UpdatedBy     string        `json:"updated_by,omitempty"`
	MemberCount   int           `json:"member_count,omitempty"`
}

var (
	roles     = world.NewKind("privx.roles", func(r *role) string { return r.ID })
	allRoles  = roles.Index(nil, nil)
	liveRoles = roles.Index(alive, nil)

	roleList = &listing[role]{
		what: "Roles", plain: liveRoles, max: maxListed,
		orders: map[string]*world.Index[role]{
			"id":         sortedRoles(func(r *role) string { return r.ID }),
			"name":       sortedRoles(func(r *role) string { return r.Name }),
			"comment":    sortedRoles(func(r *role) string { return r.Comment }),
			"created":    sortedRoles(func(r *role) string { return r.Created }),
			"author":     sortedRoles(func(r *role) string { return r.Author }),
			"updated":    sortedRoles(func(r *role) string { return r.Updated }),
			"updated_by": sortedRoles(func(r *role) string { return r.UpdatedBy }),
		},
		name:   func(r *role) string { return r.Name },
		filter: namedRoles,
		write:  func(w value.Writer, _ *service.Call, r *role) value.Writer { r.write(&w); return w },
	}
)

// alive is the partition of a role: the role store lists those that were not deleted.
func alive(r *role) string {
	if r.Deleted {
		return "deleted"
	}
	return ""
}

func sortedRoles(by func(*role) string) *world.Index[role] {
	return roles.Index(alive, func(a, b *role) int { return strings.Compare(by(a), by(b)) })
}

// reachable reports whether a role of that id has a path of its own.
func reachable(id string) bool {
	return id != "" && id != "search" && id != "resolve" && !strings.Contains(id, "/")
}

func checkRole(v world.View, r *role, at file.Node) error {
	switch {
	case !reachable(r.ID):
		return at.At("id").Errorf("%q cannot be reached as an id", r.ID)
	case r.Name != "" && blank(r.Name):
		return at.At("name").Errorf("name is blank; the API would refuse it")
	}
	if !r.Deleted && roleNamed(v, r.Name, r.ID) != nil {
		return at.At("name").Errorf("there is another role %q; names of roles are unique", r.Name)
	}
	return nil
}

// roleNamed finds a role by its name, other than the one with the id.
func roleNamed(v world.View, name, besides string) *role {
	for r := range liveRoles.All(v, "", 0) {
		if r.Name == name && r.ID != besides {
			return r
		}
	}
	return nil
}

// defaultGroup is the access group of roles that name none.
var defaultGroup = world.UUID(world.Draw(0, "privx/access-group", 0, 16))

// The source rules and the context of a role that has none of its own.
var (
	noRules = value.NewObject(
		value.Member{Name: "type", Value: "GROUP"}, value.Member{Name: "match", Value: "ANY"}, value.Member{Name: "rules", Value: []any{}},
	)
	noContext = value.NewObject(value.Member{Name: "enabled", Value: false})
)

// write writes a role as the role store answers it.
func (r *role) write(w *value.Writer) {
	created := cmp.Or(r.Created, long)
	w.BeginObject()
	w.Name("id").Text(r.ID)
	w.Name("name").Text(r.Name)
	w.Name("comment").Text(r.Comment)
	w.Name("access_group_id").Text(cmp.Or(r.AccessGroupID, defaultGroup))
	w.Name("permissions").Texts(r.Permissions)
	w.Name("permit_agent").Bool(r.PermitAgent)
	w.Name("source_rules").Value(cmp.Or(r.SourceRules, noRules))
	w.Name("explicit").Bool(r.Explicit)
	w.Name("implicit").Bool(r.Implicit)
	w.Name("system").Bool(r.System)
	w.Name("context").Value(cmp.Or(r.Context, noContext))
	w.Name("created").Text(created)
	w.Name("author").Text(r.Author)
	w.Name("updated").Text(cmp.Or(r.Updated, created))
	w.Name("updated_by").Text(r.UpdatedBy)
	w.Name("member_count").Int(int64(r.MemberCount))
	w.EndObject()
}

// listRoles answers GET /role-store/api/v1/roles.
func listRoles(c *service.Call) (service.Reply, error) { return roleList.list(c) }

// searchRoles answers POST …/roles/search. Clients send the paging in the query;
// the body may hold it as well.
func searchRoles(c *service.Call) (service.Reply, error) { return roleList.search(c) }

// namedRoles reads the member "name" of a search, the whole names of roles, of which
// one will do. The test is nil if no name was sent.
func namedRoles(o *value.Object) (func(*role) bool, error) {
	names, err := texts(o, "name")
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return func(r *role) bool { return slices.Contains(names, r.Name) }, nil
}

// resolveRoles answers POST …/roles/resolve: the roles of the names that are sent.
func resolveRoles(c *service.Call) (service.Reply, error) {
	v, err := c.JSON()
	names, ok := v.([]any)
	if err != nil {
		return service.Reply{}, notJSON()
	}
	if !ok {
		return service.Reply{}, service.Errorf(service.Invalid, "BAD_REQUEST", "The request body is not a JSON array.").RefusedBy("schema")
	}
	var found []*role
	for r := range liveRoles.All(c.View, "", 0) {
		if slices.Contains(names, any(r.Name)) {
			found = append(found, r)
		}
	}
	return roleList.reply(c, len(found), found), nil
}

// createRole answers POST …/roles. Names are unique.
func createRole(c *service.Call) (service.Reply, error) {
	r := &role{}
	if err := readRole(c, r); err != nil {
		return service.Reply{}, err
	}
	r.ID = roles.NewID(c.Tx(), "privx.roles", world.UUID)
	r.Created, r.Author = c.Now.Format(time.RFC3339), dashed(c.Caller.ID)
	r.Updated, r.UpdatedBy = r.Created, r.Author
	roles.Put(c.Tx(), r)
	reply := service.JSON(http.StatusCreated, value.AppendTextObject(nil, "id", r.ID))
	reply.Set("Location", c.Base()+c.Path+"/"+r.ID)
	return reply, nil
}

func existingRole(c *service.Call) (*role, error) {
	if r := roles.Get(c.View, c.Vars["role_id"]); r != nil && !r.Deleted {
		return r, nil
	}
	return nil, service.Errorf(service.NotFound, "OBJECT_NOT_FOUND", "There is no role with this id.")
}

// showRole answers GET …/roles/{role_id}.
func showRole(c *service.Call) (service.Reply, error) {
	r, err := existingRole(c)
	if err != nil {
		return service.Reply{}, err
	}
	w := value.NewWriter(c.Scratch)
	r.write(&w)
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// updateRole answers PUT …/roles/{role_id}: what callers may write is replaced.
// Tokens that were issued keep the permissions they have.
func updateRole(c *service.Call) (service.Reply, error) {
	old, err := existingRole(c)
	if err != nil {
		return service.Reply{}, err
	}
	r := &role{ID: old.ID, Explicit: old.Explicit, Implicit: old.Implicit, System: old.System, Created: old.Created, Author: old.Author, MemberCount: old.MemberCount}
	if err := readRole(c, r); err != nil {
		return service.Reply{}, err
	}
	r.Updated, r.UpdatedBy = c.Now.Format(time.RFC3339), dashed(c.Caller.ID)
	roles.Put(c.Tx(), r)
	return empty(), nil
}

// deleteRole answers DELETE …/roles/{role_id}. API clients keep their handle of
// the role, marked as deleted, and lose its permissions with their next token.
func deleteRole(c *service.Call) (service.Reply, error) {
	old, err := existingRole(c)
	if err != nil {
		return service.Reply{}, err
	}
	roles.Update(c.Tx(), old, func(r *role) { r.Deleted = true })
	return empty(), nil
}

// readRole reads what callers may say of a role. It ignores members that only
// the server writes.
func readRole(c *service.Call, r *role) error {
	o, err := readObject(c)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		to   *string
	}{{"name", &r.Name}, {"comment", &r.Comment}, {"access_group_id", &r.AccessGroupID}} {
		if *m.to, err = optional[string](o, m.name, "a string"); err != nil {
			return err
		}
	}
	if blank(r.Name) {
		return invalid("REQUIRED_VALUE_MISSING", "name", "A name is required.")
	}
	if r.Permissions, err = texts(o, "permissions"); err != nil {
		return err
	}
	if r.PermitAgent, err = optional[bool](o, "permit_agent", "a boolean"); err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		to   **value.Object
	}{{"source_rules", &r.SourceRules}, {"context", &r.Context}} {
		if *m.to, err = optional[*value.Object](o, m.name, "an object"); err != nil {
			return err
		}
	}
	if roleNamed(c.View, r.Name, r.ID) != nil {
		return duplicate()
	}
	return nil
}
