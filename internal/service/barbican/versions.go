package barbican

import (
	"net/http"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

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
		return service.JSON(http.StatusOK, []byte(`{"build":"`+release+`"}`)), nil
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
	var versions any = value.NewObject(value.Member{Name: "values", Value: []any{version(c, v)}})
	if v != oldest {
		versions = []any{version(c, v)}
	}
	return service.JSON(http.StatusMultipleChoices, value.Append(nil, value.NewObject(value.Member{Name: "versions", Value: versions}))), nil
}

// release is the version of the server that is emulated.
const (
	release  = "15.0.1"
	jsonHome = "application/json-home"
)

// showVersion answers GET /v1.
func showVersion(c *service.Call) (service.Reply, error) {
	v, _ := microversion(c)
	return service.JSON(http.StatusOK, value.Append(nil, value.NewObject(value.Member{Name: "version", Value: version(c, v)}))), nil
}

// version describes the API as clients of a microversion are told.
func version(c *service.Call, asked string) *value.Object {
	links := []any{
		value.NewObject(value.Member{Name: "rel", Value: "self"}, value.Member{Name: "href", Value: ref(c, "")}),
		value.NewObject(
			value.Member{Name: "rel", Value: "describedby"}, value.Member{Name: "type", Value: "text/html"},
			value.Member{Name: "href", Value: "https://docs.openstack.org/"},
		),
	}
	o := value.NewObject(value.Member{Name: "id", Value: "v1"})
	if asked == oldest {
		o.Set("status", "stable")
		o.Set("links", links)
		o.Set("media-types", []any{value.NewObject(
			value.Member{Name: "base", Value: "application/json"},
			value.Member{Name: "type", Value: "application/vnd.openstack.key-manager-v1+json"},
		)})
		return o
	}
	o.Set("status", "CURRENT")
	o.Set("min_version", oldest)
	o.Set("max_version", newest)
	o.Set("links", links)
	return o
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

// below answers for what lies outside of the application under /v1 and its login.
func below(c *service.Call) error {
	switch {
	case c.Path == v1 || strings.HasPrefix(c.Path, v1+"/") || c.Is("barbican.health.show"):
		return nil
	case c.Path != "/":
		return firstOf(versionKnown(c), outsideReadable(c), notFoundPage())
	}
	accept := c.Accept()
	html := accept == "" || service.Quality(accept, "text/html") > 0
	switch taken := service.Quality(accept, "application/json") > 0 || service.Quality(accept, jsonHome) > 0; {
	case versionKnown(c) != nil:
		return versionKnown(c)
	case c.Is("barbican.versions.list") && taken, !c.Is("barbican.versions.list") && !isUTF8(c.RawQuery):
		return outsideReadable(c)
	case c.Is("barbican.versions.list"):
		return notAcceptablePage(c, "")
	case html:
		return notAllowedPage(c, http.MethodGet)
	case taken:
		return &service.Error{Kind: service.NotAcceptable, Detail: noDescription}
	default:
		return notAcceptablePage(c, "")
	}
}

// outsideReadable is queryReadable outside of the application under /v1.
func outsideReadable(c *service.Call) error {
	switch {
	case isUTF8(c.RawQuery) && isUTF8(c.Path):
		return nil
	case c.Accept() != "" && service.Quality(c.Accept(), "application/json") > 0:
		return queryReadable(c)
	default:
		return badRequestPage("")
	}
}

// v1 is where the application begins.
const v1 = "/v1"

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
