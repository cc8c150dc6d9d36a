package service

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"standin/internal/world"
)

// The kinds of records that say who may call. All services share them; the
// fixture has them under "identity".

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

// A Role is what a user may have in a project. Who has it also has the roles
// that it implies, by name.
type Role struct {
	ID          string   `json:"id" fixture:"required"`
	Name        string   `json:"name" fixture:"required"`
	Description string   `json:"description,omitempty"`
	Implies     []string `json:"implies,omitempty"`
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

// A Token stands for a user; it is fixed in a fixture or was issued by a login.
type Token struct {
	ID          string    `json:"id" fixture:"required"`
	UserID      string    `json:"user_id" fixture:"required"`          // of a user, or of a PrivX API client
	ProjectID   string    `json:"project_id,omitempty"`                // empty: unscoped
	System      bool      `json:"system,omitempty"`                    // for the whole system
	Methods     []string  `json:"methods,omitempty"`                   // how it was obtained
	AuditID     string    `json:"audit_id,omitempty"`                  // Keystone's
	ParentAudit string    `json:"parent_audit_id,omitempty"`           // of the first token in a chain of logins by token
	Credential  string    `json:"application_credential_id,omitempty"` // that the login was by
	Issued      time.Time `json:"issued_at,omitzero"`                  //
	Expires     time.Time `json:"expires_at,omitzero"`                 // zero: never
	Permissions []string  `json:"privx_permissions,omitempty"`         // of a PrivX API client
	Refresh     string    `json:"privx_refresh_token,omitempty"`       // PrivX
	Revoked     bool      `json:"revoked,omitempty"`
}

// Expired tells whether the token is no longer valid.
func (t *Token) Expired(now time.Time) bool {
	return t.Revoked || !t.Expires.IsZero() && !now.Before(t.Expires)
}

const (
	// refreshable is how much longer a token of PrivX can be refreshed than used.
	refreshable = 24 * time.Hour
	// remembered is how much longer Keystone can show a token than it can be used.
	remembered = 48 * time.Hour
)

// Gone is when the token can be neither used nor refreshed nor shown.
func (t *Token) Gone() time.Time {
	if t.Refresh != "" {
		return t.Expires.Add(refreshable)
	}
	return t.Expires.Add(remembered)
}

// On tells whether a domain, project or user is enabled: unless it says no.
func On(enabled *bool) bool { return enabled == nil || *enabled }

// An Account logs in at devops-service by HTTP Basic.
type Account struct {
	Name     string   `json:"name" fixture:"required"`
	Password string   `json:"password"`
	Policies []string `json:"policies,omitempty"`
}

// An OAuthClient is whom PrivX lets ask for tokens.
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
	Domains      = world.NewKind(func(d *Domain) string { return d.ID })
	Projects     = world.NewKind(func(p *Project) string { return p.ID })
	Roles        = world.NewKind(func(r *Role) string { return r.Name })
	Users        = world.NewKind(func(u *User) string { return u.ID })
	Tokens       = world.NewKind(func(t *Token) string { return t.ID })
	Accounts     = world.NewKind(func(a *Account) string { return a.Name })
	OAuthClients = world.NewKind(func(c *OAuthClient) string { return c.ID })
	APILogins    = world.NewKind(func(l *APILogin) string { return l.ID })
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

// A Login is where tokens are issued.
type Login string

// The logins.
const (
	ByKeystone Login = "keystone"
	ByPrivX    Login = "privx"
)

// From tells whether the token is good where that login's are: an issued one is where
// it was issued, one of a fixture everywhere.
func (t *Token) From(login Login) bool {
	return t.Issued.IsZero() || (t.Refresh != "") == (login == ByPrivX)
}

// CallerByToken finds who a token stands for, at a service whose tokens that login
// issues. It is an error of the kind Unauthorized, with no message, if the token is unknown or expired.
func CallerByToken(c *Call, login Login, id string) (*Caller, error) {
	if c.Settings.AuthOff {
		return anyone(c)
	}
	t := Tokens.Get(c.View, id)
	if id == "" || t == nil || t.Expired(c.Now) || !t.From(login) {
		return nil, Errorf(Unauthorized, "", "")
	}
	caller := callerOf(c.View, t)
	if u := caller.User; u != nil && !On(u.Enabled) || t.Credential != "" && caller.Credential == nil {
		return nil, Errorf(Unauthorized, "", "")
	}
	return caller, nil
}

func callerOf(v world.View, t *Token) *Caller {
	caller := &Caller{Token: t, ID: t.UserID, Name: t.UserID, Permissions: t.Permissions}
	if t.ProjectID != "" {
		caller.Project = Projects.Get(v, t.ProjectID)
	}
	if t.Credential != "" {
		caller.Credential = Credentials.Get(v, t.Credential)
	}
	if u := Users.Get(v, t.UserID); u != nil {
		caller.User, caller.Name = u, u.Name
		caller.Roles = RolesOf(v, u, t.ProjectID, caller.Credential)
		if caller.System = t.System && t.ProjectID == ""; caller.System {
			caller.Roles = SystemRolesOf(v, u)
		}
		if len(caller.Permissions) == 0 {
			caller.Permissions = u.Permissions
		}
	}
	return caller
}

// RolesOf names the roles that a user has in a project, those that are implied
// last. With a credential, which may be nil, they are the credential's.
func RolesOf(v world.View, u *User, project string, by *AppCredential) []string {
	if by != nil {
		return implied(v, by.RoleNames())
	}
	return implied(v, u.Roles[project])
}

// SystemRolesOf names the roles that a user has in the whole system, those that are
// implied last.
func SystemRolesOf(v world.View, u *User) []string { return implied(v, u.System) }

// implied adds to names of roles those that they imply.
func implied(v world.View, all []string) []string {
	for i := 0; i < len(all); i++ {
		r := Roles.Get(v, all[i])
		if r == nil {
			continue
		}
		for _, name := range r.Implies {
			if !slices.Contains(all, name) {
				all = append(slices.Clip(all), name) // never into the record's own
			}
		}
	}
	return all
}

// CallerByBasic finds the devops-service account that a Basic Authorization
// header logs in to. An error of the kind Unauthorized says that there is none,
// one of the kind Invalid that the header is of another scheme.
func CallerByBasic(c *Call) (*Caller, error) {
	if c.Settings.AuthOff {
		return anyone(c)
	}
	header := c.Header.Get("Authorization")
	if header == "" {
		return nil, Errorf(Unauthorized, "", "")
	}
	scheme, credentials, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil, Errorf(Invalid, "", "")
	}
	name, password, ok := DecodeBasic(credentials)
	a := Accounts.Get(c.View, name)
	if !ok || a == nil || a.Password != password {
		return nil, Errorf(Unauthorized, "", "")
	}
	return &Caller{ID: a.Name, Name: a.Name, Permissions: a.Policies}, nil
}

