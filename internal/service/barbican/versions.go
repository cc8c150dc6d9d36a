package barbican

import (
	"net/http"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// versionOperations show the versions of the API, and that the service is up.
var versionOperations = []service.Operation{
	{ID: "barbican.versions.list", Do: listVersions, Policy: service.Everybody},
	{ID: "barbican.version.show", Do: showVersion, Policy: service.Everybody},
	{ID: "barbican.health.show", Do: showHealth, Policy: service.Everybody},
}

// The microversions that the server has.
const (
	oldest = "1.0"
	newest = "1.1"
)

// microversion is the version of the API that a call asks for, and why there is none.
// The last one asked of this service counts.
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

// listVersions answers GET / under the service's prefix: without a token.
func listVersions(c *service.Call) (service.Reply, error) {
	if _, ok := c.Query()["build"]; ok {
		return service.JSON(http.StatusOK, value.AppendTextObject(nil, "build", release)), nil
	}
	accept := c.Accept()
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

// release is the version of the server that is emulated.
const (
	release  = "15.0.1"
	jsonHome = "application/json-home"
)

// showVersion answers GET /v1.
func showVersion(c *service.Call) (service.Reply, error) {
	v, _ := microversion(c)
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	writeVersion(w.Name("version"), c, v)
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// writeVersion describes the API to clients of a microversion.
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

// healthPath is where a load balancer asks.
const healthPath = "/healthcheck"

// showHealth answers GET /healthcheck.
func showHealth(c *service.Call) (service.Reply, error) { return healthReply(c), nil }

// healthReply is in the form that the caller takes, whatever the method.
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

// v1 is where the application begins.
const v1 = "/v1"
