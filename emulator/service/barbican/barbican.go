// Package barbican emulates containers and their consumers as OpenStack
// Barbican (Key Manager v1) has them.
//
// Where the two pages of the documentation are silent it behaves as Barbican
// 15.0.1 does: order of checks, texts of errors, policies as they are shipped.
package barbican

import (
	"html"
	"net/http"
	"regexp"
	"strconv"
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
			"barbican.consumers.show":    showConsumer,

			"barbican.secrets.list":            listSecrets,
			"barbican.secrets.create":          createSecret,
			"barbican.secrets.show":            showSecret,
			"barbican.secrets.payload":         showPayload,
			"barbican.secrets.update":          updateSecret,
			"barbican.secrets.delete":          deleteSecret,
			"barbican.secret_metadata.list":    listMetadata,
			"barbican.secret_metadata.replace": replaceMetadata,
			"barbican.secret_metadata.create":  createMetadatum,
			"barbican.secret_metadata.show":    showMetadatum,
			"barbican.secret_metadata.update":  updateMetadatum,
			"barbican.secret_metadata.delete":  deleteMetadatum,
			"barbican.secret_consumers.list":   listSecretConsumers,
			"barbican.secret_consumers.create": createSecretConsumer,
			"barbican.secret_consumers.delete": deleteSecretConsumer,
			"barbican.secret_consumers.show":   showSecretConsumer,
		},
		Identify: func(c *service.Call) (*service.Caller, error) {
			return service.CallerByToken(c, c.Header.Get("X-Auth-Token"))
		},
		Checks: []service.Check{
			preflight, below, service.Authenticated, microversion, containerExists, secretExists, acceptable,
			secretAllowed, secretRouted, allowed, contentType, contentTypeOfSecrets, secretBreaks,
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

// below answers for paths beside /v1, which lie outside the application and its
// login.
func below(c *service.Call) error {
	if c.Path == "/v1" || strings.HasPrefix(c.Path, "/v1/") {
		return nil
	}
	e := service.Errorf(service.NotFound, "", "The resource could not be found.")
	e.Detail = outside
	return e
}

var versionNumber = regexp.MustCompile(`^(\d+)\.(\d+)$`)

// askedVersion is what OpenStack-API-Version asks of this service, among others
// perhaps; empty if nothing.
func askedVersion(c *service.Call) string {
	for part := range strings.SplitSeq(strings.Join(c.Header["Openstack-Api-Version"], ","), ",") {
		if name, version, ok := strings.Cut(strings.TrimSpace(part), " "); ok && name == "key-manager" {
			return strings.TrimSpace(version)
		}
	}
	return ""
}

// microversion refuses versions of the API that the server does not have.
func microversion(c *service.Call) error {
	var e *service.Error
	switch v := askedVersion(c); {
	case v == "", v == "latest", v == "1.0", v == "1.1":
		return nil
	case versionNumber.MatchString(v):
		e = service.Errorf(service.NotAcceptable, "", "Version %s is not available; the versions are 1.0 to 1.1.", v)
	default:
		e = service.Errorf(service.Invalid, "", "Invalid version string %s in the OpenStack-API-Version header.", service.Repr(v))
	}
	e.Detail = outside
	return e
}

func acceptable(c *service.Call) error {
	if path, ok := secretPath(c); ok {
		return acceptableOfSecrets(c, path)
	}
	accept := c.Accept()
	if service.Quality(accept, "application/json") > 0 || !service.Readable(accept) {
		return nil
	}
	return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
}

const (
	noDescription = "no description" // marks an error whose description is null
	outside       = "outside"        // marks an error that is not the application's
)

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
		return service.KeystoneUnauthorized(c, "")
	}
	if e.Detail == outside {
		return failOutside(c, e)
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

// failOutside writes an error as webob does: a page, or for callers who ask for
// JSON an envelope that is not Barbican's.
func failOutside(c *service.Call, e *service.Error) service.Reply {
	status := strconv.Itoa(int(e.Kind)) + " " + e.Kind.Reason()
	if strings.Contains(c.Accept(), "application/json") {
		return service.JSON(int(e.Kind), value.Append(nil, value.NewObject(
			value.Member{Name: "message", Value: e.Message + "<br /><br />\n\n\n"},
			value.Member{Name: "code", Value: status},
			value.Member{Name: "title", Value: e.Kind.Reason()},
		)))
	}
	page := "<html>\n <head>\n  <title>" + status + "</title>\n </head>\n <body>\n  <h1>" + status + "</h1>\n  " +
		html.EscapeString(e.Message) + "<br /><br />\n\n\n\n </body>\n</html>"
	return service.Reply{Status: int(e.Kind), ContentType: "text/html; charset=UTF-8", Body: []byte(page)}
}

// finish adds the headers of every answer that got behind the login.
func finish(c *service.Call, r *service.Reply) {
	if c.CallerError != nil || c.Method == http.MethodOptions {
		return
	}
	version := "1.0"
	if v := askedVersion(c); v == "1.1" || v == "latest" {
		version = "1.1"
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
	} else {
		base += c.Inside()
	}
	return base + "/v1/" + path
}

// lastSegment is the id in a reference, whatever host it names.
func lastSegment(ref string) string {
	ref = strings.TrimSuffix(ref, "/")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}
