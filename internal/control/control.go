// Package control is the emulator's own API, under /_standin/, and the index at /.
//
// It is a service like the others: schemas/control.yaml describes it, and the same request path
// serves it. It shows the catalog, and it shows and changes sandboxes.
package control

import (
	"crypto/subtle"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"standin/internal/catalog"
	"standin/internal/explain"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/metrics"
	"standin/internal/route"
	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/value"
)

// A Config says what the API shows and changes, and which requests it accepts.
type Config struct {
	Catalog   *catalog.Catalog
	Sandboxes *sandbox.Registry
	Health    func() Health          // reads counters only, so that it never waits for another request
	Unread    func() *explain.Report // of all sandboxes
	Meter     func() *metrics.Meter  // counts the requests to all sandboxes
	CA        func() []byte          // returns the certificate of the emulator's own CA in PEM; nil if there is no CA
	Hosts     []string               // more host names of the API, as --control-host allows them
	Token     string                 // that callers must send; empty means none
	NoConsole bool                   // the console is not served
	Apart     func() bool            // reports whether the API has a listener of its own, whose address the index does not know
}

// Prefix is the beginning of the API's paths.
const Prefix = "/_standin"

// HealthPath is the path of health, which everybody may call.
const HealthPath = Prefix + "/health"

// Aliases maps paths of WireMock to the paths of this API that answer them.
var Aliases = map[string]string{"/__admin/reset": Prefix + "/reset", "/__admin/requests": Prefix + "/requests"}

// These are the limits of bodies that may be larger than the default, in bytes.
const (
	stateLimit    = 64 << 20
	scenarioLimit = 8 << 20
)

type api struct{ Config }

// New returns the control API as a service.
func New(c Config) *service.Service {
	a := &api{c}
	return &service.Service{
		Name: catalog.Control,
		Operations: slices.Concat(
			a.ownOperations(), a.contractOperations(), a.stateOperations(), a.sandboxOperations(),
			a.faultOperations(), a.requestOperations(), a.reportOperations(), a.explainOperations(), a.coverageOperations(), a.clockOperations(),
			a.recordOperations(), a.consoleOperations(),
		),
		Identify:  func(*service.Call) (*identity.Caller, error) { return &identity.Caller{}, nil },
		Guard:     a.safe,
		Checks:    []service.Check{{Name: service.CheckRoute.Name, Do: a.routed}, {Name: "query", Do: parametersKnown}, service.CheckSize},
		Outside:   true,
		Fail:      service.Problem,
		Normalise: normalise,
		HeadAsGet: true,
	}
}

// ownOperations returns the operations on the emulator itself.
func (a *api) ownOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.index", Do: a.index, Sandbox: service.IgnoresSandbox},
		{ID: "control.health", Do: a.health, Sandbox: service.IgnoresSandbox},
		{ID: "control.ca", Do: a.ca, Sandbox: service.IgnoresSandbox},
	}
}

const faultsPath = Prefix + "/faults/"

// slash replaces the slashes in the name of a rule, since a name is one path parameter.
const slash = "%2F"

func normalise(path string) string {
	if path = strings.TrimRight(path, "/"); path == "" {
		return "/"
	}
	if name, ok := strings.CutPrefix(path, faultsPath); ok {
		return faultsPath + strings.ReplaceAll(name, "/", slash)
	}
	return path
}

// routed returns an error that lists similar paths, if no operation has the path of the call.
func (a *api) routed(c *service.Call) error {
	err := service.Routed(c)
	if err == nil {
		return nil
	}
	e := service.AsError(err)
	if e.Kind == service.NotAllowed {
		e.Message = fmt.Sprintf("%s takes %s.", c.Path, e.Header.Get("Allow"))
		return e
	}
	e.Message = "Nothing answers at " + c.Path + ". GET / lists the services, GET /_standin/operations all operations."
	e.Detail = value.Member{Name: "near", Value: value.List(route.Near(a.Catalog.Contracts, c.Path))}
	return e
}

// safe rejects cross-origin requests and unknown host names. Without this check, a web page could
// reach the API, also by a DNS name that points to this machine. Everybody may call health and the
// index.
func (a *api) safe(c *service.Call) error {
	if open(c) {
		return nil
	}
	if token := a.Token; token != "" && !route.Below(c.Path, consolePath) { // a browser requests the files of the console without it
		scheme, shown, _ := strings.Cut(c.Header.Get("Authorization"), " ")
		switch {
		case !strings.EqualFold(scheme, "Bearer"):
			return service.Errorf(service.Unauthorized, "", "The control API needs its token: Authorization: Bearer TOKEN.").With("Www-Authenticate", "Bearer")
		case subtle.ConstantTimeCompare([]byte(strings.TrimSpace(shown)), []byte(token)) != 1: // RFC 6750 3.1
			return service.Errorf(service.Unauthorized, "", "The control API needs its token, and this is another one.").With("Www-Authenticate", `Bearer error="invalid_token"`)
		}
	}
	host := canonical((&url.URL{Host: c.Host}).Hostname()) // the real Host; a proxy or a page can set other headers
	switch {
	case !a.known(host):
		return service.Errorf(service.Forbidden, "", "The control API rejects this host name; --control-host allows it.")
	case c.Header.Get("Sec-Fetch-Site") == "cross-site" && !opensConsole(c):
		return service.Errorf(service.Forbidden, "", "The control API rejects cross-site requests.")
	}
	if origin := c.Header.Get("Origin"); origin != "" && !ownOrigin(c, origin) {
		return service.Errorf(service.Forbidden, "", "The control API rejects cross-origin requests.")
	}
	return nil
}

