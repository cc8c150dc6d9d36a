package identity

import (
	"time"

	"standin/internal/world"
)

// An AppCredential lets a program log in at Keystone as a user in one project,
// with some of the user's roles.
type AppCredential struct {
	ID           string       `json:"id" fixture:"required"`
	Name         string       `json:"name" fixture:"required"`
	Secret       string       `json:"secret" fixture:"required"` // shown when it is created, never again
	UserID       string       `json:"user_id" fixture:"required"`
	ProjectID    string       `json:"project_id,omitempty"` // empty: tokens are unscoped
	Description  *string      `json:"description,omitempty"`
	Expires      time.Time    `json:"expires_at,omitzero"`    // zero: never
	Unrestricted *bool        `json:"unrestricted,omitempty"` // true: its tokens may make and delete others
	Roles        []RoleRef    `json:"roles,omitempty"`
	AccessRules  []AccessRule `json:"access_rules,omitempty"`
}

// A RoleRef names a role.
type RoleRef struct {
	Name string `json:"name" fixture:"required"`
}

// An AccessRule is a request that a credential is for. It belongs to a user, and the
// user's credentials share it. The copy in a credential leaves out the user. Standin stores
// rules and refuses no request because of them.
type AccessRule struct {
	ID      string `json:"id,omitempty"`
	UserID  string `json:"user_id,omitempty"`
	Service string `json:"service,omitempty"`
	Path    string `json:"path,omitempty"`
	Method  string `json:"method,omitempty"`
}

// Credentials are the application credentials.
var Credentials = world.NewKind("identity.application_credentials", func(a *AppCredential) string { return a.ID })

// The orders in which application credentials are listed and looked up.
var (
	CredentialsByUser = Credentials.Index(func(a *AppCredential) string { return a.UserID }, nil)
	AllCredentials    = Credentials.Index(nil, nil)
)

// AccessRules are the access rules that stay when their credentials go.
var AccessRules = world.NewKind("identity.access_rules", func(r *AccessRule) string { return r.ID })

// The orders in which access rules are listed.
var (
	AccessRulesByUser = AccessRules.Index(func(r *AccessRule) string { return r.UserID }, nil)
	allAccessRules    = AccessRules.Index(nil, nil)
)

// RoleNames returns the names of the credential's roles.
func (a *AppCredential) RoleNames() []string {
	names := make([]string, len(a.Roles))
	for i, r := range a.Roles {
		names[i] = r.Name
	}
	return names
}

// Expired reports whether logins by the credential fail because of its age.
func (a *AppCredential) Expired(now time.Time) bool {
	return !a.Expires.IsZero() && !now.Before(a.Expires)
}

// An ExternalToken is a token of another identity provider that PrivX trusts, and the
// user that it stands for.
type ExternalToken struct {
	Token  string `json:"token" fixture:"required"`
	UserID string `json:"user_id" fixture:"required"`
}

// ExternalTokens are the tokens with which users log in at PrivX.
var (
	ExternalTokens    = world.NewKind("", func(t *ExternalToken) string { return t.Token })
	allExternalTokens = ExternalTokens.Index(nil, nil)
)
