package barbican

import (
	"net/http"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
)

// outside responds to paths outside of the application under /v1. These need no token
// (barbican/discovery.yaml: "a path outside").
func outside(c *service.Call) error {
	switch {
	case c.Path == v1 || strings.HasPrefix(c.Path, v1+"/") || c.Path == healthPath:
		return nil
	case c.Path != "/":
		return firstOf(versionKnown(c), outsideReadable(c), notFoundPage())
	}
	accept, listed := c.Accept(), c.Operation != nil // listed: the versions are requested
	html := accept == "" || service.Quality(accept, "text/html") > 0
	switch taken := service.Quality(accept, "application/json") > 0 || service.Quality(accept, jsonHome) > 0; {
	// barbican/query-not-utf-8.yaml: "versions of an unknown version"
	case versionKnown(c) != nil:
		return versionKnown(c)
	case listed && taken, !listed && !isUTF8(c.RawQuery):
		return outsideReadable(c)
	case listed:
		return notAcceptablePage(c, "")
	// barbican/discovery.yaml: "versions by another method"
	case html:
		return notAllowedPage(c, http.MethodGet)
	case taken:
		return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
	default:
		return notAcceptablePage(c, "")
	}
}

// outsideReadable does the check of queryReadable outside of the application under /v1
// (barbican/query-not-utf-8.yaml: "path outside").
func outsideReadable(c *service.Call) error {
	switch {
	case readable(c):
		return nil
	case c.Accept() != "" && service.Quality(c.Accept(), "application/json") > 0:
		return queryReadable(c)
	default:
		return badRequestPage("")
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Errors outside of the application under /v1 are pages of webob. They come from filters before
// the application, from the application that lists versions, and from unknown paths.

// The explanations on pages of webob.
const (
	notThere   = "The resource could not be found."
	cannotRead = "The server could not comply with the request since it is either malformed or otherwise incorrect."
)

func notFoundPage() error {
	return &service.Error{Kind: service.NotFound, Detail: openstack.Page{Explanation: notThere}}
}

func badRequestPage(detail string) error {
	return &service.Error{Kind: service.Invalid, Detail: openstack.Page{Explanation: cannotRead, Detail: detail}}
}

// notAcceptablePage returns the page that names the client's Accept header. Without that header
// the page has a placeholder that webob does not fill in.
func notAcceptablePage(c *service.Call, detail string) error {
	accept := c.Accept()
	if accept == "" {
		accept = "${HTTP_ACCEPT}"
	}
	explanation := "The resource could not be generated that was acceptable to your browser\n(content of type " + accept + ". "
	return &service.Error{Kind: service.NotAcceptable, Detail: openstack.Page{Explanation: explanation, Detail: detail, Bare: true}}
}

func notAllowedPage(c *service.Call, allow string) error {
	explanation := "The method " + c.Method + " is not allowed for this resource. "
	e := service.Errorf(service.NotAllowed, "", "").With("Allow", allow)
	e.Detail = openstack.Page{Explanation: explanation, Bare: true}
	return e
}

// pageReply writes a page. The response to a HEAD is always HTML
// (barbican/discovery.yaml: "versions by HEAD").
func pageReply(c *service.Call, p openstack.Page, e *service.Error) service.Reply {
	form := openstack.FormFor(c.Accept())
	if c.Method == http.MethodHead {
		form = openstack.HTML
	}
	r := p.Reply(e.Kind, form)
	r.Header = e.Header
	return r
}
