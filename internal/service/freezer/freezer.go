// Package freezer emulates the clients API of OpenStack Freezer v1, with its form
// in v2 and the discovery of versions.
//
// Where the api-ref page is silent it behaves as freezer-api 13.0.0 does on
// falcon 3.1.1: error envelopes, order of checks, Python's way with numbers.
package freezer

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// New is the service.
func New() *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:    "freezer",
		Section: &section,
		Handlers: map[string]service.Handler{
			"freezer.clients.list":      listClients,
			"freezer.clients.create":    createClient,
			"freezer.clients.show":      showClient,
			"freezer.clients.delete":    deleteClient,
			"freezer.v2-clients.list":   listClients,
			"freezer.v2-clients.create": createClient,
			"freezer.v2-clients.show":   showClient,
			"freezer.v2-clients.delete": deleteClient,
			"freezer.v2-jobs.list":      listJobs,
			"freezer.versions.list":     listVersions,
			"freezer.v1.show":           showHome,
			"freezer.v2.show":           showHome,
			"freezer.health.show":       showHealth,
			"freezer.health.head":       headHealth,
		},
		Identify:  openstack.Identify,
		Checks:    []service.Check{authenticated, acceptable, methodKnown, service.Routed, allowed, service.BodyRead, readable},
		Fail:      fail,
		Finish:    finish,
		Normalise: normalise,
	}
}

// The paths before the login.
const (
	versionsPath = "/"
	healthPath   = "/healthcheck"
)

func open(c *service.Call) bool { return c.Path == versionsPath || c.Path == healthPath }

// authenticated asks for a login everywhere but on the open paths.
func authenticated(c *service.Call) error {
	if open(c) {
		return nil
	}
	return service.Authenticated(c)
}

// normalise drops a trailing slash, as falcon does; the middleware that tells
// the health does not.
func normalise(path string) string {
	if path != versionsPath && path != healthPath+"/" {
		path = strings.TrimSuffix(path, "/")
	}
	if path == "" {
		return versionsPath
	}
	return path
}

// acceptable is falcon's check that the caller takes JSON.
func acceptable(c *service.Call) error {
	if c.Path == healthPath || service.Quality(c.Accept(), "application/json") > 0 {
		return nil
	}
	return service.Errorf(service.NotAcceptable, "Freezer-api only supports responses encoded as JSON.", "")
}

// falconMethods are the words that falcon takes for a method.
var falconMethods = []string{
	"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
	"CHECKIN", "CHECKOUT", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "UNCHECKIN", "UNLOCK", "UPDATE", "VERSION-CONTROL",
}

func methodKnown(c *service.Call) error {
	switch {
	case len(c.Methods) > 0 && !slices.Contains(falconMethods, c.Method):
		return service.Errorf(service.Invalid, "Bad request", "Invalid HTTP method")
	case c.Method == http.MethodOptions && len(c.Methods) > 0:
		return &service.Error{Kind: http.StatusOK, Header: service.Headers{{Name: "Allow", Value: c.Allow(c.Methods...)}}}
	default:
		return nil
	}
}

// allowed is the policy: reading takes any of the roles admin, member and
// reader, writing admin or member. The rules that freezer-api ships let
// everybody pass, which is a quirk: the document has a 403, which only a policy
// file brings.
func allowed(c *service.Call) error {
	roles := []string{"admin", "member"}
	if c.Method == http.MethodGet {
		roles = append(roles, "reader")
	}
	if c.Operation.Public || c.Quirk(everybodyMay) || c.Caller.HasRole(roles...) {
		return nil
	}
	return service.Errorf(service.Forbidden, "Access Forbidden", "You are not allowed to access this resource")
}

// missing is what the operations that are answered by their examples say of a body
// in which there is nothing, where they do not say "Missing request body".
var missing = map[string]string{
	"freezer.jobs.create":     "'job_actions' is a required property",
	"freezer.jobs.replace":    "'job_actions' is a required property",
	"freezer.jobs.signal":     "Bad event request format",
	"freezer.sessions.act":    "Bad action request format",
	"freezer.actions.replace": "'freezer_action' is a required property",
}

