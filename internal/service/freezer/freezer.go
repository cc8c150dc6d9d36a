// Package freezer emulates the clients API of OpenStack Freezer v1, with its form
// in v2 and the discovery of versions.
//
// Where the api-ref page is silent it behaves as freezer-api 13.0.0 does on
// falcon 3.1.1: error envelopes, order of checks, Python's way with numbers.
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

// New is the service.
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

// normalise drops a trailing slash, as falcon does; the middleware of the
// health check does not.
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

const missingBody = "Missing request body"

// badRequest is the error of a body that is JSON but not what is expected.
func badRequest(description string) *service.Error {
	return service.Errorf(service.Invalid, "Bad request format", description).RefusedBy("schema")
}

// syntaxError is the status of a body that is not JSON, with a phrase of its own.
const syntaxError service.Kind = 753

func malformed() error { return service.Errorf(syntaxError, "Malformed JSON", "").RefusedBy("json") }

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

// finish gives the answers after the login their request id: the caller's own,
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
