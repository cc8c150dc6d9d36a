package keystone

import (
	"maps"
	"slices"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
)

// peopleOperations return users, projects, roles and domains.
var peopleOperations = []service.Operation{
	{ID: "keystone.auth-projects.list", Do: listOwnProjects, Policy: members("get_auth_projects")},
	{ID: "keystone.auth-domains.list", Do: listOwnDomains, Policy: members("get_auth_domains")},
	{ID: "keystone.users.list", Do: listUsers, Policy: admins("list_users")},
	{ID: "keystone.users.show", Do: showUser, Policy: owners("get_user")},
	{ID: "keystone.user-projects.list", Do: listUserProjects, Policy: owners("list_user_projects")},
	{ID: "keystone.projects.list", Do: listProjects, Policy: admins("list_projects")},
	{ID: "keystone.projects.show", Do: showProject, Policy: projectPolicy},
	{ID: "keystone.roles.list", Do: listRoles, Policy: roleListing{}},
	{ID: "keystone.roles.show", Do: showRole, Policy: rolePolicy},
	{ID: "keystone.domains.list", Do: listDomains, Policy: admins("list_domains")},
	{ID: "keystone.domains.show", Do: showDomain, Policy: domainPolicy},
	{ID: "keystone.role-assignments.list", Do: listAssignments, Policy: admins("list_role_assignments")},
}

func user(c *service.Call, u *identity.User) *value.Object {
	o := object("id", u.ID, "name", u.Name, "domain_id", u.DomainID, "enabled", identity.On(u.Enabled), "password_expires_at", nil)
	if u.Email != "" {
		o.Set("email", u.Email)
	}
	o.Set("options", value.NewObject())
	o.Set("links", link(c, "users", u.ID))
	return o
}

func project(c *service.Call, p *identity.Project) *value.Object {
	return object("id", p.ID, "name", p.Name, "domain_id", p.DomainID, "description", p.Description,
		"enabled", identity.On(p.Enabled), "parent_id", p.DomainID, "is_domain", false, "tags", []any{},
		"options", value.NewObject(), "links", link(c, "projects", p.ID))
}

// bare returns a role as other records contain it. The roles that Keystone creates are immutable.
func bare(r *identity.Role) *value.Object {
	options := value.NewObject()
	if slices.Contains([]string{"admin", "member", "reader"}, r.Name) {
		options.Set("immutable", true)
	}
	var description any
	if r.Description != "" {
		description = r.Description
	}
	return object("id", r.ID, "name", r.Name, "domain_id", nil, "description", description, "options", options)
}

func role(c *service.Call, r *identity.Role) *value.Object {
	o := bare(r)
	o.Set("links", link(c, "roles", r.ID))
	return o
}

func domainShown(c *service.Call, d *identity.Domain) *value.Object {
	return object("id", d.ID, "name", d.Name, "description", d.Description, "enabled", identity.On(d.Enabled),
		"tags", []any{}, "options", value.NewObject(), "links", link(c, "domains", d.ID))
}

// listUsers handles GET /v3/users.
func listUsers(c *service.Call) (service.Reply, error) {
	var list []*value.Object
	for u := range identity.AllUsers.All(c.View, "", 0) {
		list = append(list, user(c, u))
	}
	return listReply(c, "users", list, "name", "domain_id", "enabled")
}

// userOf returns the user of the path.
func userOf(c *service.Call) (*identity.User, error) {
	id := c.Vars["user_id"]
	if u := identity.Users.Get(c.View, id); u != nil {
		return u, nil
	}
	return nil, notFound("user", id)
}

// showUser handles GET /v3/users/{user_id}.
func showUser(c *service.Call) (service.Reply, error) {
	u, err := userOf(c)
	if err != nil {
		return service.Reply{}, err
	}
	return reply(object("user", user(c, u)))
}

// listUserProjects handles GET /v3/users/{user_id}/projects.
func listUserProjects(c *service.Call) (service.Reply, error) {
	u, err := userOf(c)
	if err != nil {
		return service.Reply{}, err
	}
	return listReply(c, "projects", projectsOf(c, u), "name", "domain_id", "enabled", "parent_id")
}

// projectsOf returns the projects in which a user has a role.
func projectsOf(c *service.Call, u *identity.User) []*value.Object {
	var list []*value.Object
	for p := range identity.AllProjects.All(c.View, "", 0) {
		if u != nil && len(u.Roles[p.ID]) > 0 {
			list = append(list, project(c, p))
		}
	}
	return list
}

// listOwnProjects handles GET /v3/auth/projects. It lists the projects to which the caller can
// scope a token.
func listOwnProjects(c *service.Call) (service.Reply, error) {
	return listReply(c, "projects", projectsOf(c, c.Caller.User))
}

// listOwnDomains handles GET /v3/auth/domains. No user has a role in a domain.
func listOwnDomains(c *service.Call) (service.Reply, error) {
	return listReply(c, "domains", nil)
}

// listProjects handles GET /v3/projects.
func listProjects(c *service.Call) (service.Reply, error) {
	var list []*value.Object
	for p := range identity.AllProjects.All(c.View, "", 0) {
		list = append(list, project(c, p))
	}
	return listReply(c, "projects", list, "name", "domain_id", "enabled", "parent_id", "is_domain")
}

