package keystone

import (
	"slices"

	"standin/internal/service"
)

// A policy is a rule of Keystone's policy: its name after "identity:", and a function that
// reports whether it allows the caller. Some rules read the path.
type policy struct {
	rule string
	may  func(*service.Call) bool
}

// Refuse implements service.Policy.
func (p *policy) Refuse(c *service.Call) error {
	if p.may(c) {
		return nil
	}
	return forbidden(p.rule)
}

// String implements service.Policy.
func (p *policy) String() string { return "identity:" + p.rule }

// admins returns a policy that allows admins.
func admins(rule string) *policy { return &policy{rule, admin} }

// members returns a policy that allows callers whose token has a role, or no project.
func members(rule string) *policy {
	return &policy{rule, func(c *service.Call) bool { return !powerless(c.Caller) }}
}

// owners returns a policy that allows admins and the user of the path.
func owners(rule string) *policy {
	return &policy{rule, func(c *service.Call) bool { return admin(c) || themselves(c) }}
}

// themselves reports whether the caller is the user of the path.
func themselves(c *service.Call) bool {
	return c.Vars["user_id"] == c.Caller.ID && !powerless(c.Caller)
}

// credentialOwners returns a policy that allows admins and the user of the credential of the
// path.
func credentialOwners(rule string) *policy {
	return &policy{rule, func(c *service.Call) bool {
		a := credentialOf(c)
		return admin(c) || themselves(c) && (a == nil || a.UserID == c.Caller.ID)
	}}
}

// ruleOwners returns a policy that allows the user of the path, and callers with one of the roles
// in the system. It does not allow admins of a project
// (keystone/access-rules.yaml: "list by others").
func ruleOwners(rule string, roles ...string) *policy {
	return &policy{rule, func(c *service.Call) bool {
		return c.Settings.AuthOff || themselves(c) || c.Caller.System && c.Caller.HasRole(roles...)
	}}
}

// A subjectPolicy is the policy of the token in X-Subject-Token. Callers with one of the roles
// may use any token, and others only their own. The owner is checked after the token was found
// (keystone/token-life.yaml: "validate another's by a member").
type subjectPolicy struct {
	rule  string
	roles []string
}

func (p *subjectPolicy) all(c *service.Call) bool {
	return c.Settings.AuthOff || c.Caller.HasRole(p.roles...)
}

// Refuse implements service.Policy.
func (p *subjectPolicy) Refuse(c *service.Call) error {
	if p.all(c) || !powerless(c.Caller) && c.Header.Get("X-Subject-Token") != "" {
		return nil
	}
	return forbidden(p.rule)
}

// String implements service.Policy.
func (p *subjectPolicy) String() string { return "identity:" + p.rule }

// A scoped policy requires a token for a project.
type scoped string

// Refuse implements service.Policy.
func (scoped) Refuse(c *service.Call) error {
	if c.Caller.Project == nil || powerless(c.Caller) {
		return service.Errorf(service.Forbidden, "", "")
	}
	return nil
}

// String implements service.Policy.
func (s scoped) String() string { return "identity:" + string(s) }

// roleListing is the policy of the list of roles. The rule has another name if the query asks for
// the roles of a domain.
type roleListing struct{}

// Refuse implements service.Policy.
func (l roleListing) Refuse(c *service.Call) error {
	if admin(c) {
		return nil
	}
	if _, ok := c.Last("domain_id"); ok {
		return forbidden("list_domain_roles")
	}
	return forbidden("list_roles")
}

// String implements service.Policy.
func (roleListing) String() string { return "identity:list_roles" }

// trustListing is the policy of the list of trusts. Users may list the trusts that they give or
// receive.
type trustListing struct{}

// asked reports whether the query asks for the trusts of one side, and returns the id of the
// user.
func (trustListing) asked(c *service.Call, side string) (id string, ok bool) {
	return c.Last(side + "_user_id")
}

// trustSides are the two sides of a trust.
var trustSides = []string{"trustor", "trustee"}

// Refuse implements service.Policy.
func (l trustListing) Refuse(c *service.Call) error {
	for _, side := range trustSides {
		id, ok := l.asked(c, side)
		if ok && !admin(c) && (id != c.Caller.ID || powerless(c.Caller)) {
			return forbidden("list_trusts_for_" + side)
		}
	}
	own := slices.ContainsFunc(trustSides, func(side string) bool { _, ok := l.asked(c, side); return ok })
	if !own && !admin(c) {
		return forbidden("list_trusts")
	}
	return nil
}

// String implements service.Policy.
func (trustListing) String() string { return "identity:list_trusts" }
