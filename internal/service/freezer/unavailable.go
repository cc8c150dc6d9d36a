package freezer

import (
	"net/http"

	"standin/internal/service"
)

// What the middleware before the service answers when Keystone does not.
const (
	unavailablePage = `<html>
 <head>
  <title>503 Service Unavailable</title>
 </head>
 <body>
  <h1>503 Service Unavailable</h1>
  The server is currently unavailable. Please try again at a later time.<br /><br />
The Keystone service is temporarily unavailable.


 </body>
</html>`
	unavailableJSON = `{"message": "The server is currently unavailable. Please try again at a later time.<br /><br />\nThe Keystone service is temporarily unavailable.\n\n", "code": "503 Service Unavailable", "title": "Service Unavailable"}`
	unavailableText = `503 Service Unavailable

The server is currently unavailable. Please try again at a later time.

 The Keystone service is temporarily unavailable.  `
)

// unavailable is a 503 in the middleware's words: a page for those who take one,
// JSON for those who take that, and plain text for the others.
func unavailable(c *service.Call) service.Reply {
	accept := c.Accept()
	page, json := service.Quality(accept, "text/html"), service.Quality(accept, "application/json")
	r := service.Reply{Status: http.StatusServiceUnavailable, ContentType: "text/plain; charset=UTF-8", Body: []byte(unavailableText)}
	switch {
	case accept == "":
	case page > 0 && page >= json:
		r.ContentType, r.Body = "text/html; charset=UTF-8", []byte(unavailablePage)
	case json > 0:
		r.ContentType, r.Body = "application/json", []byte(unavailableJSON)
	}
	return r
}
