// Package devops emulates the images API of devops-service v3.
//
// No v3 server is public. Routes, statuses and bodies of successes are those of the document.
// Errors, validation and the order of checks are those of v2.0, the closest version that is
// public.
package devops

import (
	"net/http"
	"net/url"
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
		Name:       "devops",
		Section:    &section,
		Operations: slices.Concat(imageOperations, providerOperations, filterOperations),
		Policies:   true,
		Identify:   identify,
		Checks: []service.Check{
			service.CheckCaller, service.CheckRoute, {Name: "accept", Do: acceptable}, service.CheckRequest, service.CheckPolicy, service.CheckSize,
		},
		Fail:      fail,
		Finish:    finish,
		HeadAsGet: true,
	}
}

// identify returns the account of a Basic Authorization header. The error is of kind Unauthorized
// if the account or password is wrong, and of kind Invalid for another scheme.
func identify(c *service.Call) (*identity.Caller, error) {
	if c.Settings.AuthOff {
		return service.Anyone(c)
	}
	header := c.Header.Get("Authorization")
	if header == "" {
		return nil, service.Errorf(service.Unauthorized, "", "")
	}
	scheme, credentials, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil, service.Errorf(service.Invalid, "", "")
	}
	if caller := identity.ByBasic(c.View, credentials); caller != nil {
		return caller, nil
	}
	return nil, service.Errorf(service.Unauthorized, "", "")
}

// fail writes {"message": …}. Errors that Rack writes have another body.
func fail(c *service.Call, e *service.Error) service.Reply {
	switch {
	case e.Kind == service.NotAllowed, e.Kind == service.NotFound && e.Message == "": // Sinatra has no 405
		return service.Reply{
			Status: http.StatusNotFound, ContentType: "text/html;charset=utf-8",
			Header: service.Headers{
				{Name: "X-Cascade", Value: "pass"}, {Name: "X-Xss-Protection", Value: "1; mode=block"}, {Name: "X-Frame-Options", Value: "SAMEORIGIN"},
			}, Body: []byte("<h1>Not Found</h1>"),
		}
	case c.CallerError != nil && slices.Contains([]service.Kind{service.Unauthorized, service.Invalid}, e.Kind):
		r := service.Reply{Status: int(e.Kind), ContentType: "text/plain"}
		if e.Kind == service.Unauthorized {
			r.Set("Www-Authenticate", `Basic realm=""`)
		}
		return r
	}
	// The quirk devops.unknown-provider-is-text: the body is not JSON.
	if e.Detail == unknownProvider && c.Quirk(unknownProviderIsText) {
		return service.JSON(int(e.Kind), []byte("Not found"))
	}
	message := e.Message
	if message == "" {
		message = e.Kind.Reason()
	}
	r := service.JSON(int(e.Kind), value.AppendTextObject(nil, "message", message))
	r.Header = e.Header
	if e.Kind == service.NotAcceptable {
		r.Set("Accept", "application/json")
	}
	return r
}

// finish adds what all responses have. Quirks change JSON responses: they add a charset, and they
// refuse requests from pages of another host. v2.0 refuses these after the request was handled,
// so the write stays.
func finish(c *service.Call, r *service.Reply) {
	switch {
	case r.ContentType != "application/json":
	// The quirk devops.foreign-referer-is-403.
	case c.Quirks[foreignRefererForbidden] && fromForeignPage(c) && c.Quirk(foreignRefererForbidden):
		*r = service.Reply{Status: http.StatusForbidden, ContentType: "text/plain", Body: []byte("Forbidden")}
	// The quirk devops.json-has-a-charset.
	case c.Quirk(jsonHasCharset):
		r.ContentType = "application/json;charset=utf-8"
	}
	r.Set("X-Content-Type-Options", "nosniff")
}

func fromForeignPage(c *service.Call) bool {
	if c.Header.Get("Origin") != "" || c.Header.Get("X-Requested-With") == "XMLHttpRequest" {
		return false
	}
	page, err := url.Parse(c.Header.Get("Referer"))
	host := url.URL{Host: c.Host}
	return err == nil && page.Host != "" && page.Hostname() != host.Hostname()
}