// DecodeBasic takes the credentials of HTTP Basic apart.
func DecodeBasic(credentials string) (name, password string, ok bool) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(credentials), "="))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// member is who everybody is where authentication is off, and whose the records
// are that a fixture makes up.
const member = "demo"

// Member finds the user "demo", else the first user, and the first of the
// user's projects; each is nil if there is none.
func Member(v world.View) (*User, *Project) {
	u := First(AllUsers, v, "")
	for x := range AllUsers.All(v, "", 0) {
		if x.Name == member {
			u = x
			break
		}
	}
	if u == nil || len(u.Roles) == 0 {
		return u, nil
	}
	return u, Projects.Get(v, slices.Sorted(maps.Keys(u.Roles))[0])
}

func anyone(c *Call) (*Caller, error) {
	u, p := Member(c.View)
	if u == nil {
		return nil, Errorf(Unauthorized, "", "the fixture has no user whom everybody could be")
	}
	t := &Token{ID: "anyone", UserID: u.ID, Methods: []string{"password"}}
	if p != nil {
		t.ProjectID = p.ID
	}
	caller := callerOf(c.View, t)
	if a := Accounts.Get(c.View, u.Name); a != nil {
		caller.Permissions = slices.Concat(caller.Permissions, a.Policies)
	}
	return caller, nil
}
