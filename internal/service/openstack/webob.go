package openstack

import (
	"html"
	"strconv"
	"strings"

	"standin/internal/service"
	"standin/internal/value"
)

// A Page is an error that webob writes as HTML, plain text or JSON. The real servers use it for
// errors from middleware and for paths outside of the application.
type Page struct {
	Explanation string
	Detail      string
	Bare        bool // the template of webob for this status has no line after the detail
}

// A Form is the format of a page.
type Form int

// The values of Form.
const (
	Text Form = iota
	HTML
	JSON
)

// FormFor returns the form that webob picks for an Accept header.
func FormFor(accept string) Form {
	if accept == "" {
		return Text
	}
	asHTML, asJSON := service.Quality(accept, "text/html"), service.Quality(accept, "application/json")
	switch {
	case asHTML > 0 && asHTML >= asJSON:
		return HTML
	case asJSON > 0:
		return JSON
	default:
		return Text
	}
}

// Reply returns the page as the response of an error kind.
func (p Page) Reply(kind service.Kind, form Form) service.Reply {
	status := strconv.Itoa(int(kind)) + " " + kind.Reason()
	r := service.Reply{Status: int(kind)}
	switch form {
	case HTML:
		r.ContentType = "text/html; charset=UTF-8"
		r.Body = []byte("<html>\n <head>\n  <title>" + status + "</title>\n </head>\n <body>\n  <h1>" + status + "</h1>\n  " +
			p.body(escapeHTML) + "\n </body>\n</html>")
	case JSON:
		r.ContentType = "application/json"
		r.Body = value.AppendTextObject(nil, "message", p.body(verbatim), "code", status, "title", kind.Reason())
	case Text:
		r.ContentType = "text/plain; charset=UTF-8"
		text := strings.ReplaceAll(p.body(verbatim), "\n", " ")
		r.Body = []byte(status + "\n\n" + strings.ReplaceAll(text, "<br />", "\n"))
	}
	return r
}

func (p Page) body(escape func(string) string) string {
	text := escape(p.Explanation) + "<br /><br />\n" + escape(p.Detail)
	if !p.Bare {
		text += "\n\n"
	}
	return text
}

func verbatim(s string) string { return s }

// escapeHTML escapes a text as Python's html.escape does.
func escapeHTML(s string) string {
	return strings.ReplaceAll(html.EscapeString(s), "&#39;", "&#x27;")
}
