// Package barbican emulates containers and their consumers as OpenStack
// Barbican (Key Manager v1) has them.
//
// Where the two pages of the documentation are silent it behaves as Barbican
// 15.0.1 does: order of checks, texts of errors, policies as they are shipped.
package barbican

import (
	"net/http"
	"regexp"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
)

// New is the service.
func New() *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:    "barbican",
		Section: &section,
		Handlers: map[string]service.Handler{
			"barbican.containers.list":   listContainers,
			"barbican.containers.create": createContainer,
			"barbican.containers.show":   showContainer,
			"barbican.containers.delete": deleteContainer,
			"barbican.consumers.list":    listConsumers,
			"barbican.consumers.create":  createConsumer,
			"barbican.consumers.delete":  deleteConsumer,
		},
		Identify: func(c *service.Call) (*service.Caller, error) {
			return service.CallerByToken(c, c.Header.Get("X-Auth-Token"))
		},
		Checks: []service.Check{
			preflight, service.Authenticated, microversion, containerExists, acceptable, service.Routed, allowed, contentType,
		},
		Fail:      fail,
		Finish:    finish,
		Normalise: normalise,
		BodyLimit: 25000, // the server parses what it has read up to there
		CutBody:   true,
	}
}

// normalise drops trailing slashes, with which python-barbicanclient posts, and
// the suffix .json, which pecan takes for an Accept header.
func normalise(path string) string {
	return strings.TrimSuffix(strings.TrimRight(path, "/"), ".json")
}

// preflight answers OPTIONS before anybody is asked who they are, as the CORS
// filter in front of the server does.
func preflight(c *service.Call) error {
	if c.Method == http.MethodOptions {
		return &service.Error{Kind: http.StatusOK}
	}
	return nil
}

var versionHeader = regexp.MustCompile(`^key-manager\s+(latest|1\.[01]|(\d+)\.(\d+))$`)

// microversion refuses versions of the API that the server does not have.
// Headers of other services are none of its business.
func microversion(c *service.Call) error {
	h := strings.TrimSpace(c.Header.Get("Openstack-Api-Version"))
	if !strings.HasPrefix(h, "key-manager ") {
		return nil
	}
	m := versionHeader.FindStringSubmatch(h)
	switch {
	case m == nil:
		return service.Errorf(service.Invalid, "", "Invalid version string in the OpenStack-API-Version header.")
	case m[2] != "":
		return service.Errorf(service.NotAcceptable, "", "Version %s.%s is not available; the versions are 1.0 to 1.1.", m[2], m[3])
	default:
		return nil
	}
}

func acceptable(c *service.Call) error {
	accept := c.Header.Get("Accept")
	if service.Quality(accept, "application/json") > 0 || !service.Readable(accept) {
		return nil
	}
	return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
}

// noDescription marks an error whose description is null.
const noDescription = "no description"

// contentType demands JSON where a body is read. It is spelled exactly so:
// webob compares without regard to parameters, but with regard to case.
func contentType(c *service.Call) error {
	reads := c.Is("barbican.containers.create") || c.Is("barbican.consumers.create") || c.Is("barbican.consumers.delete")
	if !reads || c.MediaType() == "application/json" {
		return nil
	}
	return service.Errorf(service.UnsupportedType, "", "Unexpected content type. Expected content types are: ['application/json']")
}

// fail writes an error as Barbican does: code, title, description.
func fail(c *service.Call, e *service.Error) service.Reply {
	switch e.Kind {
	case http.StatusOK:
		return service.Reply{Status: http.StatusOK}
	case service.Unauthorized:
		return service.KeystoneUnauthorized(c.Root() + "/identity")
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

// finish adds the headers of every answer that got behind the login.
func finish(c *service.Call, r *service.Reply) {
	if c.CallerError != nil || c.Method == http.MethodOptions {
		return
	}
	version := "1.0"
	if m := versionHeader.FindStringSubmatch(strings.TrimSpace(c.Header.Get("Openstack-Api-Version"))); m != nil && m[2] == "" {
		if version = m[1]; version == "latest" {
			version = "1.1"
		}
	}
	r.Set("Openstack-Api-Version", "key-manager "+version)
	r.Set("Vary", "openstack-api-version")
	r.Set("X-Openstack-Request-Id", c.NewRequestID())
}

// ref is the address of a thing under /v1.
func ref(c *service.Call, path string) string {
	base := c.Settings.HostHref
	if base == "" {
		base = c.Base()
	}
	return base + "/v1/" + path
}

// lastSegment is the id in a reference, whatever host it names.
func lastSegment(ref string) string {
	ref = strings.TrimSuffix(ref, "/")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}