// projectPolicy allows admins, and callers whose token is for the project.
var projectPolicy = &policy{"get_project", func(c *service.Call) bool {
	return admin(c) || c.Caller.InProject(c.Vars["project_id"]) && !powerless(c.Caller)
}}

// showProject handles GET /v3/projects/{project_id}.
func showProject(c *service.Call) (service.Reply, error) {
	id := c.Vars["project_id"]
	if p := identity.Projects.Get(c.View, id); p != nil {
		return reply(object("project", project(c, p)))
	}
	return service.Reply{}, notFound("project", id)
}

// listRoles handles GET /v3/roles. No role belongs to a domain.
func listRoles(c *service.Call) (service.Reply, error) {
	var list []*value.Object
	for r := range identity.AllRoles.All(c.View, "", 0) {
		list = append(list, role(c, r))
	}
	return listReply(c, "roles", list, "name", "domain_id")
}

// rolePolicy allows admins. It also allows every caller with a role if the requested role does
// not exist, who then gets a 404 (keystone/identities.yaml: "none by a member").
var rolePolicy = &policy{"get_role", func(c *service.Call) bool {
	return !powerless(c.Caller) && (admin(c) || roleByID(c, c.Vars["role_id"]) == nil)
}}

// showRole handles GET /v3/roles/{role_id}.
func showRole(c *service.Call) (service.Reply, error) {
	if r := roleByID(c, c.Vars["role_id"]); r != nil {
		return reply(object("role", role(c, r)))
	}
	return service.Reply{}, notFound("role", c.Vars["role_id"])
}

func roleByID(c *service.Call, id string) *identity.Role {
	for r := range identity.AllRoles.All(c.View, "", 0) {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// listDomains handles GET /v3/domains.
func listDomains(c *service.Call) (service.Reply, error) {
	var list []*value.Object
	for d := range identity.AllDomains.All(c.View, "", 0) {
		list = append(list, domainShown(c, d))
	}
	return listReply(c, "domains", list, "name", "enabled")
}

// domainPolicy allows admins, and callers whose project is in the domain.
var domainPolicy = &policy{"get_domain", func(c *service.Call) bool {
	p := c.Caller.Project
	return admin(c) || p != nil && p.DomainID == c.Vars["domain_id"] && !powerless(c.Caller)
}}

// showDomain handles GET /v3/domains/{domain_id}.
func showDomain(c *service.Call) (service.Reply, error) {
	id := c.Vars["domain_id"]
	if d := identity.Domains.Get(c.View, id); d != nil {
		return reply(object("domain", domainShown(c, d)))
	}
	return service.Reply{}, notFound("domain", id)
}

// listAssignments handles GET /v3/role_assignments. It lists the roles that users were given,
// without implied roles.
func listAssignments(c *service.Call) (service.Reply, error) {
	var list []*value.Object
	for u := range identity.AllUsers.All(c.View, "", 0) {
		for _, id := range slices.Sorted(maps.Keys(u.Roles)) {
			list = append(list, assignments(c, u, u.Roles[id], id)...)
		}
		list = append(list, assignments(c, u, u.System, "")...)
	}
	return listReply(c, "role_assignments", list)
}

// assignments returns the role assignments of a user in a project that pass the filters of the
// query. Without a project it returns those in the system.
func assignments(c *service.Call, u *identity.User, names []string, project string) []*value.Object {
	var list []*value.Object
	for _, name := range names {
		if r := identity.Roles.Get(c.View, name); r != nil && assigned(c, u.ID, project, r.ID) {
			list = append(list, assignment(c, u, project, r))
		}
	}
	return list
}

// assigned reports whether an assignment passes the filters of the query.
func assigned(c *service.Call, user, project, role string) bool {
	for name, is := range map[string]string{"user.id": user, "scope.project.id": project, "role.id": role} {
		if want, ok := c.Last(name); ok && want != is {
			return false
		}
	}
	if _, ok := c.Last("scope.system"); ok && project != "" {
		return false
	}
	for _, name := range []string{"group.id", "scope.domain.id"} {
		if _, ok := c.Last(name); ok { // there are no groups and no roles in domains
			return false
		}
	}
	return true
}

func assignment(c *service.Call, u *identity.User, project string, r *identity.Role) *value.Object {
	who, what, where, at := object("id", u.ID), object("id", r.ID), object("system", object("all", true)), "system"
	in := object("id", project)
	if project != "" {
		where, at = object("project", in), "projects/"+project
	}
	if names, ok := c.Last("include_names"); ok && truth(names, true) {
		who.Set("name", u.Name)
		who.Set("domain", domain(c.View, u.DomainID))
		what.Set("name", r.Name)
		if p := identity.Projects.Get(c.View, project); p != nil {
			in.Set("name", p.Name)
			in.Set("domain", domain(c.View, p.DomainID))
		}
	}
	return object("links", object("assignment", c.Base()+"/v3/"+at+"/users/"+u.ID+"/roles/"+r.ID), "scope", where, "user", who, "role", what)
}
