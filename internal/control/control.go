// Package control is the emulator's own API, under /_standin/, and the index at /.
//
// It is a service like the others: described by schemas/control.yaml, served on
// the same request path. What it does to the emulator it does through a Host.
package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/scenario"
	"standin/internal/service"
	"standin/internal/value"
)

// A Host is the emulator as the control API sees it. Its errors are those of
// package service where they have a status of their own; any other is a mistake of the caller.
type Host interface {
	Contracts() []*contract.Contract
	Version() string
	Health() Health
	Sections() []string
	Catalogue() *ruleset.Catalogue
	Scenarios() ([]*scenario.Scenario, error)
	// AllowedHosts are names under which the API may be reached besides the usual.
	AllowedHosts() []string
	// Token is what callers must show; empty if they need not.
	Token() string
	// Schema is the JSON Schema of the files of a name, scenario or fixture; nil if there
	// is none.
	Schema(name string) []byte
	// CA is the certificate of the emulator's own CA in PEM; nil without one.
	CA() []byte

	// Sandbox finds the sandbox of a call, by a name that was found good.
	Sandbox(name string) (Sandbox, error)
	Sandboxes() []Sandbox
	NewSandbox(spec Spec) (Sandbox, error)
	DeleteSandbox(name string) bool
}

// A Sandbox is one as the control API sees it.
type Sandbox interface {
	Name() string
	Info() Info
	Access(url string) Access
	Gone() context.Context // ends with the sandbox
	Journal() *recorder.Journal

	// Dump writes the world of the moment, or that of a snapshot, as a fixture: all of
	// it or one section, as often as it is called. Load reads one in its place.
	Dump(snapshot, section string) (write func(w io.Writer) error, err error)
	Load(section string, data []byte) error
	Reset(only []string, to string) error
	Snapshots() []string
	Snapshot(name string) error
	Restore(name string) error
	DropSnapshot(name string) error

	Faults() []fault.State
	Arm(rules []fault.Rule) ([]fault.State, error)
	RemoveFault(name string) bool
	Apply(name string) error // of a built-in scenario
	ApplyContent(s *scenario.Scenario) error

	Clock() Clock
	SetClock(c Change)
	// Verify holds the journal to expectations; nil are those of the scenario.
	Verify(expect []journal.Expectation) (passed bool, judgements []journal.Judgement)
}

// The bounds of bodies that are larger than the usual ones.
const (
	stateLimit    = 64 << 20
	scenarioLimit = 8 << 20
)

type api struct{ host Host }

// New is the service. Without a host it can be described but not called.
func New(h Host) *service.Service {
	a := &api{host: h}
	return &service.Service{
		Name: "control",
		Handlers: map[string]service.Handler{
			"control.index":        a.index,
			"control.health":       a.health,
			"control.ca":           a.ca,
			"control.operations":   a.operations,
			"control.openapi":      a.openapi,
			"control.schemas.show": a.showSchema,
			"control.reset":        a.in(a.reset),
			"control.state.show":   a.in(a.showState),
			"control.state.load":   a.in(a.loadState),
			"control.section.show": a.in(a.showState),
			"control.section.load": a.in(a.loadState),

			"control.snapshots.list":   a.in(a.listSnapshots),
			"control.snapshots.create": a.in(a.createSnapshot),
			"control.snapshots.show":   a.in(a.showSnapshot),
			"control.snapshots.apply":  a.in(a.applySnapshot),
			"control.snapshots.delete": a.in(a.deleteSnapshot),

			"control.sandboxes.list":   a.listSandboxes,
			"control.sandboxes.create": a.createSandbox,
			"control.sandboxes.show":   a.showSandbox,
			"control.sandboxes.delete": a.deleteSandbox,

			"control.faults.list":    a.in(a.listFaults),
			"control.faults.create":  a.in(a.createFaults),
			"control.faults.clear":   a.in(a.clearFaults),
			"control.faults.show":    a.in(a.showFault),
			"control.faults.delete":  a.in(a.deleteFault),
			"control.scenarios.list": a.listScenarios,
			"control.quirks.list":    a.in(a.listQuirks),
			"control.scenario.apply": a.in(a.applyScenario),

			"control.requests.list":   a.in(a.listRequests),
			"control.requests.clear":  a.in(a.clearRequests),
			"control.requests.show":   a.in(a.showRequest),
			"control.requests.delete": a.in(a.deleteRequest),
			"control.verify":          a.in(a.verify),
			"control.events":          a.in(a.events),

			"control.clock.show": a.in(a.showClock),
			"control.clock.set":  a.in(a.setClock),
		},
		Identify:  func(*service.Call) (*identity.Caller, error) { return &identity.Caller{}, nil },
		Guard:     a.safe,
		Checks:    []service.Check{a.routed, parametersKnown, service.BodyRead},
		Makes:     makes,
		Alone:     alone,
		Outside:   true,
		Fail:      Problem,
		Normalise: normalise,
		HeadAsGet: true,
		BodyLimits: map[string]int{
			"control.state.load": stateLimit, "control.section.load": stateLimit,
			"control.scenario.apply": scenarioLimit, "control.faults.create": scenarioLimit,
		},
	}
}

