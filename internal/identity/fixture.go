package identity

import (
	"maps"
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/world"
)

// Section returns the section "identity" of a fixture. A collection comes before those that refer
// to it.
func Section() world.Section {
	kinds := []world.Clearer{Domains, Projects, Roles, Users, AccessRules, Credentials, Tokens, Accounts, OAuthClients, APILogins, ExternalTokens}
	return world.Section{Name: "identity", Kinds: kinds, Collections: []world.Collection{
		world.PlainCollection("domains", Domains, DomainsByName, nil, nil).With(world.Traits{
			Key: []string{"name"}, Drawn: []string{"id"},
		}),
		world.PlainCollection("projects", Projects, ProjectsByName, checkProject, nil).With(world.Traits{
			Key: []string{"domain_id", "name"}, Drawn: []string{"id"}, Refs: []world.Ref{ofDomain},
		}),
		world.PlainCollection("roles", Roles, AllRoles, checkRole, nil).With(world.Traits{
			Key: []string{"name"}, Drawn: []string{"id"}, Sets: []string{"implies"},
		}),
		world.PlainCollection("users", Users, AllUsers, checkUser, nil).With(world.Traits{
			Key: []string{"domain_id", "name"}, Drawn: []string{"id"}, Refs: []world.Ref{ofDomain},
			Sets: []string{"roles/*", "system_roles", "privx_permissions"},
		}),
		world.PlainCollection("access_rules", AccessRules, allAccessRules, checkAccessRule, nil).With(world.Traits{
			Key: []string{"user_id", "service", "method", "path"}, Drawn: []string{"id"}, Refs: []world.Ref{OfUser},
		}),
		world.PlainCollection("application_credentials", Credentials, AllCredentials, checkCredential, nil).With(credentialTraits),
		world.PlainCollection("tokens", Tokens, tokensByExpiry, checkToken, nil).With(world.Traits{Unseen: true}),
		world.PlainCollection("accounts", Accounts, AllAccounts, checkAccount, nil).With(world.Traits{
			Key: []string{"name"}, Sets: []string{"policies"},
		}),
		world.PlainCollection("oauth_clients", OAuthClients, AllOAuthClients, nil, nil).With(world.Traits{Key: []string{"id"}}),
		world.PlainCollection("api_logins", APILogins, AllAPILogins, checkLogin, nil).With(world.Traits{
			Key: []string{"id"}, Refs: []world.Ref{OfUser},
		}),
		world.PlainCollection("external_tokens", ExternalTokens, allExternalTokens, checkExternal, nil).With(world.Traits{Unseen: true}),
	}}
}

// The references of records to the callers that own them.
var (
	OfUser    = world.Ref{Member: "user_id", To: []string{"identity.users"}}
	OfProject = world.Ref{Member: "project_id", To: []string{"identity.projects"}}
	ofDomain  = world.Ref{Member: "domain_id", To: []string{"identity.domains"}}
)

// credentialTraits say how application credentials are compared. The ids of their access rules are
// those of the collection access_rules.
var credentialTraits = world.Traits{
	Key: []string{"user_id", "name"}, Drawn: []string{"id", "secret"}, Sets: []string{"roles", "access_rules"},
	Refs: []world.Ref{OfUser, OfProject, {Member: "access_rules/*/id", To: []string{"identity.access_rules"}}},
}

func checkProject(v world.View, p *Project, at file.Node) error {
	if Domains.Get(v, p.DomainID) == nil {
		return at.At("domain_id").Errorf("there is no domain %q; list it under identity.domains", p.DomainID)
	}
	return nil
}

// checkRole returns an error if a role implies one that is not before it in the list.
func checkRole(v world.View, r *Role, at file.Node) error {
	for i, name := range r.Implies {
		if Roles.Get(v, name) == nil {
			return at.At("implies", i).Errorf("there is no role %q before this one in identity.roles", name)
		}
	}
	return nil
}

