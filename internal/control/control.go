// Package control is the emulator's own API, under /_standin/, and the index at /.
//
// It is a service like the others: described by schemas/control.yaml, served on
// the same request path. It shows the catalog, and
// shows and changes sandboxes.
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
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/route"
	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/value"
)

// A Config is what the API shows and changes, and who may.
type Config struct {
	Catalog   *catalog.Catalog
	Sandboxes *sandbox.Registry
	Health    func() Health // read from counters: it waits for nothing that a request holds
	CA        func() []byte // the certificate of the emulator's own CA in PEM; nil without one
	Hosts     []string      // names under which the API may be reached besides this machine's
	Token     string        // that callers must show; empty: they need not
}

// Prefix is the beginning of the API's paths.
const Prefix = "/_standin"

// HealthPath is the path of health, which is for everybody.
const HealthPath = Prefix + "/health"

// Aliases are paths that people know from WireMock, and which of the API they stand for.
var Aliases = map[string]string{"/__admin/reset": Prefix + "/reset", "/__admin/requests": Prefix + "/requests"}

// The bounds of bodies that are larger than the usual ones.
const (
	stateLimit    = 64 << 20
	scenarioLimit = 8 << 20
)

type api struct{ Config }

// New is the service.
func New(c Config) *service.Service {
	a := &api{c}
	return &service.Service{
		Name: catalog.Control,
		Operations: slices.Concat(
			a.ownOperations(), a.contractOperations(), a.stateOperations(), a.sandboxOperations(),
			a.faultOperations(), a.requestOperations(), a.clockOperations(),
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

// ownOperations are about the emulator itself.
func (a *api) ownOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.index", Do: a.index, Sandbox: service.IgnoresSandbox},
		{ID: "control.health", Do: a.health, Sandbox: service.IgnoresSandbox},
		{ID: "control.ca", Do: a.ca, Sandbox: service.IgnoresSandbox},
	}
}

const faultsPath = Prefix + "/faults/"

// slash stands for the slashes in the name of a rule, which is one parameter.
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

// routed tells, for a path that is nobody's, which ones are near.
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

// safe keeps web pages out: those of other origins, and those that have given
// a name of their own to this machine. Health and the index are for everybody.
func (a *api) safe(c *service.Call) error {
	if open(c) {
		return nil
	}
	if token := a.Token; token != "" {
		scheme, shown, _ := strings.Cut(c.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare([]byte(strings.TrimSpace(shown)), []byte(token)) != 1 {
			return service.Errorf(service.Unauthorized, "", "The control API wants its token: Authorization: Bearer TOKEN.").With("Www-Authenticate", "Bearer")
		}
	}
	host := canonical((&url.URL{Host: c.Host}).Hostname()) // not what a proxy, or a page, says it was
	switch {
	case !a.known(host):
		return service.Errorf(service.Forbidden, "", "The control API is not served under this host name; allow it with --control-host.")
	case c.Header.Get("Sec-Fetch-Site") == "cross-site":
		return service.Errorf(service.Forbidden, "", "The control API is not for pages of other sites.")
	}
	if origin := c.Header.Get("Origin"); origin != "" && !ownOrigin(c, origin) {
		return service.Errorf(service.Forbidden, "", "The control API is not for pages of other origins.")
	}
	return nil
}

// open reports whether a call is for everybody: health, and the index.
func open(c *service.Call) bool {
	return c.Is("control.health") || !route.Below(c.Path, Prefix)
}

// ownOrigin reports whether an Origin is that of the emulator's own pages.
func ownOrigin(c *service.Call, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	root := strings.ToLower(c.Root()) + "/"
	return canonical(u.Host) == canonical(c.Host) || strings.HasPrefix(root, strings.ToLower(origin)+"/")
}

// canonical is a host name in the form in which two compare: names have no case, and may
// end with a dot.
func canonical(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// private are the ends of names that nobody can register, so that no foreign DNS gives
// them to this machine: those of this machine, of engines of containers such as
// host.docker.internal and host.containers.internal, and of Kubernetes.
var private = []string{".localhost", ".internal", ".test", ".cluster.local"}

// known hosts cannot be names that somebody else's DNS gave to this machine.
func (a *api) known(host string) bool {
	return net.ParseIP(host) != nil || !strings.Contains(host, ".") ||
		slices.ContainsFunc(private, func(end string) bool { return strings.HasSuffix(host, end) }) ||
		slices.ContainsFunc(a.Hosts, func(h string) bool { return canonical(h) == host })
}

// Health is what GET health answers.
type Health struct {
	Status       string `json:"status"`        // always ok
	Version      string `json:"version"`       // the version of the emulator
	Violations   uint64 `json:"violations"`    // how many of the emulator's own answers broke their contract
	Unchecked    uint64 `json:"unchecked"`     // how many answers were too long to be checked
	Sandboxes    int    `json:"sandboxes"`     // how many sandboxes there are, with the default one
	JournalBytes int    `json:"journal_bytes"` // the size of the journals of all sandboxes, in bytes
	JournalLimit int    `json:"journal_limit"` // the maximum of journal_bytes
	Connections  int    `json:"connections"`   // how many connections are open
}

func (a *api) health(*service.Call) (service.Reply, error) {
	return reply(http.StatusOK, a.Health())
}

// ca answers GET ca.pem, the certificate that clients are to trust.
func (a *api) ca(*service.Call) (service.Reply, error) {
	pem := a.CA()
	if pem == nil {
		return service.Reply{}, service.Errorf(service.NotFound, "", "There is no CA: the emulator serves no TLS, or a certificate that it was given.")
	}
	return service.Reply{Status: http.StatusOK, ContentType: "application/x-pem-file", Body: pem}, nil
}

// empty is the answer where there is nothing to say.
func empty() service.Reply { return service.Reply{Status: http.StatusNoContent} }

// mistake is the error of a request that makes no sense; one that has a status of
// its own keeps it.
func mistake(err error) error { return sandbox.Problem(err) }

// decode reads a request's body, which is YAML or JSON.
func decode(c *service.Call, into any) error {
	root, err := file.Parse(bodyName, c.Body)
	if err == nil {
		err = root.Decode(into)
	}
	return mistake(err)
}

// bodyName is what mistakes in a body are said to stand in.
const bodyName = "(request body)"

// parametersKnown refuses parameters of the query that the operation has not: one that is
// misspelt would be passed over. The index and health take any.
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
