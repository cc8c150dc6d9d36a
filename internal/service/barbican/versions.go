package barbican

import (
	"net/http"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// versionOperations return the versions of the API and the health of the service.
var versionOperations = []service.Operation{
	{ID: "barbican.versions.list", Do: listVersions, Policy: service.Everybody},
	{ID: "barbican.version.show", Do: showVersion, Policy: service.Everybody},
	{ID: "barbican.health.show", Do: showHealth, Policy: service.Everybody},
}

// The microversions of the server.
const (
	oldest = "1.0"
	newest = "1.1"
)

// microversion returns the version of the API that a call requests, or the error for one that
// does not exist. If the header names several versions of this service, the last one is used
// (barbican/microversions.yaml: "a version").
func microversion(c *service.Call) (string, error) {
	asked := ""
	for part := range strings.SplitSeq(strings.Join(c.Header["Openstack-Api-Version"], ","), ",") {
		name, version, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(part, "\t", " ")), " ")
		if strings.EqualFold(name, "key-manager") {
			asked = strings.TrimSpace(version)
		}
	}
	switch asked {
	case "", oldest:
		return oldest, nil
	case "latest", newest:
		return newest, nil
	}
	major, minor, ok := strings.Cut(asked, ".")
	if !ok {
		// barbican/microversions.yaml: "no number"
		if _, whole := openstack.Int(major); whole {
			return "", badVersion(asked, "Version.__new__() missing 1 required positional argument: 'minor'")
		}
	}
	var numbers [2]string
	for i, part := range []string{major, minor} {
		n, whole := openstack.Int(part)
		if !whole {
			return "", badVersion(asked, "invalid literal for int() with base 10: "+openstack.Repr(part))
		}
		numbers[i] = n.String()
	}
	if found := numbers[0] + "." + numbers[1]; found == oldest || found == newest {
		return found, nil
	}
	return "", notAcceptablePage(c, "Invalid microversion: Unacceptable version header: "+numbers[0]+"."+numbers[1])
}

func badVersion(asked, why string) error {
	return badRequestPage("Invalid microversion: invalid version string: " + asked + "; " + why)
}

// versionKnown is the check of the header OpenStack-API-Version.
func versionKnown(c *service.Call) error {
	_, err := microversion(c)
	return err
}

// listVersions handles GET / of the service, without a token.
func listVersions(c *service.Call) (service.Reply, error) {
	// barbican/discovery.yaml: "build"
	if _, ok := c.Query()["build"]; ok {
		return service.JSON(http.StatusOK, value.AppendTextObject(nil, "build", release)), nil
	}
	accept := c.Accept()
	// barbican/discovery.yaml: "versions as JSON home"
	if accept != "" && service.Quality(accept, jsonHome) > service.Quality(accept, "application/json") {
		r := service.Reply{
			Status: http.StatusFound, ContentType: "text/plain; charset=UTF-8",
			Body: []byte("302 Found\n\nThe resource was found at " + ref(c, "") + "; you should be redirected automatically.  "),
		}
		r.Set("Location", ref(c, ""))
		return r, nil
	}
	v, _ := microversion(c)
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	// The list is in an object values at 1.0 only
	// (barbican/discovery.yaml: "versions at microversion 1.1").
	if w.Name("versions"); v == oldest {
		w.BeginObject()
		w.Name("values")
	}
	w.BeginList()
	writeVersion(&w, c, v)
	w.EndList()
	if v == oldest {
		w.EndObject()
	}
	w.EndObject()
	return service.JSON(http.StatusMultipleChoices, w.Bytes()), nil
}

// release is the version of the emulated server.
const (
	release  = "15.0.1"
	jsonHome = "application/json-home"
)

// showVersion handles GET /v1.
func showVersion(c *service.Call) (service.Reply, error) {
	v, _ := microversion(c)
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	writeVersion(w.Name("version"), c, v)
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// writeVersion writes the description of the API for a microversion.
func writeVersion(w *value.Writer, c *service.Call, asked string) {
	w.BeginObject()
	w.Name("id").Text("v1")
	if asked == oldest {
		w.Name("status").Text("stable")
	} else {
		w.Name("status").Text("CURRENT")
		w.Name("min_version").Text(oldest)
		w.Name("max_version").Text(newest)
	}
	w.Name("links").BeginList()
	w.TextObject("rel", "self", "href", ref(c, ""))
	w.TextObject("rel", "describedby", "type", "text/html", "href", "https://docs.openstack.org/")
	w.EndList()
	if asked == oldest {
		w.Name("media-types").BeginList()
		w.TextObject("base", "application/json", "type", "application/vnd.openstack.key-manager-v1+json")
		w.EndList()
	}
	w.EndObject()
}

// healthPath is the path of the health check.
const healthPath = "/healthcheck"

// showHealth handles GET /healthcheck.
func showHealth(c *service.Call) (service.Reply, error) { return healthReply(c), nil }

// healthReply returns the health in the form that the client accepts, for every method
// (barbican/discovery.yaml: "healthcheck as JSON").
func healthReply(c *service.Call) service.Reply {
	accept := c.Accept()
	switch {
	case accept != "" && service.Quality(accept, "text/plain") == 0 && service.Quality(accept, "application/json") > 0:
		return service.JSON(http.StatusOK, []byte(`{"detailed":false,"reasons":["OK"]}`))
	case c.Method == http.MethodHead:
		return service.Reply{Status: http.StatusNoContent}
	default:
		return service.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=UTF-8", Body: []byte("OK")}
	}
}

// v1 is the root of the application.
const v1 = "/v1"
