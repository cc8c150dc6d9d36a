// Package openstack holds what servers of OpenStack share, because they are written in
// Python with the same libraries: the sentences of jsonschema, the pages of webob, the 401 of
// keystonemiddleware, request ids.
//
// Only the services of OpenStack use it.
package openstack

import (
	"net/http"

	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// Identify returns the caller that the token in X-Auth-Token stands for. Keystone issues
// the tokens.
func Identify(c *service.Call) (*identity.Caller, error) {
	return service.CallerByToken(c, identity.ByKeystone, c.Header.Get("X-Auth-Token"))
}

// AuthenticationRequired is the message of a 401, of Keystone as well as of
// keystonemiddleware.
const AuthenticationRequired = "The request you have made requires authentication."

// Challenge returns the value of Www-Authenticate that leads to a Keystone.
func Challenge(keystone string) string { return `Keystone uri="` + keystone + `"` }

// Unauthorized returns the 401 of keystonemiddleware, which answers before the service
// does. The path is what the service's configuration adds to the address of Keystone.
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

// NewRequestID returns an id for the exchange. It is the same for the same seed and the
// same number of requests before.
func NewRequestID(c *service.Call) string {
	id := append(make([]byte, 0, 40), "req-"...)
	return string(world.AppendUUID(id, world.Draw(c.Seed, "request", c.Sequence, 16)))
}