// makes and alone are the operations by which a sandbox is made on its first use, and those
// that are about no sandbox.
var (
	makes = []string{
		"control.reset", "control.state.load", "control.section.load", "control.snapshots.create", "control.snapshots.apply",
		"control.faults.create", "control.scenario.apply", "control.clock.set",
	}
	alone = []string{
		"control.index", "control.health", "control.ca", "control.operations", "control.openapi", "control.schemas.show",
		"control.sandboxes.list", "control.sandboxes.create", "control.sandboxes.show", "control.sandboxes.delete", "control.scenarios.list",
	}
)

const faultsPath = "/_standin/faults/"

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

// Problem writes an error as RFC 9457 problem details.
func Problem(_ *service.Call, e *service.Error) service.Reply {
	o := value.NewObject(
		value.Member{Name: "title", Value: e.Kind.Reason()},
		value.Member{Name: "status", Value: int(e.Kind)},
	)
	if e.Message != "" {
		o.Set("detail", e.Message)
	}
	switch detail := e.Detail.(type) {
	case []string:
		o.Set("near", value.List(detail))
	case []journal.Judgement:
		b, _ := json.Marshal(detail) // it holds nothing that JSON cannot
		o.Set("judgements", json.RawMessage(b))
	}
	return service.Reply{
		Status: int(e.Kind), ContentType: "application/problem+json", Header: e.Header, Body: value.Append(nil, o),
	}
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
	e.Detail = Near(a.host.Contracts(), c.Path)
	return e
}

const mostNear = 3

// Near lists paths of the contracts that are like a path: the same one under the prefixes
// of its services, if it is there only, else what is spelled alike.
func Near(contracts []*contract.Contract, path string) []string {
	all, prefixed := []string{}, []string{}
	for _, ct := range contracts {
		for _, op := range ct.Operations {
			full := ct.Prefix + op.Path
			if op.Path == path && full != path && !slices.Contains(prefixed, full) {
				prefixed = append(prefixed, full)
			}
			for _, p := range []string{op.Path, full} {
				if p != path && !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	if len(prefixed) > 0 {
		return prefixed
	}
	return append([]string{}, file.Nearest(path, all, mostNear)...)
}

// safe keeps web pages out: those of other origins, and those that have given
// a name of their own to this machine. Health and the index are for everybody.
func (a *api) safe(c *service.Call) error {
	if open(c) {
		return nil
	}
	if token := a.host.Token(); token != "" {
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
	return c.Is("control.health") || !strings.HasPrefix(c.Path+"/", "/_standin/")
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
		slices.ContainsFunc(a.host.AllowedHosts(), func(h string) bool { return canonical(h) == host })
}

// Health is what GET health answers.
type Health struct {
	Status       string `json:"status"` // always "ok"
	Version      string `json:"version"`
	Violations   uint64 `json:"violations"`    // answers that broke their contract
	Unchecked    uint64 `json:"unchecked"`     // answers that were too long to be held to it
	Sandboxes    int    `json:"sandboxes"`     // the default one counts
	JournalBytes int    `json:"journal_bytes"` // of all sandboxes
	JournalLimit int    `json:"journal_limit"`
	Connections  int    `json:"connections"` // that are open
}

func (a *api) health(*service.Call) (service.Reply, error) {
	return reply(http.StatusOK, a.host.Health())
}

// ca answers GET ca.pem, the certificate that clients are to trust.
func (a *api) ca(*service.Call) (service.Reply, error) {
	pem := a.host.CA()
	if pem == nil {
		return service.Reply{}, service.Errorf(service.NotFound, "", "There is no CA: the emulator serves no TLS, or a certificate that it was given.")
	}
	return service.Reply{Status: http.StatusOK, ContentType: "application/x-pem-file", Body: pem}, nil
}

// empty is the answer where there is nothing to say.
func empty() service.Reply { return service.Reply{Status: http.StatusNoContent} }

// mistake is the error of a request that makes no sense; one that has a status of
// its own keeps it.
func mistake(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*service.Error](err); ok {
		return e
	}
	return service.Errorf(service.Invalid, "", "%s", err.Error())
}

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
