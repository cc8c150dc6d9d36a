// Package barbican emulates containers and their consumers as OpenStack
// Barbican (Key Manager v1) has them.
//
// Where the two pages of the documentation are silent it behaves as Barbican
// 15.0.1 does: order of checks, texts of errors, policies as they are shipped.
package barbican

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// New returns the service. References begin with hostHref, as the server's option host_href
// has it. If it is empty, they begin with the address of the request.
func New(hostHref string) *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:     "barbican",
		Section:  &section,
		Address:  hostHref,
		Handlers: handlers(),
		Identify: openstack.Identify,
		Checks: []service.Check{
			preflight, below, service.Authenticated, versionKnown, containerExists, secretExists, orderExists, acceptable,
			queryReadable, payloadAllowed, routed, allowed, contentType, arguments, repeated,
		},
		Fail:      fail,
		Finish:    finish,
		Normalise: normalise,
		BodyLimit: 25000, // the server parses what it has read up to there
		CutBody:   true,
	}
}

// handlers are the functions that carry out the operations.
func handlers() map[string]service.Handler {
	return map[string]service.Handler{
		"barbican.containers.list":   listContainers,
		"barbican.containers.create": createContainer,
		"barbican.containers.show":   showContainer,
		"barbican.containers.delete": deleteContainer,
		"barbican.consumers.list":    listConsumers,
		"barbican.consumers.create":  createConsumer,
		"barbican.consumers.delete":  deleteConsumer,
		"barbican.consumers.show":    showConsumer,

		"barbican.container-secrets.add":    addSecret,
		"barbican.container-secrets.remove": removeSecret,
		"barbican.container-acl.show":       showACL,
		"barbican.container-acl.replace":    replaceACL,
		"barbican.container-acl.update":     updateACL,
		"barbican.container-acl.delete":     deleteACL,
		"barbican.secret-acl.show":          showACL,
		"barbican.secret-acl.replace":       replaceACL,
		"barbican.secret-acl.update":        updateACL,
		"barbican.secret-acl.delete":        deleteACL,
		"barbican.quotas.show":              showQuotas,
		"barbican.project-quotas.list":      listProjectQuotas,
		"barbican.project-quotas.show":      showProjectQuotas,
		"barbican.project-quotas.replace":   replaceProjectQuotas,
		"barbican.project-quotas.delete":    deleteProjectQuotas,
		"barbican.orders.list":              listOrders,
		"barbican.orders.show":              orderMissing,
		"barbican.orders.delete":            orderMissing,
		"barbican.versions.list":            listVersions,
		"barbican.version.show":             showVersion,
		"barbican.health.show":              showHealth,

		"barbican.secrets.list":            listSecrets,
		"barbican.secrets.create":          createSecret,
		"barbican.secrets.show":            showSecret,
		"barbican.secrets.payload":         showPayload,
		"barbican.secrets.update":          updateSecret,
		"barbican.secrets.delete":          deleteSecret,
		"barbican.secret-metadata.list":    listMetadata,
		"barbican.secret-metadata.replace": replaceMetadata,
		"barbican.secret-metadata.create":  createMetadatum,
		"barbican.secret-metadata.show":    showMetadatum,
		"barbican.secret-metadata.update":  updateMetadatum,
		"barbican.secret-metadata.delete":  deleteMetadatum,
		"barbican.secret-consumers.list":   listSecretConsumers,
		"barbican.secret-consumers.create": createSecretConsumer,
		"barbican.secret-consumers.delete": deleteSecretConsumer,
		"barbican.secret-consumers.show":   showSecretConsumer,
	}
}

// normalise drops trailing slashes, with which python-barbicanclient posts, and
// the suffix .json, which pecan takes for an Accept header.
func normalise(path string) string {
	path = strings.TrimSuffix(strings.TrimRight(path, "/"), ".json")
	if path == "" {
		return "/"
	}
	return path
}

// preflight answers OPTIONS before anybody is asked who they are, as the CORS
// filter in front of the server does, and the health check, which takes every method.
func preflight(c *service.Call) error {
	c.RawQuery = strings.ReplaceAll(c.RawQuery, ";", "&") // webob takes either to divide parameters
	if c.Method == http.MethodOptions || c.Path == healthPath && c.Operation == nil {
		return &service.Error{Kind: http.StatusOK}
	}
	return nil
}

