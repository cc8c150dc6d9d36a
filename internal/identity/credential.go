package identity

import (
	"time"

	"standin/internal/world"
)

// An AppCredential lets a program log in to Keystone as a user in one project, with some of the
// user's roles.
type AppCredential struct {
	ID           string       `json:"id" fixture:"required"`
	Name         string       `json:"name" fixture:"required"`
	Secret       string       `json:"secret" fixture:"required"` // shown only in the response to its creation
	UserID       string       `json:"user_id" fixture:"required"`
	ProjectID    string       `json:"project_id,omitempty"` // empty: tokens are unscoped
	Description  *string      `json:"description,omitempty"`
	Expires      time.Time    `json:"expires_at,omitzero"`    // zero: never
	Unrestricted *bool        `json:"unrestricted,omitempty"` // true: its tokens may create and delete credentials
	Roles        []RoleRef    `json:"roles,omitempty"`
	AccessRules  []AccessRule `json:"access_rules,omitempty"`
}

// A RoleRef names a role.
type RoleRef struct {
	Name string `json:"name" fixture:"required"`
}

// An AccessRule describes a request that a credential allows. It belongs to a user and may be in
// several credentials of the user. The copy in a credential has no user id. Standin stores rules
// but refuses no request because of them.
type AccessRule struct {
	ID      string `json:"id,omitempty"`
	UserID  string `json:"user_id,omitempty"`
	Service string `json:"service,omitempty"`
	Path    string `json:"path,omitempty"`
	Method  string `json:"method,omitempty"`
}

// Credentials holds the application credentials.
var Credentials = world.NewKind("identity.application_credentials", func(a *AppCredential) string { return a.ID })

// The indexes of application credentials.
var (
	CredentialsByUser = Credentials.Index(func(a *AppCredential) string { return a.UserID }, nil)
	AllCredentials    = Credentials.Index(nil, nil)
)

// AccessRules holds the access rules. They stay when their credentials are deleted.
var AccessRules = world.NewKind("identity.access_rules", func(r *AccessRule) string { return r.ID })

// The indexes of access rules.
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

// Expired reports whether logins with the credential fail because it has expired.
func (a *AppCredential) Expired(now time.Time) bool {
	return !a.Expires.IsZero() && !now.Before(a.Expires)
}

// An ExternalToken is a token of another identity provider that PrivX trusts. A user can log in
// to PrivX with it.
type ExternalToken struct {
	Token  string `json:"token" fixture:"required"`
	UserID string `json:"user_id" fixture:"required"`
}

// ExternalTokens holds the external tokens.
var (
	ExternalTokens    = world.NewKind("", func(t *ExternalToken) string { return t.Token })
	allExternalTokens = ExternalTokens.Index(nil, nil)
)
