// Package devops emulates the images API of devops-service v3.
//
// No v3 server is public. Routes, statuses and bodies of successes are the
// document's; errors, the order of checks and validation are those of v2.0,
// its closest relative.
package devops

import (
	"net/http"
	"slices"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
)

// New is the service.
func New() *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:    "devops",
		Section: &section,
		Handlers: map[string]service.Handler{
			"devops.images.list":   listImages,
			"devops.images.create": createImage,
			"devops.images.show":   showImage,
			"devops.images.update": updateImage,
			"devops.images.delete": deleteImage,
		},
		Identify:  service.CallerByBasic,
		Checks:    []service.Check{service.Authenticated, service.Routed, acceptable, contentType, allowed, service.BodyRead},
		Fail:      fail,
		Finish:    func(_ *service.Call, r *service.Reply) { r.Set("X-Content-Type-Options", "nosniff") },
		HeadAsGet: true,
	}
}

func acceptable(c *service.Call) error {
	if service.Quality(c.Accept(), "application/json") > 0 {
		return nil
	}
	return service.Errorf(service.NotAcceptable, "", "Accept header should contains 'application/json' type")
}

// contentType demands JSON on POST alone: the document lists the header there
// and nowhere else.
func contentType(c *service.Call) error {
	if c.Method != http.MethodPost || strings.EqualFold(c.MediaType(), "application/json") {
		return nil
	}
	return service.Errorf(service.UnsupportedType, "", "Content-Type should be 'application/json'")
}

// policies are the documented ones: there is none for updates of their own.
var policies = map[string]string{
	"devops.images.list":   "read_images",
	"devops.images.show":   "read_images",
	"devops.images.create": "create_image",
	"devops.images.update": "create_image",
	"devops.images.delete": "delete_image",
}

func allowed(c *service.Call) error {
	policy, ruled := policies[c.Operation.ID]
	if !ruled || c.Caller.May(policy) { // stateless operations have no policy
		return nil
	}
	return service.Errorf(service.Forbidden, "", "Access denied for '%s'", c.Caller.Name)
}

// fail writes {"message": …}; what Rack answers itself has no such body.
func fail(c *service.Call, e *service.Error) service.Reply {
	switch {
	case e.Kind == service.NotAllowed, e.Kind == service.NotFound && e.Message == "": // Sinatra knows no 405
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
	message := e.Message
	if message == "" {
		message = e.Kind.Reason()
	}
	r := service.JSON(int(e.Kind), append(value.AppendString([]byte(`{"message":`), message), '}'))
	r.Header = e.Header
	if e.Kind == service.NotAcceptable {
		r.Set("Accept", "application/json")
	}
	return r
}
