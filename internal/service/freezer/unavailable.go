package freezer

import (
	"net/http"

	"standin/internal/service"
	"standin/internal/service/openstack"
)

// keystoneIsDown is the page of the authentication middleware if Keystone does not respond.
var keystoneIsDown = openstack.Page{
	Explanation: "The server is currently unavailable. Please try again at a later time.",
	Detail:      "The Keystone service is temporarily unavailable.",
}

// keystoneIsDownJSON is that page as JSON, with the blanks of the real server.
const keystoneIsDownJSON = `{"message": "The server is currently unavailable. Please try again at a later time.<br /><br />\nThe Keystone service is temporarily unavailable.\n\n", "code": "503 Service Unavailable", "title": "Service Unavailable"}`

// unavailable returns the middleware's 503 in the form that the client accepts.
func unavailable(c *service.Call) service.Reply {
	form := openstack.FormFor(c.Accept())
	r := keystoneIsDown.Reply(http.StatusServiceUnavailable, form)
	if form == openstack.JSON {
		r.Body = []byte(keystoneIsDownJSON)
	}
	return r
}