// checkAccessRule returns an error if a member is missing that is required outside of a
// credential.
func checkAccessRule(v world.View, r *AccessRule, at file.Node) error {
	switch {
	case r.ID == "":
		return at.Errorf("an access rule needs an id")
	case Users.Get(v, r.UserID) == nil:
		return at.Errorf("there is no user %q; list it under identity.users", r.UserID)
	}
	return nil
}

func checkCredential(v world.View, a *AppCredential, at file.Node) error {
	if Users.Get(v, a.UserID) == nil {
		return at.At("user_id").Errorf("there is no user %q; list it under identity.users", a.UserID)
	}
	if a.ProjectID != "" && Projects.Get(v, a.ProjectID) == nil {
		return at.At("project_id").Errorf("there is no project %q; list it under identity.projects", a.ProjectID)
	}
	for i, r := range a.Roles {
		if Roles.Get(v, r.Name) == nil {
			return at.At("roles", i, "name").Errorf("there is no role %q; list it under identity.roles", r.Name)
		}
	}
	for i := range a.AccessRules {
		r := &a.AccessRules[i]
		if r.UserID != "" && r.UserID != a.UserID {
			return at.At("access_rules", i, "user_id").Errorf("expected %q, the user of the credential, or nothing", a.UserID)
		}
		if r.UserID = ""; r.ID == "" { // the same rule of the same user gets the same id
			r.ID = world.Hex(world.Draw(0, strings.Join([]string{"access rule", a.UserID, r.Service, r.Path, r.Method}, "\x00"), 0, 16))
		}
	}
	return nil
}

func checkUser(v world.View, u *User, at file.Node) error {
	if Domains.Get(v, u.DomainID) == nil {
		return at.At("domain_id").Errorf("there is no domain %q; list it under identity.domains", u.DomainID)
	}
	for i, r := range u.System {
		if Roles.Get(v, r) == nil {
			return at.At("system_roles", i).Errorf("there is no role %q; list it under identity.roles", r)
		}
	}
	for _, project := range slices.Sorted(maps.Keys(u.Roles)) {
		if Projects.Get(v, project) == nil {
			return at.At("roles", project).Errorf("there is no project %q; list it under identity.projects", project)
		}
		for i, r := range u.Roles[project] {
			if Roles.Get(v, r) == nil {
				return at.At("roles", project, i).Errorf("there is no role %q; list it under identity.roles", r)
			}
		}
	}
	return nil
}

// checkToken returns an error if the user of a token is unknown. It does not check tokens with
// PrivX permissions: they may belong to an API client, and API clients are loaded later.
func checkToken(v world.View, t *Token, at file.Node) error {
	if t.ProjectID != "" && Projects.Get(v, t.ProjectID) == nil {
		return at.At("project_id").Errorf("there is no project %q; list it under identity.projects", t.ProjectID)
	}
	if t.Refresh == "" && len(t.Permissions) == 0 && Users.Get(v, t.UserID) == nil {
		return at.At("user_id").Errorf("there is no user %q; list it under identity.users", t.UserID)
	}
	return nil
}

// policies are the policies of devops-service.
var policies = []string{"read_images", "create_image", "delete_image"}

func checkAccount(_ world.View, a *Account, at file.Node) error {
	for i, p := range a.Policies {
		if !slices.Contains(policies, p) {
			return at.At("policies", i).Errorf("unknown policy %q%s", p, file.Hint(p, policies))
		}
	}
	return nil
}

func checkLogin(v world.View, l *APILogin, at file.Node) error {
	if Users.Get(v, l.UserID) == nil {
		return at.At("user_id").Errorf("there is no user %q; list it under identity.users", l.UserID)
	}
	return nil
}

func checkExternal(v world.View, t *ExternalToken, at file.Node) error {
	if Users.Get(v, t.UserID) == nil {
		return at.At("user_id").Errorf("there is no user %q; list it under identity.users", t.UserID)
	}
	return nil
}
