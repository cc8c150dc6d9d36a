// Package keystone emulates the part of OpenStack Keystone v3 that the clients of Freezer and
// Barbican need to log in. It also has resources that teams read next to it: discovery, tokens,
// catalogue, users, projects, roles, application credentials.
package keystone

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// New returns the service.
func New() *service.Service {
	return &service.Service{
		Name: "keystone",
		Operations: slices.Concat(
			discoveryOperations, tokenOperations, catalogOperations, peopleOperations, credentialOperations, ruleOperations, neighbourOperations,
		),
		Policies: true,
		Identify: identify,
		Checks: []service.Check{
			{Name: "options", Do: optionsAsked}, {Name: "json", Do: bodyIsJSON}, {Name: service.CheckCaller.Name, Do: neighbour},
			service.CheckRoute, service.CheckCaller, service.CheckSize, service.CheckPolicy,
		},
		Fail:      fail,
		Finish:    finish,
		Normalise: normalise,
		HeadAsGet: true,
	}
}

// normalise removes a trailing slash, as Keystone's middleware does
// (keystone/tokens.yaml: "by name with a slash").
func normalise(path string) string {
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	if path == "" {
		return "/"
	}
	return path
}

// identify returns the caller of the token in X-Auth-Token. Logins by password have none, and
// their policy allows every caller. With the quirk, the token of a deleted credential is a 404
// (keystone/application-credentials.yaml: "the token after delete").
func identify(c *service.Call) (*identity.Caller, error) {
	caller, err := openstack.Identify(c)
	if err != nil && c.Quirks[orphanIs404] {
		if t := identity.Tokens.Get(c.View, c.Header.Get("X-Auth-Token")); t != nil && orphan(c, t) && c.Quirk(orphanIs404) {
			return nil, noCredential(t.Credential)
		}
	}
	return caller, err
}

// optionsAsked responds to OPTIONS with the methods of the path
// (keystone/discovery.yaml: "tokens by OPTIONS").
func optionsAsked(c *service.Call) error {
	if c.Method != http.MethodOptions || len(c.Methods) == 0 {
		return nil
	}
	return &service.Error{Kind: http.StatusOK}
}

// allow returns the Allow header as the web framework writes it.
func allow(c *service.Call) string {
	all := append(slices.Clone(c.Methods), http.MethodOptions)
	if slices.Contains(c.Methods, http.MethodGet) {
		all = append(all, http.MethodHead)
	}
	return c.Allow(all...)
}

// bodyIsJSON refuses a body that is not a JSON object. It is the first check, also for operations
// without a body (keystone/tokens.yaml: "of another type").
func bodyIsJSON(c *service.Call) error {
	if len(c.Body) == 0 || c.BodyTooLarge {
		return nil
	}
	if t := c.MediaType(); t != "" && t != "application/json" {
		return expected("application/json in Content-Type header")
	}
	v, _ := c.JSON()
	if _, ok := v.(*value.Object); !ok {
		return expected("valid JSON in request body")
	}
	return nil
}

const htmlPage = "text/html; charset=utf-8"

// notFoundPage is the response of the web framework to an unknown path
// (keystone/discovery.yaml: "nothing").
const notFoundPage = `<!doctype html>
<html lang=en>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>
`

// notAllowedPage is its response to an unknown method on the paths of discovery
// (keystone/discovery.yaml: "versions by POST").
const notAllowedPage = `<!doctype html>
<html lang=en>
<title>405 Method Not Allowed</title>
<h1>Method Not Allowed</h1>
<p>The method is not allowed for the requested URL.</p>
`

var messages = map[service.Kind]string{
	service.Unauthorized: openstack.AuthenticationRequired,
	service.Forbidden:    "You are not authorized to perform the requested action.",
	service.NotFound:     "The resource could not be found.",
	service.NotAllowed:   "The method is not allowed for the requested URL.",
	service.TooLarge:     "Request is too large.",
	service.Internal:     "An unexpected error prevented the server from fulfilling your request.",
}

// supported is the detail of an error about login methods: the supported ones
// (keystone/tokens.yaml: "a method that is none"). It is empty for a credential that requests a
// scope.
type supported []string

