package barbican

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"standin/internal/service"
	"standin/internal/value"
)

// checks are the server's checks in its order. They change neither the call nor the world.
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

// preflight responds to OPTIONS before authentication, as the CORS filter of the server does
// (barbican/authentication.yaml: "OPTIONS needs none"). It also responds to the health check,
// which accepts every method (barbican/discovery.yaml: "healthcheck by POST").
func preflight(c *service.Call) error {
	if c.Method == http.MethodOptions || c.Path == healthPath && c.Operation == nil {
		return &service.Error{Kind: http.StatusOK}
	}
	return nil
}

// queryReadable refuses queries that are not UTF-8, because webob decodes them before the
// application runs (barbican/query-not-utf-8.yaml: "get"). It also refuses such paths. For those
// the real server closes the connection (barbican/query-not-utf-8.yaml: "path").
func queryReadable(c *service.Call) error {
	if readable(c) || c.Path == healthPath {
		return nil
	}
	return service.Errorf(service.Invalid, "", "")
}

// readable reports whether the query and the path are UTF-8.
func readable(c *service.Call) bool { return isUTF8(c.RawQuery) && isUTF8(c.Path) }

// isUTF8 reports whether the decoded names and values of a query are UTF-8.
func isUTF8(query string) bool { return query == "" || utf8.ValidString(service.Unescape(query)) }

// payloadAllowed asks the policy of a payload for methods other than GET. The server does so
// before it checks the method (barbican/query-not-utf-8.yaml: "payload by the wrong role").
func payloadAllowed(c *service.Call) error {
	if p := placeOf(c.Path); p.kind == "secrets" && c.Operation == nil && p.rest == "payload" {
		return service.Ask(payloadRetrieval, c)
	}
	return nil
}

// routed is the check that the path and method belong to an operation. With a quirk, the 405 of a
// payload and of a single metadatum has no Allow header
// (barbican/secrets-methods.yaml: "payload").
func routed(c *service.Call) error {
	err := service.Routed(c)
	if err == nil {
		return nil
	}
	// barbican/containers.yaml: "read as dot xml"
	if len(c.Methods) == 0 && (c.Method != http.MethodGet || strings.HasSuffix(c.Path, ".xml")) {
		return &service.Error{Kind: service.NotFound, Detail: noDescription}
	}
	p := placeOf(c.Path)
	if p.kind == "secrets" && (p.rest == "payload" || strings.HasPrefix(p.rest, "metadata/")) && c.Quirk(secretAllowMissing) {
		e := service.AsError(err)
		e.Header = nil
	}
	return err
}

// arguments returns the failure of the server for a parameter or member that has the name of one
// of its function arguments (barbican/consumers-quirks.yaml: "list by external_project_id").
func arguments(c *service.Call) error {
	if !c.Quirks[argumentNamesFail] || c.Is("barbican.containers.list") || c.Is("barbican.containers.show") {
		return nil
	}
	const name = "external_project_id"
	found := len(c.Query()[name]) > 0
	if c.MediaType() == "application/json" {
		body, _ := c.JSON()
		o, _ := body.(*value.Object)
		found = found || o.Has(name)
	}
	if what := attempt(c); found && what != "" && c.Quirk(argumentNamesFail) {
		return failure(what)
	}
	return nil
}
