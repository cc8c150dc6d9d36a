// Package control is the emulator's own API, under /_standin/, and the index at /.
//
// It is a service like the others: described by schemas/control.yaml, served on
// the same request path. What it does to the emulator it does through a Host.
package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"standin/emulator/contract"
	"standin/emulator/file"
	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

// A Host is the emulator as the control API sees it.
type Host interface {
	Contracts() []*contract.Contract
	Version() string
	Violations() uint64
	// Reset is the world the emulator started with; clock and counts go back too.
	Reset() *world.World
	// Dump writes the world as a fixture; Load reads one in place of the world, or
	// of one section of it. A section that does not exist is an error.
	Dump(v *world.World, section string) ([]byte, error)
	Load(v *world.World, section string, data []byte) (*world.World, error)
	Sections() []string
	// World is the world that calls read.
	World() *world.World
	// AllowedHosts are names under which the API may be reached besides the usual.
	AllowedHosts() []string
}

// stateLimit bounds the fixtures that are loaded over HTTP.
const stateLimit = 64 << 20

type api struct{ host Host }

// New is the service. Without a host it can be described but not called.
func New(h Host) *service.Service {
	a := &api{host: h}
	return &service.Service{
		Name: "control",
		Handlers: map[string]service.Handler{
			"control.index":        a.index,
			"control.health":       a.health,
			"control.reset":        a.reset,
			"control.state.show":   a.showState,
			"control.state.load":   a.loadState,
			"control.section.show": a.showState,
			"control.section.load": a.loadState,
			"control.operations":   a.operations,
			"control.openapi":      a.openapi,
		},
		Identify:   func(*service.Call) (*service.Caller, error) { return &service.Caller{Name: "control"}, nil },
		Checks:     []service.Check{a.routed, a.safe, service.BodyRead},
		Fail:       Problem,
		Normalise:  normalise,
		HeadAsGet:  true,
		BodyLimits: map[string]int{"control.state.load": stateLimit, "control.section.load": stateLimit},
	}
}

func normalise(path string) string {
	if path = strings.TrimRight(path, "/"); path == "" {
		return "/"
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
	if near, ok := e.Detail.([]string); ok {
		list := make([]any, len(near))
		for i, n := range near {
			list[i] = n
		}
		o.Set("near", list)
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
	e.Detail = a.near(c.Path)
	return e
}

const mostNear = 3

func (a *api) near(path string) []string {
	var all []string
	for _, ct := range a.host.Contracts() {
		for _, op := range ct.Operations {
			for _, p := range []string{op.Path, ct.Prefix + op.Path} {
				if !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	near := file.Nearest(path, all, mostNear)
	if near == nil {
		near = []string{}
	}
	return near
}

// safe keeps web pages out: those of other origins, and those that have given
// a name of their own to this machine. Health and the index are for everybody.
func (a *api) safe(c *service.Call) error {
	if c.Is("control.health") || c.Is("control.index") {
		return nil
	}
	host := (&url.URL{Host: c.Host}).Hostname() // not what a proxy, or a page, says it was
	switch {
	case !a.known(host):
		return service.Errorf(service.Forbidden, "", "The control API is not served under this host name; allow it with --control-host.")
	case c.Header.Get("Sec-Fetch-Site") == "cross-site":
		return service.Errorf(service.Forbidden, "", "The control API is not for pages of other sites.")
	}
	if origin := c.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Host != c.Host && !strings.HasPrefix(c.Root()+"/", origin+"/") {
			return service.Errorf(service.Forbidden, "", "The control API is not for pages of other origins.")
		}
	}
	return nil
}

// known hosts cannot be names that somebody else's DNS gave to this machine.
func (a *api) known(host string) bool {
	return net.ParseIP(host) != nil || !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") ||
		host == "host.docker.internal" || slices.Contains(a.host.AllowedHosts(), host)
}

func (a *api) health(*service.Call) (service.Reply, error) {
	return reply(http.StatusOK, struct {
		Status     string `json:"status"`
		Version    string `json:"version"`
		Violations uint64 `json:"violations"`
	}{"ok", a.host.Version(), a.host.Violations()})
}

func reply(status int, v any) (service.Reply, error) {
	b, err := json.Marshal(v)
	return service.JSON(status, b), err
}

func (a *api) reset(c *service.Call) (service.Reply, error) {
	c.Replace(a.host.Reset())
	return service.Reply{Status: http.StatusNoContent}, nil
}

func (a *api) section(c *service.Call) (string, error) {
	name := c.Vars["service"]
	if name != "" && !slices.Contains(a.host.Sections(), name) {
		return "", service.Errorf(service.NotFound, "", "No section %q%s; there are %s.",
			name, file.Hint(name, a.host.Sections()), strings.Join(a.host.Sections(), ", "))
	}
	return name, nil
}

func (a *api) showState(c *service.Call) (service.Reply, error) {
	name, err := a.section(c)
	if err != nil {
		return service.Reply{}, err
	}
	b, err := a.host.Dump(a.host.World(), name)
	return service.JSON(http.StatusOK, b), err
}

func (a *api) loadState(c *service.Call) (service.Reply, error) {
	name, err := a.section(c)
	if err != nil {
		return service.Reply{}, err
	}
	if len(bytes.TrimSpace(c.Body)) == 0 {
		return service.Reply{}, service.Errorf(service.Invalid, "", "nothing was loaded: the request has no body; POST /_standin/reset goes back to the start")
	}
	w, err := a.host.Load(a.host.World(), name, c.Body)
	if err != nil {
		return service.Reply{}, service.Errorf(service.Invalid, "", "%s", err.Error())
	}
	c.Replace(w)
	return service.Reply{Status: http.StatusNoContent}, nil
}

type status struct {
	Status   int               `json:"status"`
	Reason   string            `json:"reason"`
	Evidence contract.Evidence `json:"evidence"`
}

type operation struct {
	Operation string   `json:"operation"`
	Service   string   `json:"service"`
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	Summary   string   `json:"summary"`
	Stateless bool     `json:"stateless"`
	Statuses  []status `json:"statuses"`
}

func (a *api) operations(*service.Call) (service.Reply, error) {
	all := []operation{}
	for _, ct := range a.host.Contracts() {
		for _, op := range ct.Operations {
			o := operation{
				Operation: op.ID, Service: op.Service, Method: op.Method, Path: op.Path,
				Summary: op.Summary, Stateless: op.Stateless, Statuses: []status{},
			}
			for _, r := range op.Responses {
				o.Statuses = append(o.Statuses, status{r.Status, r.Reason, r.Evidence})
			}
			all = append(all, o)
		}
	}
	return reply(http.StatusOK, all)
}

func (a *api) openapi(c *service.Call) (service.Reply, error) {
	var names []string
	for _, ct := range a.host.Contracts() {
		if ct.Service == c.Vars["service"] {
			return service.JSON(http.StatusOK, ct.JSON()), nil
		}
		names = append(names, ct.Service)
	}
	return service.Reply{}, service.Errorf(service.NotFound, "", "No service %q%s; there are %s.",
		c.Vars["service"], file.Hint(c.Vars["service"], names), strings.Join(names, ", "))
}
