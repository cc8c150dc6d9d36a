// Package keystone emulates as much of OpenStack Keystone v3 as the clients of
// Freezer and Barbican need to log in: discovery, tokens, the catalogue.
package keystone

import (
	"cmp"
	"net/http"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
)

// New is the service.
func New() *service.Service {
	return &service.Service{
		Name: "keystone",
		Handlers: map[string]service.Handler{
			"keystone.versions.list":   listVersions,
			"keystone.version.show":    showVersion,
			"keystone.tokens.create":   createToken,
			"keystone.tokens.validate": validateToken,
			"keystone.tokens.revoke":   revokeToken,
			"keystone.catalog.show":    showCatalog,
		},
		Identify:  identify,
		Checks:    []service.Check{service.Routed, service.Authenticated, service.BodyRead},
		Fail:      fail,
		Finish:    finish,
		Normalise: normalise,
		HeadAsGet: true,
	}
}

// normalise drops a trailing slash, as Keystone's middleware does.
func normalise(path string) string {
	if path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	if path == "" {
		return "/"
	}
	return path
}

// identify looks at the token that the caller shows of itself. Who logs in by
// password shows none, and everybody may.
func identify(c *service.Call) (*service.Caller, error) {
	return service.CallerByToken(c, c.Header.Get("X-Auth-Token"))
}

var messages = map[service.Kind]string{
	service.Unauthorized: "The request you have made requires authentication.",
	service.NotFound:     "The resource could not be found.",
	service.NotAllowed:   "The method is not allowed for the requested URL.",
	service.TooLarge:     "Request is too large.",
	service.Internal:     "An unexpected error prevented the server from fulfilling your request.",
}

// fail writes {"error": {code, message, title}}.
func fail(c *service.Call, e *service.Error) service.Reply {
	message := cmp.Or(e.Message, messages[e.Kind], e.Kind.Reason())
	b := value.Append([]byte(`{"error":{"code":`), int(e.Kind))
	b = value.AppendString(append(b, `,"message":`...), message)
	b = value.AppendString(append(b, `,"title":`...), e.Kind.Reason())
	r := service.JSON(int(e.Kind), append(b, "}}"...))
	r.Header = e.Header
	if e.Kind == service.Unauthorized {
		r.Set("Www-Authenticate", `Keystone uri="`+c.Base()+`/v3"`)
	}
	return r
}

func finish(c *service.Call, r *service.Reply) {
	r.Set("Vary", "X-Auth-Token")
	r.Set("X-Openstack-Request-Id", c.NewRequestID())
}

// listVersions answers GET / under the service's prefix.
func listVersions(c *service.Call) (service.Reply, error) {
	b := append([]byte(`{"versions":{"values":[`), version(c)...)
	return service.JSON(http.StatusMultipleChoices, append(b, "]}}"...)), nil
}

// showVersion answers GET /v3.
func showVersion(c *service.Call) (service.Reply, error) {
	b := append([]byte(`{"version":`), version(c)...)
	return service.JSON(http.StatusOK, append(b, '}')), nil
}

func version(c *service.Call) []byte {
	b := []byte(`{"id":"v3.14","status":"stable","updated":"2020-04-07T00:00:00Z","links":[{"rel":"self","href":`)
	b = value.AppendString(b, c.Base()+"/v3/")
	return append(b, `}],"media-types":[{"base":"application/json","type":"application/vnd.openstack.identity-v3+json"}]}`...)
}