func acceptable(c *service.Call) error {
	if path, ok := secretPath(c); ok {
		return acceptableOfSecrets(c, path)
	}
	accept := c.Accept()
	switch {
	case service.Quality(accept, "application/json") > 0 || strings.Contains(accept, "application/json") || !service.Readable(accept), c.Operation != nil && c.Operation.Public:
		return nil
	case c.Is("barbican.version.show") && service.Quality(accept, jsonHome) > 0:
		return nil
	}
	return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
}

// queryReadable refuses a query that is not UTF-8, whatever the operation: webob takes
// it apart before the application sees it. To a path that is not the real server gives
// no answer at all.
func queryReadable(c *service.Call) error {
	if isUTF8(c.RawQuery) && isUTF8(c.Path) || c.Is("barbican.health.show") {
		return nil
	}
	return service.Errorf(service.Invalid, "", "")
}

// isUTF8 reports whether names and values of a query are UTF-8 once they are decoded.
func isUTF8(query string) bool { return query == "" || utf8.ValidString(service.Unescape(query)) }

// noDescription marks an error whose description is null.
const noDescription = "no description"

// contentType demands the type of the bodies that are read: JSON, of payloads the types
// of payloads. It is spelled exactly so: webob compares without regard to parameters, but with
// regard to case. What removes a secret from a container is read whatever it is called.
func contentType(c *service.Call) error {
	if !c.Operation.Body || c.Is("barbican.container-secrets.remove") {
		return nil
	}
	want, repr := []string{"application/json"}, "['application/json']"
	if c.Is("barbican.secrets.update") {
		want, repr = []string{octets, plainText}, "['application/octet-stream', 'text/plain']"
	}
	if slices.Contains(want, c.MediaType()) {
		return nil
	}
	return service.Errorf(service.UnsupportedType, "", "Unexpected content type. Expected content types are: "+repr)
}

// arguments is where the server stumbles over a parameter or a member that has the name
// of an argument of its functions.
func arguments(c *service.Call) error {
	if !c.Quirk(argumentNamesFail) || c.Is("barbican.containers.list") || c.Is("barbican.containers.show") {
		return nil
	}
	const name = "external_project_id"
	found := len(c.Query()[name]) > 0
	if c.MediaType() == "application/json" {
		body, _ := c.JSON()
		o, _ := body.(*value.Object)
		_, member := o.Get(name)
		found = found || member
	}
	if what := policies[c.Operation.ID].what; found && what != "" {
		return failure(what)
	}
	return nil
}

// fail writes an error as Barbican does: code, title, description.
func fail(c *service.Call, e *service.Error) service.Reply {
	switch e.Kind {
	case http.StatusOK:
		if c.Path == healthPath {
			return healthReply(c)
		}
		return service.Reply{Status: http.StatusOK}
	case service.Unauthorized:
		return openstack.Unauthorized(c, "")
	}
	if p, ok := e.Detail.(openstack.Page); ok {
		return pageReply(c, p, e)
	}
	b := value.Append([]byte(`{"code":`), int(e.Kind))
	b = value.AppendString(append(b, `,"title":`...), e.Kind.Reason())
	b = append(b, `,"description":`...)
	if e.Detail == noDescription {
		b = append(b, "null"...)
	} else {
		b = value.AppendString(b, e.Message)
	}
	r := service.JSON(int(e.Kind), append(b, '}'))
	r.Header = e.Header
	return r
}

// finish adds the headers of every answer that got behind the login, and of those of the
// application that tells versions.
func finish(c *service.Call, r *service.Reply) {
	under := c.Path == v1 || strings.HasPrefix(c.Path, v1+"/")
	if under && c.CallerError != nil || c.Method == http.MethodOptions || c.Path == healthPath {
		return
	}
	if version, err := microversion(c); err == nil {
		r.Set("Openstack-Api-Version", "key-manager "+version)
		r.Set("Vary", "openstack-api-version")
	}
	if under {
		r.Set("X-Openstack-Request-Id", openstack.NewRequestID(c))
	}
}

// ref is the address of a thing under /v1.
func ref(c *service.Call, path string) string { return c.Base() + "/v1/" + path }

// lastSegment is the id in a reference, whatever host it names.
func lastSegment(ref string) string {
	ref = strings.TrimSuffix(ref, "/")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}
