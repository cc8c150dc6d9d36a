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

// A permission tells whether the caller may; the target is nil where there is none.
type permission func(caller *identity.Caller, t *target) bool

// A rule says who may carry out an operation, and what is said to the others.
type rule struct {
	what     string     // as the message has it: "Container creation"
	shipped  permission // as Barbican comes
	enforced permission // with enforce_new_defaults
}

// The roles that the shipped policy knows. The role member is none of them.
var (
	allUsers    = []string{"admin", "observer", "creator", "audit", serviceAdmin}
	allButAudit = []string{"admin", "observer", "creator"}
)

// serviceAdmin is the role that sets quotas.
const serviceAdmin = "key-manager:service-admin"

// has is the permission of those who have one of the roles, in whatever project.
func has(roles ...string) permission {
	return func(caller *identity.Caller, _ *target) bool { return caller.HasRole(roles...) }
}

// inProject is the permission of those who have one of the roles in the target's project.
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

// anyOf is the permission of those who have one of several.
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

// policies are Barbican's, by operation. As they are shipped the roles member and
// reader may do nothing, and observer and audit may register consumers.
var policies = map[string]rule{
	"barbican.containers.create":        {"Container creation", has("admin", "creator"), members},
	"barbican.containers.list":          {"Containers(s) retrieval", has(allButAudit...), members},
	"barbican.containers.show":          {"Container retrieval", reading, newRead},
	"barbican.containers.delete":        {"Container deletion", anyOf(inProject("admin"), maker("creator")), newChange},
	"barbican.consumers.list":           {"ContainerConsumers(s) retrieval", reading, newRead},
	"barbican.consumers.show":           {"ContainerConsumer retrieval", anyOf(has("admin", "observer", "creator", "audit"), reading), newRead},
	"barbican.consumers.create":         {"ContainerConsumer creation", reading, newRead},
	"barbican.consumers.delete":         {"ContainerConsumer deletion", reading, newRead},
	"barbican.container-secrets.add":    {"Container Secret creation", changing, newChange},
	"barbican.container-secrets.remove": {"Container Secret deletion", changing, newChange},
	"barbican.container-acl.show":       {"ContainerACL(s) retrieval", inProject(allButAudit...), newACL},
	"barbican.container-acl.replace":    {"ContainerACL(s) Update", inProject("admin", "creator"), newACL},
	"barbican.container-acl.update":     {"ContainerACL(s) Update", inProject("admin", "creator"), newACL},
	"barbican.container-acl.delete":     {"ContainerACL(s) deletion", inProject("admin", "creator"), newACL},
	"barbican.secret-acl.show":          {"SecretACL(s) retrieval", inProject(allButAudit...), newACL},
	"barbican.secret-acl.replace":       {"SecretACL(s) Update", inProject("admin", "creator"), newACL},
	"barbican.secret-acl.update":        {"SecretACL(s) Update", inProject("admin", "creator"), newACL},
	"barbican.secret-acl.delete":        {"SecretACL(s) deletion", inProject("admin", "creator"), newACL},
	"barbican.secrets.create":           {"Secret creation", has("admin", "creator"), members},
	"barbican.secrets.list":             {"Secret(s) retrieval", has(allButAudit...), members},
	"barbican.secrets.show":             {"Secret retrieval", reading, newRead},
	"barbican.secrets.show/payload":     {"Secret retrieval", decrypting, newRead},
	"barbican.secrets.payload":          {"Secret payload retrieval", decrypting, newRead},
	"barbican.secrets.update":           {"Secret update", inProject("admin", "creator"), newChange},
	"barbican.secrets.delete":           {"Secret deletion", changing, newChange},
	"barbican.secret-metadata.list":     {"Secret metadata retrieval", reading, newRead},
	"barbican.secret-metadata.replace":  {"Secret metadata creation", changing, newChange},
	"barbican.secret-metadata.create":   {"Secret metadatum creation", changing, newChange},
	"barbican.secret-metadata.show":     {"Secret metadatum retrieval", reading, newRead},
	"barbican.secret-metadata.update":   {"Secret metadatum update", changing, newChange},
	"barbican.secret-metadata.delete":   {"Secret metadatum removal", changing, newChange},
	"barbican.secret-consumers.list":    {"SecretConsumers(s) retrieval", reading, newRead},
	"barbican.secret-consumers.create":  {"SecretConsumer creation", reading, newRead},
	"barbican.secret-consumers.delete":  {"SecretConsumer deletion", reading, newRead},
	"barbican.secret-consumers.show":    {"SecretConsumer retrieval", has("admin", "observer", "creator", "audit"), nobody},
	"barbican.orders.list":              {"Order(s) retrieval", has(allButAudit...), members},
	"barbican.quotas.show":              {"Quotas", has(allUsers...), has("reader", "member", "admin")},
	"barbican.project-quotas.list":      {"Project Quotas", has(serviceAdmin), nobody},
	"barbican.project-quotas.show":      {"Project Quotas", has(serviceAdmin), nobody},
	"barbican.project-quotas.replace":   {"Project Quotas", has(serviceAdmin), nobody},
	"barbican.project-quotas.delete":    {"Project Quotas", has(serviceAdmin), nobody},
}

// allowed is the check of the policy. Who asks for a secret in another type than JSON
// asks for its payload.
func allowed(c *service.Call) error {
	if c.Is("barbican.secrets.show") && !wantsJSON(c) {
		return permitted(c, "barbican.secrets.show/payload")
	}
	return permitted(c, c.Operation.ID)
}

// permitted tells whether the policy lets the caller carry out an operation.
func permitted(c *service.Call, operation string) error {
	p, ruled := policies[operation]
	if !ruled { // versions, and operations that are stateless
		return nil
	}
	may := p.shipped
	if c.Quirk(newDefaultsAreEnforced) {
		may = p.enforced
	}
	switch {
	case c.Settings.AuthOff && c.Caller.Project != nil, c.Caller.Project != nil && may(c.Caller, targetOf(c)):
		return nil
	case c.Caller.Project == nil && c.Quirk(unscopedTokenFails):
		return failure(p.what)
	}
	return service.Errorf(service.Forbidden, "", "%s attempt not allowed - please review your user/project privileges", p.what)
}

// targetOf is what the path names; nil if it names neither a container nor a secret.
func targetOf(c *service.Call) *target {
	var t *target
	if ct := containers.Get(c.View, c.Vars["container_ref"]); ct != nil {
		t = &target{project: ct.ProjectID, creator: ct.CreatorID}
	} else if s := secrets.Get(c.View, c.Vars["secret_ref"]); s != nil {
		t = &target{project: s.ProjectID, creator: s.CreatorID}
	} else {
		return nil
	}
	if a := acls.Get(c.View, aclKey(c)); a != nil {
		t.private, t.shared = !a.ProjectAccess, slices.Contains(a.Users, c.Caller.ID)
	}
	return t
}
