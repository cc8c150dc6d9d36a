package barbican

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"standin/internal/service"
	"standin/internal/value"
)

// checks are the server's, in its order. They are pure: they change neither the call nor
// the world.
var checks = []service.Check{
	{Name: "preflight", Do: preflight},
	{Name: service.CheckRoute.Name, Do: outside},
	service.CheckCaller,
	{Name: "microversion", Do: versionKnown},
	{Name: "container", Do: containerExists},
	{Name: service.CheckRoute.Name, Do: belowQuotas},
	{Name: "secret", Do: secretExists},
	{Name: "order", Do: orderExists},
	{Name: "accept", Do: acceptable},
	{Name: "encoding", Do: queryReadable},
	{Name: service.CheckPolicy.Name, Do: payloadAllowed},
	{Name: service.CheckRoute.Name, Do: routed},
	service.CheckPolicy,
	service.CheckRequest,
	{Name: "argument names", Do: arguments},
}

// preflight answers OPTIONS before it is known who the caller is, as the CORS filter before
// the server does. It also answers the health check, which takes every method.
func preflight(c *service.Call) error {
	if c.Method == http.MethodOptions || c.Path == healthPath && c.Operation == nil {
		return &service.Error{Kind: http.StatusOK}
	}
	return nil
}

// queryReadable refuses a query that is not UTF-8, for all operations: webob decodes it
// before the application sees it. A path that is not UTF-8 is refused too. The real server
// does not answer it at all.
func queryReadable(c *service.Call) error {
	if readable(c) || c.Path == healthPath {
		return nil
	}
	return service.Errorf(service.Invalid, "", "")
}

// readable reports whether the query and the path are UTF-8.
func readable(c *service.Call) bool { return isUTF8(c.RawQuery) && isUTF8(c.Path) }

// isUTF8 reports whether names and values of a query are UTF-8 once they are decoded.
func isUTF8(query string) bool { return query == "" || utf8.ValidString(service.Unescape(query)) }

// payloadAllowed is the policy of a payload for other methods than GET. The server asks it
// before it looks at the method.
func payloadAllowed(c *service.Call) error {
	if p := placeOf(c.Path); p.kind == "secrets" && c.Operation == nil && p.rest == "payload" {
		return service.Ask(payloadRetrieval, c)
	}
	return nil
}

// routed is the check that the path and the method are an operation's. By a quirk the 405 of
// a payload and of a single pair of metadata does not say which methods there are.
func routed(c *service.Call) error {
	err := service.Routed(c)
	if err == nil {
		return nil
	}
	if len(c.Methods) == 0 && (c.Method != http.MethodGet || strings.HasSuffix(c.Path, ".xml")) {
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	}
	p := placeOf(c.Path)
	if c.Quirk(secretAllowMissing) && p.kind == "secrets" && (p.rest == "payload" || strings.HasPrefix(p.rest, "metadata/")) {
		e := service.AsError(err)
		e.Header = nil
	}
	return err
}

// arguments is where the server breaks on a parameter or a member that has the name of an
// argument of its functions.
func arguments(c *service.Call) error {
	if !c.Quirk(argumentNamesFail) || c.Is("barbican.containers.list") || c.Is("barbican.containers.show") {
		return nil
	}
	const name = "external_project_id"
	found := len(c.Query()[name]) > 0
	if c.MediaType() == "application/json" {
		body, _ := c.JSON()
		o, _ := body.(*value.Object)
		found = found || o.Has(name)
	}
	if what := attempt(c); found && what != "" {
		return failure(what)
	}
	return nil
}
