// Package privx emulates the API clients of SSH PrivX's local user store, the
// roles of its role store, and the endpoints through which their callers log in.
//
// Statuses come from the public document and from what the public SDKs demand;
// the codes of errors are those that public sources name.
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

// New is the service.
func New() *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:    "privx",
		Section: &section,
		Handlers: map[string]service.Handler{
			"privx.oauth.token":        issueToken,
			"privx.oauth.client-token": issueClientToken,
			"privx.token.login":        loginWithToken,
			"privx.roles.list":         listRoles,
			"privx.roles.create":       createRole,
			"privx.roles.search":       searchRoles,
			"privx.roles.resolve":      resolveRoles,
			"privx.roles.show":         showRole,
			"privx.roles.update":       updateRole,
			"privx.roles.delete":       deleteRole,
			"privx.api-clients.list":   listClients,
			"privx.api-clients.create": createClient,
			"privx.api-clients.search": searchClients,
			"privx.api-clients.show":   showClient,
			"privx.api-clients.update": updateClient,
			"privx.api-clients.delete": deleteClient,
		},
		Identify: identify,
		Checks:   []service.Check{authenticated, service.Routed, allowed, service.BodyRead},
		Fail:     fail,
	}
}

func identify(c *service.Call) (*identity.Caller, error) {
	scheme, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	return service.CallerByToken(c, identity.ByPrivX, strings.TrimSpace(token))
}

// authenticated demands a known caller, but for paths at which callers log in: what is
// not there is not there for anybody.
func authenticated(c *service.Call) error {
	if c.Operation == nil && strings.HasPrefix(c.Path, "/auth/api/") {
		return nil
	}
	return service.Authenticated(c)
}

// needs are the permissions of which an operation demands one; the others
// demand api-clients-manage.
var needs = map[string][]string{
	"privx.roles.list":    {"roles-view", "roles-manage"},
	"privx.roles.search":  {"roles-view", "roles-manage"},
	"privx.roles.resolve": {"roles-view", "roles-manage"},
	"privx.roles.show":    {"roles-view", "roles-manage"},
	"privx.roles.create":  {"roles-manage"},
	"privx.roles.update":  {"roles-manage"},
	"privx.roles.delete":  {"roles-manage"},
}

// allowed demands the permission that PrivX's roles give for the operation.
func allowed(c *service.Call) error {
	if c.Operation.Public {
		return nil
	}
	one := needs[c.Operation.ID]
	if one == nil {
		one = []string{"api-clients-manage"}
	}
	if slices.ContainsFunc(one, c.Caller.May) {
		return nil
	}
	return service.Errorf(service.Forbidden, "PERMISSION_DENIED", "The caller lacks the permission %s.", one[0])
}

// property is the detail of an error that is about one member and needs no list.
type property string

// A detail is one fault of a request.
type detail struct{ code, message, property string }

// invalid is the error of a request that is understood but not acceptable.
func invalid(code, property, message string) error {
	e := service.Errorf(service.Invalid, "INVALID_REQUEST_DATA", "The request has invalid data.")
	e.Detail = []detail{{code, message, property}}
	return e
}

var codes = map[service.Kind]struct{ code, message string }{
	service.Invalid:      {"BAD_REQUEST", "The request could not be read."},
	service.Unauthorized: {"UNAUTHORIZED", "The access token is missing, unknown or expired."},
	service.NotFound:     {"OBJECT_NOT_FOUND", "There is nothing at this address."},
	service.NotAllowed:   {"BAD_REQUEST", "The method is not allowed at this address."},
	service.TooLarge:     {"BAD_REQUEST", "The request body is too large."},
	service.Internal:     {"GENERAL_ERROR", "Internal error."},
}

// fail writes error_code, error_message and, for data that is not acceptable,
// the property and details; the token endpoint adds OAuth's members.
func fail(c *service.Call, e *service.Error) service.Reply {
	usual := codes[e.Kind]
	code, message := e.Code, e.Message
	if code == "" {
		code = cmp.Or(usual.code, "GENERAL_ERROR")
	}
	if message == "" {
		message = cmp.Or(usual.message, e.Kind.Reason())
	}
	o := value.NewObject()
	oauth, ok := e.Detail.(oauthError)
	if !ok && e.Kind == service.Invalid && c.Operation != nil && slices.Contains(logins, c.Operation.ID) {
		oauth, ok = "invalid_request", true
	}
	if ok {
		o.Set("error", string(oauth))
		o.Set("error_description", message)
	}
	o.Set("error_code", code)
	o.Set("error_message", message)
	if p, ok := e.Detail.(property); ok {
		o.Set("property", string(p))
	}
	if details, ok := e.Detail.([]detail); ok {
		o.Set("property", details[0].property)
		list := make([]any, len(details))
		for i, d := range details {
			list[i] = value.NewObject(
				value.Member{Name: "error_code", Value: d.code},
				value.Member{Name: "error_message", Value: d.message},
				value.Member{Name: "property", Value: d.property},
			)
		}
		o.Set("details", list)
	}
	r := service.JSON(int(e.Kind), value.Append(nil, o))
	r.Header = e.Header
	if e.Kind == service.Unauthorized {
		r.Set("Www-Authenticate", "Bearer")
	}
	return r
}

// logins are the operations whose errors OAuth describes (RFC 6749, 5.2).
var logins = []string{"privx.oauth.token", "privx.oauth.client-token", "privx.token.login"}

func badRequest(message string) error {
	return service.Errorf(service.Invalid, "BAD_REQUEST", message)
}

func empty() service.Reply { return service.Reply{Status: http.StatusOK} }
