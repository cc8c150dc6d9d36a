package barbican

import (
	"slices"

	"standin/internal/identity"
	"standin/internal/service"
)

// A target is the container or the secret that a rule of the policy is asked about.
type target struct {
	project string // whose it is
	creator string // the user who made it
	private bool   // its ACL takes it from the project
	shared  bool   // its ACL names the caller
}

// A permission reports whether the caller may. The target is nil if the path names none.
type permission func(caller *identity.Caller, t *target) bool

// A rule of Barbican's policy says who may carry out an operation. As they are shipped, the
// rules let the roles member and reader do nothing, and let observer and audit register
// consumers.
type rule struct {
	what     string     // as messages have it: "Container creation"
	shipped  permission // as Barbican comes
	enforced permission // with enforce_new_defaults
	payload  permission // as Barbican comes, for a caller who asks for a payload; nil: shipped
}

// The roles that the shipped policy knows. The role member is none of them.
var (
	allUsers    = []string{"admin", "observer", "creator", "audit", serviceAdmin}
	allButAudit = []string{"admin", "observer", "creator"}
)

// serviceAdmin is the role that sets quotas.
const serviceAdmin = "key-manager:service-admin"

// policy returns a rule without a permission of its own for payloads.
func policy(what string, shipped, enforced permission) *rule {
	return &rule{what: what, shipped: shipped, enforced: enforced}
}

// has is the permission of callers with one of the roles, in any project.
func has(roles ...string) permission {
	return func(caller *identity.Caller, _ *target) bool { return caller.HasRole(roles...) }
}

// inProject is the permission of callers with one of the roles in the target's project.
func inProject(roles ...string) permission {
	return func(caller *identity.Caller, t *target) bool {
		return caller.InProject(t.project) && caller.HasRole(roles...)
	}
}

// unlessPrivate is inProject for targets that belong to the whole project.
func unlessPrivate(roles ...string) permission {
	return func(caller *identity.Caller, t *target) bool { return !t.private && inProject(roles...)(caller, t) }
}

// maker is the permission of the user who made the target, with one of the roles.
func maker(roles ...string) permission {
	return func(caller *identity.Caller, t *target) bool {
		return caller.ID == t.creator && inProject(roles...)(caller, t)
	}
}

// shared is the permission of those whom the target's ACL names, of whatever project.
func shared(_ *identity.Caller, t *target) bool { return t.shared }

// anyOf is the permission of callers with one of several permissions.
func anyOf(all ...permission) permission {
	return func(caller *identity.Caller, t *target) bool {
		return slices.ContainsFunc(all, func(p permission) bool { return p(caller, t) })
	}
}

// nobody is the permission of rules that require a token for the whole system. The
// server fails on these tokens before it asks the rule.
func nobody(*identity.Caller, *target) bool { return false }

// The permissions that several operations share, as shipped and with the new defaults.
var (
	reading    = anyOf(unlessPrivate(allUsers...), maker("creator"), inProject("admin"), shared)
	decrypting = anyOf(unlessPrivate(allButAudit...), maker("creator"), inProject("admin"), shared)
	changing   = anyOf(inProject("admin"), maker("creator"), unlessPrivate("creator"))
	members    = has("member", "admin")
	newChange  = anyOf(inProject("admin"), unlessPrivate("member"), maker("member"))
	newRead    = anyOf(newChange, shared)
	newACL     = anyOf(inProject("admin"), maker("member"))
)

// Refuse implements service.Policy.
func (r *rule) Refuse(c *service.Call) error {
	if c.Settings.AuthOff && c.Caller.Project != nil {
		return nil
	}
	return r.refuse(c, targetOf(c))
}

// refuse is Refuse for a caller who asks for the target.
func (r *rule) refuse(c *service.Call, t *target) error {
	may := r.shipped
	switch {
	case c.Quirk(newDefaultsAreEnforced):
		may = r.enforced
	case r.payload != nil && !wantsJSON(c):
		may = r.payload
	}
	switch {
	case c.Settings.AuthOff && c.Caller.Project != nil, c.Caller.Project != nil && may(c.Caller, t):
		return nil
	case c.Caller.Project == nil && c.Quirk(unscopedTokenFails):
		return failure(r.what)
	}
	return service.Errorf(service.Forbidden, "", "%s attempt not allowed - please review your user/project privileges", r.what)
}

// String implements service.Policy.
func (r *rule) String() string { return r.what }

// breaks is the error on a path where the server breaks after the rule let the caller pass.
func (r *rule) breaks(c *service.Call, t *target) error {
	if err := r.refuse(c, t); err != nil {
		return service.AsError(err).RefusedBy("policy: " + r.what)
	}
	return failure(r.what)
}

// attempt returns what the call's operation is called in messages. It returns an empty
// string for an operation without a rule.
func attempt(c *service.Call) string {
	if r, ok := c.Row.Policy.(*rule); ok {
		return r.what
	}
	return ""
}

// targetOf returns what the call's operation is about. It returns nil if that is neither a
// container nor a secret.
func targetOf(c *service.Call) *target {
	switch p := placeOf(c.Path); p.kind {
	case "containers":
		return containerTarget(c, p.id)
	case "secrets":
		return secretTarget(c, p.id)
	default:
		return nil
	}
}

// containerTarget returns the container as a target, or nil if there is none.
func containerTarget(c *service.Call, id string) *target {
	ct := containers.Get(c.View, id)
	if ct == nil {
		return nil
	}
	t := &target{project: ct.ProjectID, creator: ct.CreatorID}
	t.take(c, acls.Get(c.View, "containers/"+id))
	return t
}

// secretTarget returns the secret as a target, or nil if there is none.
func secretTarget(c *service.Call, id string) *target {
	s := secrets.Get(c.View, id)
	if s == nil {
		return nil
	}
	t := &target{project: s.ProjectID, creator: s.CreatorID}
	t.take(c, acls.Get(c.View, "secrets/"+id))
	return t
}

// take takes over what an ACL says. The ACL may be nil.
func (t *target) take(c *service.Call, a *acl) {
	if a != nil {
		t.private, t.shared = !a.ProjectAccess, slices.Contains(a.Users, c.Caller.ID)
	}
}
