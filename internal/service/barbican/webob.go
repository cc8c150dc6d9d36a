package barbican

import (
	"html"
	"net/http"
	"strconv"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
)

// A page is an error of what stands around the application: the filters before it,
// the application that tells versions, paths of neither. webob writes it as HTML, as plain text or,
// for callers who rather take that, as JSON.
type page struct {
	explanation string
	detail      string
	bare        bool // webob's template for the status has no line behind the detail
}

// The explanations of webob.
const (
	notThere   = "The resource could not be found."
	cannotRead = "The server could not comply with the request since it is either malformed or otherwise incorrect."
)

func notFoundPage() error {
	return &service.Error{Kind: service.NotFound, Detail: page{explanation: notThere}}
}

func badRequestPage(detail string) error {
	return &service.Error{Kind: service.Invalid, Detail: page{explanation: cannotRead, detail: detail}}
}

// notAcceptablePage names what the caller takes, or the placeholder that webob forgets to fill.
func notAcceptablePage(c *service.Call, detail string) error {
	accept := c.Accept()
	if accept == "" {
		accept = "${HTTP_ACCEPT}"
	}
	explanation := "The resource could not be generated that was acceptable to your browser\n(content of type " + accept + ". "
	return &service.Error{Kind: service.NotAcceptable, Detail: page{explanation: explanation, detail: detail, bare: true}}
}

func notAllowedPage(c *service.Call, allow string) error {
	explanation := "The method " + c.Method + " is not allowed for this resource. "
	e := service.Errorf(service.NotAllowed, "", "").With("Allow", allow)
	e.Detail = page{explanation: explanation, bare: true}
	return e
}

// write is the answer.
func (p page) write(c *service.Call, e *service.Error) service.Reply {
	status := strconv.Itoa(int(e.Kind)) + " " + e.Kind.Reason()
	body := func(escape func(string) string) string {
		text := escape(p.explanation) + "<br /><br />\n" + escape(p.detail)
		if !p.bare {
			text += "\n\n"
		}
		return text
	}
	r := service.Reply{Status: int(e.Kind), ContentType: "text/plain; charset=UTF-8", Header: e.Header}
	accept := c.Accept()
	asHTML, asJSON := service.Quality(accept, "text/html"), service.Quality(accept, "application/json")
	switch {
	case c.Method == http.MethodHead, accept != "" && asHTML > 0 && asHTML >= asJSON:
		r.ContentType = "text/html; charset=UTF-8"
		r.Body = []byte("<html>\n <head>\n  <title>" + status + "</title>\n </head>\n <body>\n  <h1>" + status + "</h1>\n  " +
			body(escapeHTML) + "\n </body>\n</html>")
	case accept != "" && asJSON > 0:
		r.ContentType = "application/json"
		r.Body = value.Append(nil, value.NewObject(
			value.Member{Name: "message", Value: body(verbatim)},
			value.Member{Name: "code", Value: status},
			value.Member{Name: "title", Value: e.Kind.Reason()},
		))
	default:
		text := strings.ReplaceAll(body(verbatim), "\n", " ")
		r.Body = []byte(status + "\n\n" + strings.ReplaceAll(text, "<br />", "\n"))
	}
	return r
}

func verbatim(s string) string { return s }

// escapeHTML escapes as Python does.
func escapeHTML(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "&#39;", "&#x27;")
}
