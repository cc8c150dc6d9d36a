package identity

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"

	"standin/internal/world"
)

// A Caller is the identity that a request acts as. It is not changed, because requests share it.
type Caller struct {
	User        *User          // nil for a devops-service account and for a PrivX API client
	Project     *Project       // nil for an unscoped or system token
	System      bool           // the token is scoped to the system
	Roles       []string       // in the project or system, including implied ones
	Permissions []string       // PrivX permissions, or devops-service policies
	Token       *Token         // nil if the caller sent no token
	Credential  *AppCredential // the application credential of the login; nil without one
	Name        string
	ID          string
}

// HasRole reports whether the caller has one of the roles in its project or system.
func (c *Caller) HasRole(roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(c.Roles, r) })
}

// May reports whether the caller has the permission or policy.
func (c *Caller) May(permission string) bool { return slices.Contains(c.Permissions, permission) }

// InProject reports whether the caller's token is scoped to the project.
func (c *Caller) InProject(id string) bool { return c.Project != nil && c.Project.ID == id }

// ByToken returns the caller of a token, at a service that trusts the login. It returns nil if
// the token is unknown or expired, or if its user is disabled.
func ByToken(v world.View, now time.Time, login Login, id string) *Caller {
	if id == "" {
		return nil
	}
	caller := lately.Get(v, bearer{login, id}, func() *Caller { return byToken(v, login, id) })
	if caller == nil || caller.Token.Expired(now) {
		return nil
	}
	return caller
}

// A bearer is a token at a service that trusts a login.
type bearer struct {
	login Login
	token string
}

// lately keeps callers, since clients send the same token with every request.
var lately = world.NewMemo[bearer, Caller](Tokens, Users, Projects, Credentials, Roles)

// byToken does what ByToken does, at a time at which the token is not expired.
func byToken(v world.View, login Login, id string) *Caller {
	t := Tokens.Get(v, id)
	if t == nil || !t.From(login) {
		return nil
	}
	caller := callerOf(v, t)
	if u := caller.User; u != nil && !On(u.Enabled) || t.Credential != "" && caller.Credential == nil {
		return nil
	}
	return caller
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

// RolesOf returns the names of the roles that a user has in a project, implied ones last. If by
// is not nil, it returns the roles of that credential instead.
func RolesOf(v world.View, u *User, project string, by *AppCredential) []string {
	if by != nil {
		return implied(v, by.RoleNames())
	}
	return implied(v, u.Roles[project])
}

// SystemRolesOf returns the names of the roles that a user has in the system, implied ones last.
func SystemRolesOf(v world.View, u *User) []string { return implied(v, u.System) }

// implied adds the implied roles to a list of role names.
func implied(v world.View, all []string) []string {
	for i := 0; i < len(all); i++ {
		r := Roles.Get(v, all[i])
		if r == nil {
			continue
		}
		for _, name := range r.Implies {
			if !slices.Contains(all, name) {
				all = append(slices.Clip(all), name) // Clip: do not append to the record's own slice
			}
		}
	}
	return all
}

// ByBasic returns the devops-service account of HTTP Basic credentials. It returns nil if the
// account is unknown or the password is wrong.
func ByBasic(v world.View, credentials string) *Caller {
	name, password, ok := DecodeBasic(credentials)
	a := Accounts.Get(v, name)
	if !ok || a == nil || a.Password != password {
		return nil
	}
	return &Caller{ID: a.Name, Name: a.Name, Permissions: a.Policies}
}

// DecodeBasic decodes the credentials of HTTP Basic, without the scheme.
func DecodeBasic(credentials string) (name, password string, ok bool) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(credentials), "="))
	if err != nil {
		return "", "", false
	}
	return strings.Cut(string(raw), ":")
}

// member is the name of the user that every request has if authentication is off. Generated
// records belong to that user too.
const member = "demo"

// Member returns the user "demo", or else the first user, and that user's first project. Each is
// nil if there is none.
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

// Anyone returns the caller of every request if authentication is off: the user that Member
// returns. It returns nil if the world has no user.
func Anyone(v world.View) *Caller {
	u, p := Member(v)
	if u == nil {
		return nil
	}
	t := &Token{ID: "anyone", UserID: u.ID, Methods: []string{"password"}}
	if p != nil {
		t.ProjectID = p.ID
	}
	caller := callerOf(v, t)
	if a := Accounts.Get(v, u.Name); a != nil {
		caller.Permissions = slices.Concat(caller.Permissions, a.Policies)
	}
	return caller
}