// opensConsole reports whether the call follows a link to the console, which may be on any page. The
// console refuses to be a frame.
func opensConsole(c *service.Call) bool {
	return c.Is("control.console") && c.Header.Get("Sec-Fetch-Mode") == "navigate" && c.Header.Get("Sec-Fetch-Dest") == "document"
}

// open reports whether everybody may make the call: to health or to the index.
func open(c *service.Call) bool {
	return c.Is("control.health") || !route.Below(c.Path, Prefix)
}

// ownOrigin reports whether an Origin is that of the emulator.
func ownOrigin(c *service.Call, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	root := strings.ToLower(c.Root()) + "/"
	return canonical(u.Host) == canonical(c.Host) || strings.HasPrefix(root, strings.ToLower(origin)+"/")
}

// canonical returns a host name in the form in which two are compared: in lower case, without a
// final dot.
func canonical(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// private are suffixes of names that nobody can register, so that no public DNS name can end with
// them. They belong to this machine, to container engines (host.docker.internal,
// host.containers.internal) and to Kubernetes.
var private = []string{".localhost", ".internal", ".test", ".cluster.local"}

// known reports whether a host is not a public DNS name, or is one of Hosts.
func (a *api) known(host string) bool {
	return net.ParseIP(host) != nil || !strings.Contains(host, ".") ||
		slices.ContainsFunc(private, func(end string) bool { return strings.HasSuffix(host, end) }) ||
		slices.ContainsFunc(a.Hosts, func(h string) bool { return canonical(h) == host })
}

// Health is the answer of GET health.
type Health struct {
	Status       string `json:"status"`        // always ok
	Version      string `json:"version"`       // the version of the emulator
	Violations   uint64 `json:"violations"`    // how many of the emulator's own answers violated their contract
	Unchecked    uint64 `json:"unchecked"`     // how many answers were too long to be checked
	Sandboxes    int    `json:"sandboxes"`     // the number of sandboxes, including the default one
	JournalBytes int    `json:"journal_bytes"` // the size of the journals of all sandboxes, in bytes
	JournalLimit int    `json:"journal_limit"` // the maximum of journal_bytes
	Connections  int    `json:"connections"`   // the number of open connections
}

func (a *api) health(*service.Call) (service.Reply, error) {
	return reply(http.StatusOK, a.Health())
}

// ca answers GET ca.pem with the certificate that clients must trust.
func (a *api) ca(*service.Call) (service.Reply, error) {
	pem := a.CA()
	if pem == nil {
		return service.Reply{}, service.Errorf(service.NotFound, "", "There is no CA: the emulator serves no TLS, or uses a certificate from a file.")
	}
	return service.Reply{Status: http.StatusOK, ContentType: "application/x-pem-file", Body: pem}, nil
}

// empty returns an answer without a body.
func empty() service.Reply { return service.Reply{Status: http.StatusNoContent} }

// mistake returns an error with the status 400, unless it has another status.
func mistake(err error) error { return sandbox.Problem(err) }

// decode reads a request's body in YAML or JSON.
func decode(c *service.Call, into any) error {
	root, err := file.Parse(bodyName, c.Body)
	if err == nil {
		err = root.Decode(into)
	}
	return mistake(err)
}

// bodyName is the file name in errors about a request's body.
const bodyName = "(request body)"

// parametersKnown refuses query parameters that the operation does not have. Otherwise a misspelled
// parameter would be ignored. The index and health accept any parameter.
func parametersKnown(c *service.Call) error {
	if c.Operation == nil || open(c) {
		return nil
	}
	var known []string
	for _, p := range c.Operation.Parameters() {
		if p.In == "query" {
			known = append(known, p.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Query())) {
		if slices.Contains(known, name) {
			continue
		}
		list := "there are " + strings.Join(known, ", ")
		if len(known) == 0 {
			list = c.Method + " " + c.Path + " takes none"
		}
		return service.Errorf(service.Invalid, "", "unknown parameter %q%s; %s", name, file.Hint(name, known), list)
	}
	return nil
}
