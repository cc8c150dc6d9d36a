// Package privx emulates the API clients of SSH PrivX's local user store, the roles of its role
// store, and the logins of their callers.
//
// Statuses are those of the public document and those that the public SDKs expect. Error codes
// are those in public sources.
package privx

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
)

// New returns the service.
func New() *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:       "privx",
		Section:    &section,
		Operations: slices.Concat(loginOperations, roleOperations, clientOperations, exampleOperations),
		Policies:   true,
		Identify:   identify,
		Checks:     []service.Check{{Name: service.CheckCaller.Name, Do: authenticated}, service.CheckRoute, service.CheckPolicy, service.CheckSize},
		Fail:       fail,
	}
}

func identify(c *service.Call) (*identity.Caller, error) {
	scheme, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	return service.CallerByToken(c, identity.ByPrivX, strings.TrimSpace(token))
}

// authenticated is the check of the token. Unknown paths below /auth/api/ skip it: they are a 404
// for every caller.
func authenticated(c *service.Call) error {
	if c.Operation == nil && strings.HasPrefix(c.Path, "/auth/api/") {
		return nil
	}
	return service.Authenticated(c)
}

// A policy lists the permissions of which a caller needs one. Roles have permissions.
type policy []string

// The policies of the operations.
var (
	manageClients = policy{"api-clients-manage"}
	viewRoles     = policy{"roles-view", "roles-manage"}
	manageRoles   = policy{"roles-manage"}
)

// Refuse implements service.Policy.
func (p policy) Refuse(c *service.Call) error {
	if slices.ContainsFunc(p, c.Caller.May) {
		return nil
	}
	return service.Errorf(service.Forbidden, "PERMISSION_DENIED", "The caller lacks the permission %s.", p[0])
}

// String implements service.Policy.
func (p policy) String() string { return service.OneOf(p) }

// exampleOperations respond with their documented examples.
var exampleOperations = []service.Operation{
	{ID: "privx.auth.status", Policy: service.Everybody},
	{ID: "privx.local-user-store.status", Policy: service.Everybody},
	{ID: "privx.role-store.status", Policy: service.Everybody},
}

// property is the detail of an error about one member, without a list of details.
type property string

// A detail is one mistake in a request.
type detail struct{ code, message, property string }

// invalid returns the error for a request with invalid data.
func invalid(code, property, message string) error {
	e := service.Errorf(service.Invalid, "INVALID_REQUEST_DATA", "The request has invalid data.")
	e.Detail = detail{code, message, property}
	return e.RefusedBy("schema: " + property)
}

var codes = map[service.Kind]struct{ code, message string }{
	service.Invalid:      {"BAD_REQUEST", "The request could not be read."},
	service.Unauthorized: {"UNAUTHORIZED", "The access token is missing, unknown or expired."},
	service.NotFound:     {"OBJECT_NOT_FOUND", "There is nothing at this address."},
	service.NotAllowed:   {"BAD_REQUEST", "The method is not allowed at this address."},
	service.TooLarge:     {"BAD_REQUEST", "The request body is too large."},
	service.Internal:     {"GENERAL_ERROR", "Internal error."},
}

// fail writes error_code and error_message. Invalid data also has property and details. Logins
// also have the members of OAuth.
func fail(c *service.Call, e *service.Error) service.Reply {
	defaults := codes[e.Kind]
	code, message := e.Code, e.Message
	if code == "" {
		code = cmp.Or(defaults.code, "GENERAL_ERROR")
	}
	if message == "" {
		message = cmp.Or(defaults.message, e.Kind.Reason())
	}
	oauth, ok := e.Detail.(oauthError)
	if !ok && e.Kind == service.Invalid && c.Row != nil && c.Row.Policy == login {
		oauth, ok = "invalid_request", true
	}
	var w value.Writer
	w.BeginObject()
	if ok {
		w.Name("error").Text(string(oauth))
		w.Name("error_description").Text(message)
	}
	w.Name("error_code").Text(code)
	w.Name("error_message").Text(message)
	switch d := e.Detail.(type) {
	case property:
		w.Name("property").Text(string(d))
	case detail:
		w.Name("property").Text(d.property)
		w.Name("details").BeginList()
		w.TextObject("error_code", d.code, "error_message", d.message, "property", d.property)
		w.EndList()
	}
	w.EndObject()
	r := service.JSON(int(e.Kind), w.Bytes())
	r.Header = e.Header
	if e.Kind == service.Unauthorized {
		r.Set("Www-Authenticate", "Bearer")
	}
	return r
}

func empty() service.Reply { return service.Reply{Status: http.StatusOK} }
