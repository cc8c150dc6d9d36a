// Package barbican emulates secrets, containers and their consumers of OpenStack Barbican (Key
// Manager v1).
//
// Where the two pages of the documentation say nothing, it behaves like Barbican 15.0.1 with its
// default policies: the same order of checks and the same error messages.
package barbican

import (
	"net/http"
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// New returns the service. References begin with hostHref, as with the server's option host_href.
// If hostHref is empty, they begin with the address of the request.
func New(hostHref string) *service.Service {
	section := fixtureSection()
	return &service.Service{
		Name:    "barbican",
		Section: &section,
		Address: hostHref,
		Operations: slices.Concat(
			containerOperations, containerSecretOperations, consumerOperations, aclOperations, secretOperations,
			metadataOperations, secretConsumerOperations, quotaOperations, orderOperations, versionOperations,
		),
		Policies:   true,
		Identify:   openstack.Identify,
		Checks:     checks,
		Fail:       fail,
		Finish:     finish,
		Normalise:  normalise,
		BodyLimit:  25000, // the server reads this many bytes and parses them (barbican/consumers-validation.yaml: "blanks beyond the limit")
		CutBody:    true,
		Semicolons: true, // webob accepts them as separators
	}
}

// normalise removes trailing slashes, which python-barbicanclient sends, and the suffix .json,
// which pecan reads as an Accept header (barbican/containers.yaml: "read as dot json").
func normalise(path string) string {
	path = strings.TrimSuffix(strings.TrimRight(path, "/"), ".json")
	if path == "" {
		return "/"
	}
	return path
}

// noDescription marks an error whose description is null.
const noDescription = "no description"

// fail writes an error in the format of Barbican: code, title, description.
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
	var w value.Writer
	w.BeginObject()
	w.Name("code").Int(int64(e.Kind))
	w.Name("title").Text(e.Kind.Reason())
	if w.Name("description"); e.Detail == noDescription {
		w.Null()
	} else {
		w.Text(e.Message)
	}
	w.EndObject()
	r := service.JSON(int(e.Kind), w.Bytes())
	r.Header = e.Header
	return r
}

// finish adds the headers of all responses after authentication, and of the application that
// lists versions.
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

// ref returns the address of a path below /v1.
func ref(c *service.Call, path string) string { return c.Base() + "/v1/" + path }

// lastSegment returns the id in a reference. It ignores the host
// (barbican/refs.yaml: "refs of one host by another").
func lastSegment(ref string) string {
	ref = strings.TrimSuffix(ref, "/")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}
