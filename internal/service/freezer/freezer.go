// Package freezer emulates the clients API of OpenStack Freezer v1, the same API in v2, and the
// discovery of versions.
//
// Where the api-ref page says nothing, it behaves like freezer-api 13.0.0 on falcon 3.1.1: the
// same error format, order of checks and number parsing.
package freezer

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// New returns the service.
func New() *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:       "freezer",
		Section:    &section,
		Operations: slices.Concat(clientOperations, jobOperations, discoveryOperations, exampleOperations),
		Policies:   true,
		Identify:   openstack.Identify,
		Checks: []service.Check{
			{Name: service.CheckCaller.Name, Do: authenticated}, {Name: "accept", Do: acceptable}, {Name: "method", Do: methodKnown},
			service.CheckRoute, service.CheckPolicy, service.CheckSize, service.CheckRequest,
		},
		Fail:      fail,
		Finish:    finish,
		Normalise: normalise,
	}
}

// The paths that need no token.
const (
	versionsPath = "/"
	healthPath   = "/healthcheck"
)

func open(c *service.Call) bool { return c.Path == versionsPath || c.Path == healthPath }

// authenticated is the check of the token. It skips the open paths
// (freezer/discovery.yaml: "versions").
func authenticated(c *service.Call) error {
	if open(c) {
		return nil
	}
	return service.Authenticated(c)
}

// normalise removes a trailing slash, as falcon does (freezer/clients.yaml: "show with a slash").
// The middleware of the health check does not
// (freezer/discovery.yaml: "healthcheck with a slash").
func normalise(path string) string {
	if path != versionsPath && path != healthPath+"/" {
		path = strings.TrimSuffix(path, "/")
	}
	if path == "" {
		return versionsPath
	}
	return path
}

// acceptable is falcon's check that the client accepts JSON
// (freezer/clients-methods.yaml: "accepts").
func acceptable(c *service.Call) error {
	if c.Path == healthPath || service.Quality(c.Accept(), "application/json") > 0 {
		return nil
	}
	return service.Errorf(service.NotAcceptable, "Freezer-api only supports responses encoded as JSON.", "")
}

// falconMethods are the methods that falcon knows. Others get a 400 instead of a 405
// (freezer/clients-methods.yaml: "methods of the collection").
var falconMethods = []string{
	"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
	"CHECKIN", "CHECKOUT", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "UNCHECKIN", "UNLOCK", "UPDATE", "VERSION-CONTROL",
}

func methodKnown(c *service.Call) error {
	switch {
	case len(c.Methods) > 0 && !slices.Contains(falconMethods, c.Method):
		return service.Errorf(service.Invalid, "Bad request", "Invalid HTTP method")
	// freezer/clients-methods.yaml: "OPTIONS of the collection"
	case c.Method == http.MethodOptions && len(c.Methods) > 0:
		return &service.Error{Kind: http.StatusOK, Header: service.Headers{{Name: "Allow", Value: c.Allow(c.Methods...)}}}
	default:
		return nil
	}
}

const missingBody = "Missing request body"

// badRequest returns the error for a JSON body that is not as expected.
func badRequest(description string) *service.Error {
	return service.Errorf(service.Invalid, "Bad request format", description).RefusedBy("schema")
}

// syntaxError is the status for a body that is not JSON. Its reason phrase is in the contract.
const syntaxError service.Kind = 753

func malformed() error { return service.Errorf(syntaxError, "Malformed JSON", "").RefusedBy("json") }

// fail writes an error in the format of falcon: title and description, as JSON, or as XML if the
// client prefers it (freezer/clients-methods.yaml: "an error accepting").
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
	// An error of 406 has a body only for types that end in +json or +xml.
	case e.Kind != service.NotAcceptable || strings.Contains(accept, "+json"):
		r.Body = jsonBody(e)
	case strings.Contains(accept, "+xml"):
		r.ContentType, r.Body = "application/xml", xmlBody(e)
	}
	return r
}

// emptyBody marks an error whose response has no body.
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
	var w value.Writer
	w.BeginObject()
	w.Name("title").Text(title(e))
	if e.Message != "" {
		w.Name("description").Text(e.Message)
	}
	if e.Kind == service.NotAcceptable {
		w.Name("link").TextObject("text", "Documentation related to this error", "href", docs, "rel", "help")
	}
	w.EndObject()
	return w.Bytes()
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

// finish adds the request id to responses after authentication. It uses the id of the request if
// there is one (freezer/authentication.yaml: "a request id").
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
