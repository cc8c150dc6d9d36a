// Package identity holds the records that say who may call: users, projects, roles,
// tokens, logins. It finds the caller that a token or a password stands for.
//
// All services share these records. A fixture has them under "identity". The package
// knows no service and no HTTP.
package identity

import "standin/internal/world"

// A Domain holds projects and users.
type Domain struct {
	ID          string `json:"id" fixture:"required"`
	Name        string `json:"name" fixture:"required"`
	Description string `json:"description,omitempty"`
	Enabled     *bool  `json:"enabled,omitempty"` // nil: it is
}

// A Project is what a token is scoped to.
type Project struct {
	ID          string `json:"id" fixture:"required"`
	Name        string `json:"name" fixture:"required"`
	DomainID    string `json:"domain_id" fixture:"required"`
	Description string `json:"description,omitempty"`
	Enabled     *bool  `json:"enabled,omitempty"` // nil: it is
}

// A Role is what a user may have in a project. A user with the role also has the
// roles that it implies.
type Role struct {
	ID          string   `json:"id" fixture:"required"`
	Name        string   `json:"name" fixture:"required"`
	Description string   `json:"description,omitempty"`
	Implies     []string `json:"implies,omitempty"` // names
}

// A User logs in at Keystone with name and password.
type User struct {
	ID          string              `json:"id" fixture:"required"`
	Name        string              `json:"name" fixture:"required"`
	Password    string              `json:"password"`
	DomainID    string              `json:"domain_id" fixture:"required"`
	Email       string              `json:"email,omitempty"`
	Enabled     *bool               `json:"enabled,omitempty"`           // nil: the user is
	Roles       map[string][]string `json:"roles,omitempty"`             // names of roles, by project id
	System      []string            `json:"system_roles,omitempty"`      // names of roles in the whole system
	Permissions []string            `json:"privx_permissions,omitempty"` // such as api-clients-manage
}

// On reports whether a domain, project or user is enabled. The default is yes.
func On(enabled *bool) bool { return enabled == nil || *enabled }

// An Account logs in at devops-service by HTTP Basic.
type Account struct {
	Name     string   `json:"name" fixture:"required"`
	Password string   `json:"password"`
	Policies []string `json:"policies,omitempty"`
}

// An OAuthClient is a program that PrivX lets ask for tokens.
type OAuthClient struct {
	ID     string `json:"id" fixture:"required"`
	Secret string `json:"secret" fixture:"required"`
}

// An APILogin lets a user log in at PrivX as an API client that is not among
// the records of the service.
type APILogin struct {
	ID     string `json:"id" fixture:"required"`
	Secret string `json:"secret" fixture:"required"`
	UserID string `json:"user_id" fixture:"required"`
}

// The identity kinds.
var (
	Domains      = world.NewKind("identity.domains", func(d *Domain) string { return d.ID })
	Projects     = world.NewKind("identity.projects", func(p *Project) string { return p.ID })
	Roles        = world.NewKind("identity.roles", func(r *Role) string { return r.Name })
	Users        = world.NewKind("identity.users", func(u *User) string { return u.ID })
	Tokens       = world.NewKind("", func(t *Token) string { return t.ID })
	Accounts     = world.NewKind("identity.accounts", func(a *Account) string { return a.Name })
	OAuthClients = world.NewKind("identity.oauth_clients", func(c *OAuthClient) string { return c.ID })
	APILogins    = world.NewKind("identity.api_logins", func(l *APILogin) string { return l.ID })
)

// The orders in which identity records are listed and looked up.
var (
	AllDomains      = Domains.Index(nil, nil)
	DomainsByName   = Domains.Index(func(d *Domain) string { return d.Name }, nil)
	AllProjects     = Projects.Index(nil, nil)
	ProjectsByName  = Projects.Index(func(p *Project) string { return p.DomainID + "/" + p.Name }, nil)
	AllRoles        = Roles.Index(nil, nil)
	AllUsers        = Users.Index(nil, nil)
	UsersByName     = Users.Index(func(u *User) string { return u.DomainID + "/" + u.Name }, nil)
	TokensByRefresh = Tokens.Index(func(t *Token) string { return t.Refresh }, nil)
	TokensByUser    = Tokens.Index(func(t *Token) string { return t.UserID }, nil)
	AllAccounts     = Accounts.Index(nil, nil)
	AllOAuthClients = OAuthClients.Index(nil, nil)
	AllAPILogins    = APILogins.Index(nil, nil)
)

// First is the first record of a partition; nil if it is empty.
func First[T any](ix *world.Index[T], v world.View, partition string) *T {
	if page := ix.Page(v, partition, 0, 1, false); len(page) > 0 {
		return page[0]
	}
	return nil
}
