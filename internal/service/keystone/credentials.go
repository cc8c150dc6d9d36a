package keystone

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// credentialOperations are the operations on application credentials.
var credentialOperations = []service.Operation{
	{ID: "keystone.application-credentials.list", Do: listCredentials, Policy: owners("list_application_credentials")},
	{ID: "keystone.application-credentials.create", Do: createCredential, Policy: credentialCreation},
	{ID: "keystone.application-credentials.show", Do: showCredential, Policy: credentialOwners("get_application_credential")},
	{ID: "keystone.application-credentials.delete", Do: deleteCredential, Policy: credentialOwners("delete_application_credential")},
}

func noCredential(id string) error { return notFound("Application Credential", id) }

// credentialNamed returns a user's credential of that name, or nil.
func credentialNamed(v world.View, user, name string) *identity.AppCredential {
	for a := range identity.CredentialsByUser.All(v, user, 0) {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// credentialTime is the layout of times of credentials.
const credentialTime = "2006-01-02T15:04:05.000000"

func credential(c *service.Call, a *identity.AppCredential, secret bool) *value.Object {
	roles := []any{}
	for _, name := range a.RoleNames() {
		if r := identity.Roles.Get(c.View, name); r != nil {
			roles = append(roles, bare(r))
		}
	}
	o := object("id", a.ID, "name", a.Name, "description", nil, "user_id", a.UserID, "project_id", nil, "system", nil,
		"expires_at", nil, "unrestricted", nil, "roles", roles)
	if a.Description != nil {
		o.Set("description", *a.Description)
	}
	if a.ProjectID != "" {
		o.Set("project_id", a.ProjectID)
	}
	if !a.Expires.IsZero() {
		o.Set("expires_at", a.Expires.Format(credentialTime))
	}
	if a.Unrestricted != nil {
		o.Set("unrestricted", *a.Unrestricted)
	}
	if len(a.AccessRules) > 0 {
		o.Set("access_rules", ruleList(a))
	}
	if secret {
		o.Set("secret", a.Secret)
	}
	o.Set("links", link(c, "application_credentials", a.ID))
	return o
}

// listCredentials handles GET /v3/users/{user_id}/application_credentials.
func listCredentials(c *service.Call) (service.Reply, error) {
	id := c.Vars["user_id"]
	var list []*value.Object
	for a := range identity.CredentialsByUser.All(c.View, id, 0) {
		list = append(list, credential(c, a, false))
	}
	return listReply(c, "application_credentials", list, "name")
}

// credentialOf returns the credential of the path, or nil.
func credentialOf(c *service.Call) *identity.AppCredential {
	return identity.Credentials.Get(c.View, c.Vars["application_credential_id"])
}

// showCredential handles GET
// /v3/users/{user_id}/application_credentials/{application_credential_id}.
func showCredential(c *service.Call) (service.Reply, error) {
	a := credentialOf(c)
	if a == nil {
		return service.Reply{}, noCredential(c.Vars["application_credential_id"])
	}
	return reply(object("application_credential", credential(c, a, false)))
}

// manages returns an error for callers who logged in with a restricted credential
// (keystone/application-credentials.yaml: "create by such a token").
func manages(c *service.Call) error {
	if a := c.Caller.Credential; a != nil && (a.Unrestricted == nil || !*a.Unrestricted) {
		return service.Errorf(service.Forbidden, "", "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials..")
	}
	return nil
}

// deleteCredential handles DELETE of a credential. Its tokens become invalid
// (keystone/application-credentials.yaml: "the token after delete"). Its access rules stay.
func deleteCredential(c *service.Call) (service.Reply, error) {
	a := credentialOf(c)
	if a == nil {
		return service.Reply{}, noCredential(c.Vars["application_credential_id"])
	}
	if err := manages(c); err != nil {
		return service.Reply{}, err
	}
	identity.Credentials.Delete(c.Tx(), a.ID)
	keepRules(c.Tx(), a)
	return service.Reply{Status: http.StatusNoContent}, nil
}

// credentialCreation allows the user of the path
// (keystone/application-credentials.yaml: "create for another user").
var credentialCreation = &policy{"create_application_credential", func(c *service.Call) bool {
	return themselves(c) && c.Caller.User != nil
}}

// createCredential handles POST /v3/users/{user_id}/application_credentials. The credential is
// for the project of the caller's token, with roles of the caller in it.
func createCredential(c *service.Call) (service.Reply, error) {
	body, _ := c.JSON()
	o, _ := body.(*value.Object)
	v, _ := o.Get("application_credential")
	if v == nil {
		v = value.NewObject()
	}
	if err := validator.Check(credentialSchema, v); err != nil {
		return service.Reply{}, err
	}
	if err := manages(c); err != nil {
		return service.Reply{}, err
	}
	a, err := newCredential(c, o.Object("application_credential"))
	if err != nil {
		return service.Reply{}, err
	}
	identity.Credentials.Put(c.Tx(), a)
	return service.JSON(http.StatusCreated, value.Append(nil, object("application_credential", credential(c, a, true)))), nil
}

func newCredential(c *service.Call, o *value.Object) (*identity.AppCredential, error) {
	a := &identity.AppCredential{Name: o.Text("name"), Description: o.TextOrNil("description"), UserID: c.Caller.ID, Secret: o.Text("secret")}
	if p := c.Caller.Project; p != nil {
		a.ProjectID = p.ID
	}
	if o.Has("unrestricted") {
		a.Unrestricted = new(o.Bool("unrestricted"))
	}
	var err error
	if a.Roles, err = rolesFor(c, o); err != nil {
		return nil, err
	}
	if a.Expires, err = expiry(c, o.Text("expires_at")); err != nil {
		return nil, err
	}
	if credentialNamed(c.View, a.UserID, a.Name) != nil {
		return nil, service.Errorf(service.Conflict, "", duplicateCredential, a.Name)
	}
	if a.Secret == "" {
		a.Secret = base64.RawURLEncoding.EncodeToString(c.Tx().Draw("keystone.secrets", 64))
	}
	a.ID = identity.Credentials.NewID(c.Tx(), "keystone.application_credentials", world.Hex)
	return a, takeRules(c, a, o.List("access_rules"))
}

const duplicateCredential = "Conflict occurred attempting to store application_credential - Duplicate entry found with name %s."

// expiry parses the expiry time of a credential. The zero time means that it does not expire.
func expiry(c *service.Call, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z"} { // both layouts accept fractions of a second
		t, err := time.Parse(form, s)
		switch {
		case err != nil:
		case t.Before(c.Now):
			return t, service.Errorf(service.Invalid, "", "The 'expires_at' must not be before now.%s", malformed)
		default:
			return t.Truncate(time.Microsecond), nil
		}
	}
	return time.Time{}, service.Errorf(service.Invalid, "", "Timestamp not in expected format.%s", malformed)
}

// rolesFor returns the roles that a request names, or else those of the caller.
func rolesFor(c *service.Call, o *value.Object) ([]identity.RoleRef, error) {
	var names []string
	asked := o.List("roles")
	for _, e := range asked {
		given, _ := e.(*value.Object)
		name := given.Text("name")
		if given.Has("id") {
			name = ""
			if r := roleByID(c, given.Text("id")); r != nil {
				name = r.Name
			}
		} else if identity.Roles.Get(c.View, name) == nil {
			return nil, service.Errorf(service.NotFound, "", "Role %s is not defined", name)
		}
		if !slices.Contains(c.Caller.Roles, name) {
			return nil, service.Errorf(service.Invalid, "", "Invalid application credential: Cannot create an application credential with unassigned role")
		}
		names = append(names, name)
	}
	if len(asked) == 0 {
		names = c.Caller.Roles
	}
	refs := make([]identity.RoleRef, len(names))
	for i, name := range names {
		refs[i].Name = name
	}
	return refs, nil
}