// fail writes {"error": {code, message, title}}. Unknown paths and methods have the response of
// the web framework.
func fail(c *service.Call, e *service.Error) service.Reply {
	message := cmp.Or(e.Message, messages[e.Kind], e.Kind.Reason())
	var r service.Reply
	switch {
	case e.Kind == http.StatusOK: // OPTIONS
		r = service.Reply{Status: http.StatusOK, ContentType: htmlPage}
	case e.Kind == service.NotAllowed && (c.Path == "/" || c.Path == "/v3"):
		r = service.Reply{Status: http.StatusMethodNotAllowed, ContentType: htmlPage, Body: []byte(notAllowedPage)}
	case c.Operation == nil && e.Kind == service.NotFound:
		r = service.Reply{Status: http.StatusNotFound, ContentType: htmlPage, Body: []byte(notFoundPage)}
	// keystone/discovery.yaml: "tokens by PUT"
	case c.Operation == nil && e.Kind == service.NotAllowed:
		r = service.JSON(http.StatusMethodNotAllowed, value.AppendTextObject(nil, "message", message))
	default:
		r = service.JSON(int(e.Kind), errorBody(e, message))
	}
	r.Header = e.Header
	switch e.Kind {
	case service.Unauthorized:
		r.Set("Www-Authenticate", openstack.Challenge(c.Base()+"/v3"))
	case service.NotAllowed, http.StatusOK:
		r.Set("Allow", allow(c))
	}
	return r
}

// errorBody writes {"error": {code, message, title}}.
func errorBody(e *service.Error, message string) []byte {
	var w value.Writer
	w.BeginObject()
	w.Name("error").BeginObject()
	w.Name("code").Int(int64(e.Kind))
	if methods, ok := e.Detail.(supported); ok {
		w.Name("identity").BeginObject()
		if len(methods) > 0 {
			w.Name("methods").Texts(methods)
		}
		w.EndObject()
	}
	w.Name("message").Text(message)
	w.Name("title").Text(e.Kind.Reason())
	w.EndObject()
	w.EndObject()
	return w.Bytes()
}

func finish(c *service.Call, r *service.Reply) {
	r.Set("Vary", "X-Auth-Token")
	r.Set("X-Openstack-Request-Id", openstack.NewRequestID(c))
}

// expected returns the 400 for something that is missing in a request.
func expected(what string) error {
	return service.Errorf(service.Invalid, "", "Expecting to find %s.%s", what, malformed)
}

const malformed = " The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."

func unauthorized() error {
	return service.Errorf(service.Unauthorized, "", "").RefusedBy(service.CheckCaller.Name)
}

// forbidden returns the 403 of a policy rule.
func forbidden(rule string) error {
	return service.Errorf(service.Forbidden, "", "You are not authorized to perform the requested action: identity:%s.", rule).
		RefusedBy("policy: identity:" + rule)
}

func notFound(kind, id string) error {
	return service.Errorf(service.NotFound, "", "Could not find %s: %s.", kind, id)
}

// discoveryOperations return the versions of the API.
var discoveryOperations = []service.Operation{
	{ID: "keystone.versions.list", Do: listVersions, Policy: service.Everybody},
	{ID: "keystone.version.show", Do: showVersion, Policy: service.Everybody},
}

// listVersions handles GET / of the service.
func listVersions(c *service.Call) (service.Reply, error) {
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("versions").BeginObject()
	w.Name("values").BeginList()
	writeVersion(&w, c)
	w.EndList()
	w.EndObject()
	w.EndObject()
	r := service.JSON(http.StatusMultipleChoices, w.Bytes())
	r.Set("Location", c.Base()+"/v3/")
	return r, nil
}

// showVersion handles GET /v3.
func showVersion(c *service.Call) (service.Reply, error) {
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	writeVersion(w.Name("version"), c)
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

func writeVersion(w *value.Writer, c *service.Call) {
	w.BeginObject()
	w.Name("id").Text("v3.14")
	w.Name("status").Text("stable")
	w.Name("updated").Text("2020-04-07T00:00:00Z")
	w.Name("links").BeginList()
	w.TextObject("rel", "self", "href", c.Base()+"/v3/")
	w.EndList()
	w.Name("media-types").BeginList()
	w.TextObject("base", "application/json", "type", "application/vnd.openstack.identity-v3+json")
	w.EndList()
	w.EndObject()
}
