package control

import (
	"bytes"
	"html/template"
	"net/http"

	"standin/internal/catalog"
	"standin/internal/service"
)

// An Index lists the services. It is also a list of versions, for OpenStack clients that are given
// the address without a path. It has no member "version", since keystoneauth would take the index
// for the document of one version.
type Index struct {
	Name     string   `json:"name"`     // always standin
	Release  string   `json:"release"`  // the version of the emulator
	Versions versions `json:"versions"` // the versions that OpenStack clients discover
	Services []entry  `json:"services"` // the services, with their operations
}

// entry is a service in the index.
type entry struct {
	Service string `json:"service"`    // the name of the service
	Title   string `json:"title"`      // the title of its contract
	URL     string `json:"url"`        // the address of the service
	OpenAPI string `json:"openapi"`    // the address of its contract
	Paths   []path `json:"operations"` // its operations
}

type path struct {
	Operation string `json:"operation"` // the operationId
	Method    string `json:"method"`    // GET, POST…
	Path      string `json:"path"`      // the path, with {name} for its parameters
}

// A discovered is a version of a service that clients discover.
type discovered struct{ service, id, status, path string }

// discoverable are the services whose clients may be given the address without a path. Each client
// requests a list of versions there and takes the one it knows: v3 of Keystone, v1 of Barbican.
// Freezer is not listed: its clients do not discover versions, and its v1 would be taken for
// Barbican's.
var discoverable = []discovered{
	{"keystone", "v3.14", "stable", "/v3/"},
	{"barbican", "v1", "stable", "/v1/"},
}

// A version is an entry of a list of versions, in the format of OpenStack services.
type version struct {
	ID     string        `json:"id"`     // the number of the version
	Status string        `json:"status"` // the state of the version, such as stable
	Links  []versionLink `json:"links"`  // the links of the version
}

type versionLink struct {
	Rel  string `json:"rel"`  // always self
	Href string `json:"href"` // the address of the version
}

// versions is the list of versions in the index.
type versions struct {
	Values []version `json:"values"` // the versions
}

func (a *api) versions(c *service.Call) versions {
	list := versions{[]version{}}
	for _, d := range discoverable {
		for _, ct := range a.Catalog.Contracts {
			if ct.Service == d.service {
				self := versionLink{"self", c.Root() + ct.Prefix + d.path}
				list.Values = append(list.Values, version{d.id, d.status, []versionLink{self}})
			}
		}
	}
	return list
}

// index answers GET / with the index, as JSON or, for browsers, as a page.
func (a *api) index(c *service.Call) (service.Reply, error) {
	all := []entry{}
	for _, ct := range a.Catalog.Contracts {
		e := entry{
			Service: ct.Service, Title: ct.Title, URL: c.Root() + ct.Prefix,
			OpenAPI: c.Root() + "/_standin/openapi/" + ct.Service,
		}
		for _, op := range ct.Operations {
			e.Paths = append(e.Paths, path{op.ID, op.Method, op.Path})
		}
		all = append(all, e)
	}
	page := Index{"standin", catalog.Version(), a.versions(c), all}
	accept := c.Accept()
	if service.Quality(accept, "text/html") <= service.Quality(accept, "application/json") {
		return reply(http.StatusOK, page)
	}
	var b bytes.Buffer
	if err := indexPage.Execute(&b, indexShown{page, c.Root(), !a.NoConsole && !a.Apart()}); err != nil {
		return service.Reply{}, err
	}
	return service.Reply{Status: http.StatusOK, ContentType: "text/html; charset=utf-8", Body: b.Bytes()}, nil
}

// An indexShown is the index for people.
type indexShown struct {
	Index
	Root    string // the address of the emulator or of the sandbox
	Console bool   // the console is on
}

var indexPage = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Standin</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td { padding: .15rem .8rem .15rem 0; vertical-align: top; }
td:first-child { width: 5rem; color: #666; } code { font-family: ui-monospace, monospace; }
</style>
<h1>Standin {{.Release}}</h1>
<p>{{if .Console}}<a href="{{.Root}}/_standin/ui">Console</a> · {{end}}State: <a href="{{.Root}}/_standin/state">/_standin/state</a> · Health: <a href="{{.Root}}/_standin/health">/_standin/health</a> · Operations: <a href="{{.Root}}/_standin/operations">/_standin/operations</a></p>
{{range .Services}}<h2>{{.Title}}</h2>
<p><code>{{.URL}}</code> · <a href="{{.OpenAPI}}">OpenAPI</a></p>
<table>{{range .Paths}}
<tr><td><code>{{.Method}}</code></td><td><code>{{.Path}}</code></td><td>{{.Operation}}</td></tr>{{end}}
</table>
{{end}}</html>
`))
