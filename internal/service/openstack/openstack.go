// Package openstack has what the OpenStack services share. The real servers are written in Python
// with the same libraries. So they share the messages of jsonschema, the error pages of webob,
// the 401 of keystonemiddleware, and request ids.
//
// Only the services of OpenStack import it.
package openstack

import (
	"net/http"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// Identify returns the caller of the Keystone token in X-Auth-Token.
func Identify(c *service.Call) (*identity.Caller, error) {
	return service.CallerByToken(c, identity.ByKeystone, c.Header.Get("X-Auth-Token"))
}

// AuthenticationRequired is the message of a 401 from Keystone and from keystonemiddleware.
const AuthenticationRequired = "The request you have made requires authentication."

// Challenge returns the value of Www-Authenticate for the URL of a Keystone.
func Challenge(keystone string) string { return `Keystone uri="` + keystone + `"` }

// Unauthorized returns the 401 of keystonemiddleware, which responds in place of the service.
// path is appended to the address of Keystone, as the service's configuration does.
func Unauthorized(c *service.Call, path string) service.Reply {
	var w value.Writer
	w.BeginObject()
	w.Name("error").BeginObject()
	w.Name("code").Int(http.StatusUnauthorized)
	w.Name("title").Text("Unauthorized")
	w.Name("message").Text(AuthenticationRequired)
	w.EndObject()
	w.EndObject()
	r := service.JSON(http.StatusUnauthorized, w.Bytes())
	r.Set("Www-Authenticate", Challenge(c.Endpoint("keystone")+path))
	return r
}

// NewRequestID returns an id for the exchange. It depends on the seed and the number of the
// exchange.
func NewRequestID(c *service.Call) string {
	id := append(make([]byte, 0, 40), "req-"...)
	return string(world.AppendUUID(id, world.Draw(c.Seed, "request", c.Sequence, 16)))
}
