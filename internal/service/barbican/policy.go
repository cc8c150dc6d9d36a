package barbican

import (
	"slices"

	"standin/internal/identity"
	"standin/internal/service"
)

// A target is the container or secret for which a policy is asked.
type target struct {
	project string // the project that owns it
	creator string // the user who created it
	private bool   // its ACL denies access to the project
	shared  bool   // its ACL names the caller
}

// A permission reports whether the caller is allowed. The target is nil if the path names none.
type permission func(caller *identity.Caller, t *target) bool

// A rule of Barbican's policy says who may call an operation. With the default policy, the roles
// member and reader may do nothing (barbican/roles.yaml: "create secret"). The roles observer and
// audit may register consumers (barbican/roles.yaml: "register consumer").
type rule struct {
	what     string     // the name in messages, for example "Container creation"
	shipped  permission // the default policy
	enforced permission // the policy with enforce_new_defaults
	payload  permission // the default policy for requests of a payload; nil: shipped
}

// The roles of the default policy. It does not know the role member.
var (
	allUsers    = []string{"admin", "observer", "creator", "audit", serviceAdmin}
	allButAudit = []string{"admin", "observer", "creator"}
)

// serviceAdmin is the role that may set quotas.
const serviceAdmin = "key-manager:service-admin"

// policy returns a rule that has no separate permission for payloads.
func policy(what string, shipped, enforced permission) *rule {
	return &rule{what: what, shipped: shipped, enforced: enforced}
}

// has allows callers with one of the roles, in any project.
func has(roles ...string) permission {
	return func(caller *identity.Caller, _ *target) bool { return caller.HasRole(roles...) }
}

// inProject allows callers with one of the roles in the target's project.
func inProject(roles ...string) permission {
	return func(caller *identity.Caller, t *target) bool {
		return caller.InProject(t.project) && caller.HasRole(roles...)
	}
}

// unlessPrivate is like inProject, but denies access if the target is private
// (barbican/acl-private.yaml: "private secret").
func unlessPrivate(roles ...string) permission {
	return func(caller *identity.Caller, t *target) bool { return !t.private && inProject(roles...)(caller, t) }
}

// maker allows the user who created the target, with one of the roles.
func maker(roles ...string) permission {
	return func(caller *identity.Caller, t *target) bool {
		return caller.ID == t.creator && inProject(roles...)(caller, t)
	}
}

// shared allows callers whom the target's ACL names, of any project
// (barbican/acl-private.yaml: "opened secret").
func shared(_ *identity.Caller, t *target) bool { return t.shared }

// anyOf allows callers whom one of the permissions allows.
func anyOf(all ...permission) permission {
	return func(caller *identity.Caller, t *target) bool {
		return slices.ContainsFunc(all, func(p permission) bool { return p(caller, t) })
	}
}

// nobody is for rules that require a system token. The server fails on system tokens before it
// asks the rule (barbican/system-scoped.yaml: "put project quotas").
func nobody(*identity.Caller, *target) bool { return false }

// The permissions of several operations: first those of the default policy, then those of
// enforce_new_defaults.
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

// refuse returns the error for a caller who may not access the target, or nil.
func (r *rule) refuse(c *service.Call, t *target) error {
	may := r.shipped
	switch {
	// barbican/roles-scoped.yaml: "read payload"
	case c.Quirk(newDefaultsAreEnforced):
		may = r.enforced
	case r.payload != nil && !wantsJSON(c):
		may = r.payload
	}
	switch {
	case c.Settings.AuthOff && c.Caller.Project != nil, c.Caller.Project != nil && may(c.Caller, t):
		return nil
	// barbican/tokens.yaml: "use the unscoped"
	case c.Caller.Project == nil && c.Quirk(unscopedTokenFails):
		return failure(r.what)
	}
	return service.Errorf(service.Forbidden, "", "%s attempt not allowed - please review your user/project privileges", r.what)
}

// String implements service.Policy.
func (r *rule) String() string { return r.what }

// breaks returns the failure of the server on a path, or the error of the rule, which is asked
// first.
func (r *rule) breaks(c *service.Call, t *target) error {
	if err := r.refuse(c, t); err != nil {
		return service.AsError(err).RefusedBy("policy: " + r.what)
	}
	return failure(r.what)
}

// attempt returns the name of the call's operation in messages. It is empty for an operation
// without a rule.
func attempt(c *service.Call) string {
	if r, ok := c.Row.Policy.(*rule); ok {
		return r.what
	}
	return ""
}

// targetOf returns the target of the call's path, or nil.
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

// containerTarget returns the target for a container, or nil if there is no such container.
func containerTarget(c *service.Call, id string) *target {
	ct := containers.Get(c.View, id)
	if ct == nil {
		return nil
	}
	t := &target{project: ct.ProjectID, creator: ct.CreatorID}
	t.take(c, acls.Get(c.View, "containers/"+id))
	return t
}

// secretTarget returns the target for a secret, or nil if there is no such secret.
func secretTarget(c *service.Call, id string) *target {
	s := secrets.Get(c.View, id)
	if s == nil {
		return nil
	}
	t := &target{project: s.ProjectID, creator: s.CreatorID}
	t.take(c, acls.Get(c.View, "secrets/"+id))
	return t
}

// take sets the fields that an ACL determines. The ACL may be nil.
func (t *target) take(c *service.Call, a *acl) {
	if a != nil {
		t.private, t.shared = !a.ProjectAccess, slices.Contains(a.Users, c.Caller.ID)
	}
}