// readable is what the operations that are answered by their examples look at in a
// body: that it is a JSON object.
func readable(c *service.Call) error {
	if !c.Operation.Stateless || !c.Operation.Body || c.Method == http.MethodPatch && !c.HasLength {
		return nil
	}
	_, err := parseObject(c, cmp.Or(missing[c.Operation.ID], missingBody))
	return err
}

const missingBody = "Missing request body"

// badRequest is the error of a body that is JSON but not what is expected.
func badRequest(description string) error {
	return service.Errorf(service.Invalid, "Bad request format", description)
}

// syntaxError is the status of a body that is not JSON, with a phrase of its own.
const syntaxError service.Kind = 753

func malformed() error { return service.Errorf(syntaxError, "Malformed JSON", "") }

// fail writes an error as falcon does: title and description, as JSON or, if
// the caller would rather have it, as XML.
func fail(c *service.Call, e *service.Error) service.Reply {
	switch {
	case e.Kind == http.StatusOK: // OPTIONS
		return service.Reply{Status: http.StatusOK, ContentType: "application/json", Header: e.Header}
	case e.Kind == service.Unauthorized:
		return openstack.Unauthorized(c, "/v3")
	case e.Kind == http.StatusServiceUnavailable && c.Quirk(unavailableIsHTML):
		return unavailable(c)
	case e.Detail == emptyBody:
		return service.Reply{Status: int(e.Kind), ContentType: "application/json"}
	}
	r := service.Reply{Status: int(e.Kind), ContentType: "application/json", Header: e.Header}
	if e.Kind == service.NotAllowed {
		r.Set("Allow", e.Header.Get("Allow")+", OPTIONS")
	}
	r.Set("Vary", "Accept")
	accept := c.Accept()
	json := service.Quality(accept, "application/json")
	for _, xml := range []string{"application/xml", "text/xml"} {
		if service.Quality(accept, xml) > json {
			r.ContentType, r.Body = xml, xmlBody(e)
			return r
		}
	}
	switch {
	case e.Kind != service.NotAcceptable || strings.Contains(accept, "+json"):
		r.Body = jsonBody(e)
	case strings.Contains(accept, "+xml"):
		r.ContentType, r.Body = "application/xml", xmlBody(e)
	}
	return r
}

// emptyBody marks an error that is answered without a body.
const emptyBody = "empty body"

const docs = "http://docs.examples.com/api/json"

func title(e *service.Error) string {
	switch {
	case e.Code != "":
		return e.Code
	case e.Kind == syntaxError:
		return "753 Syntax Error"
	default:
		return strconv.Itoa(int(e.Kind)) + " " + e.Kind.Reason()
	}
}

func jsonBody(e *service.Error) []byte {
	o := value.NewObject(value.Member{Name: "title", Value: title(e)})
	if e.Message != "" {
		o.Set("description", e.Message)
	}
	if e.Kind == service.NotAcceptable {
		o.Set("link", value.NewObject(
			value.Member{Name: "text", Value: "Documentation related to this error"},
			value.Member{Name: "href", Value: docs},
			value.Member{Name: "rel", Value: "help"},
		))
	}
	return value.Append(nil, o)
}

func xmlBody(e *service.Error) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><error>`)
	element(&b, "title", title(e))
	if e.Message != "" {
		element(&b, "description", e.Message)
	}
	if e.Kind == service.NotAcceptable {
		b.WriteString("<link>")
		element(&b, "text", "Documentation related to this error")
		element(&b, "href", docs)
		element(&b, "rel", "help")
		b.WriteString("</link>")
	}
	b.WriteString("</error>")
	return []byte(b.String())
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func element(b *strings.Builder, name, text string) {
	b.WriteString("<" + name + ">" + xmlEscaper.Replace(text) + "</" + name + ">")
}

// finish gives the answers behind the login their request id: the caller's own,
// if there is one.
func finish(c *service.Call, r *service.Reply) {
	if c.CallerError != nil || open(c) {
		return
	}
	id := c.Header.Get("X-Openstack-Request-Id")
	switch {
	case id == "":
		id = openstack.NewRequestID(c)
	case !strings.HasPrefix(id, "req-"):
		id = "req-" + id
	}
	r.Set("X-Openstack-Request-Id", id)
}
