// Package core assembles an emulator from the catalog, the sandboxes, the request path with the
// control API, and the transport. Package emulator and the command use it.
package core

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"standin/internal/catalog"
	"standin/internal/control"
	"standin/internal/exchange"
	"standin/internal/explain"
	"standin/internal/metrics"
	"standin/internal/route"
	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/transport"
)

// Options are the options of an emulator. The zero value of each option is its default.
type Options struct {
	Plan      sandbox.Plan // how the default sandbox and new sandboxes start
	Sandboxes sandbox.Options
	Exchange  exchange.Options
	Transport transport.Options
	Catalog   catalog.Options
	Control   Control
}

// Control says which requests the control API accepts.
type Control struct {
	Off       bool     // it accepts only requests to health and to the index
	Token     string   // that callers must send; empty means none
	Hosts     []string // more host names under which it may be reached
	NoConsole bool     // it does not serve the console
}

// check returns an error for values out of their ranges.
func (o *Options) check() error {
	j := o.Sandboxes.Journal
	negative := func(d *time.Duration) bool { return d != nil && *d < 0 }
	switch href := o.Catalog.HostHref; {
	case j.Entries < 0 || j.Bytes < 0 || j.AllBytes < 0:
		return errors.New("the limits of the journal must not be negative")
	case o.Sandboxes.Max != nil && *o.Sandboxes.Max < 0 || negative(o.Sandboxes.TTL):
		return errors.New("the limits of sandboxes must not be negative")
	case o.Transport.Connections < 0:
		return errors.New("the limit of connections must be 1 or more")
	case href != "" && !isAddress(href):
		return fmt.Errorf("host href %q: expected a URL such as https://localhost:9311", href)
	}
	return nil
}

// isAddress reports whether references can begin with a text.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && strings.HasPrefix(u.Scheme, "http") && u.RawQuery == "" && u.Fragment == ""
}

// An Emulator is an emulator without listeners.
type Emulator struct {
	Catalog   *catalog.Catalog
	Sandboxes *sandbox.Registry
	Path      *exchange.Path
	Transport *transport.Transport
	tls       bool
}

// New returns an emulator. Its error lists the mistakes in fixtures, scenarios and contracts, with
// their places.
func New(o Options) (*Emulator, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	e := &Emulator{tls: o.Transport.TLS.On}
	var err error
	if e.Catalog, err = catalog.New(o.Catalog); err != nil {
		return nil, err
	}
	if e.Sandboxes, err = sandbox.NewRegistry(e.Catalog, o.Sandboxes, o.Plan); err != nil {
		return nil, err
	}
	api := control.New(control.Config{
		Catalog: e.Catalog, Sandboxes: e.Sandboxes, Health: e.health, CA: e.ca, Unread: e.unread, Meter: e.meter, Apart: e.apart,
		Hosts: o.Control.Hosts, Token: o.Control.Token, NoConsole: o.Control.NoConsole || o.Control.Off,
	})
	routes, err := routesOf(e.Catalog, api, o.Catalog.Plain())
	if err != nil {
		return nil, err
	}
	o.Exchange.Connections, o.Exchange.Patience = o.Transport.Bounds()
	e.Path = exchange.New(exchange.Config{
		Routes: routes, Sandboxes: e.Sandboxes, Rules: e.Catalog.Rules, Options: o.Exchange,
		Own: exchange.Own{Health: control.HealthPath, Off: o.Control.Off, Aliases: control.Aliases},
	})
	e.Transport, err = transport.New(e.Path, o.Transport)
	return e, err
}

// routesOf returns the routes of an emulator. If its catalog is the plain one, it shares the routes of
// the services, and only the control API gets its own.
func routesOf(c *catalog.Catalog, api *service.Service, isPlain bool) (*route.Table, error) {
	if !isPlain {
		return route.New(c.Contracts, append(slices.Clone(c.Services), api), catalog.Control, control.Prefix)
	}
	shared, err := plainRoutes()
	if err != nil {
		return nil, err
	}
	b, err := route.Bind(shared.Fallback.Contract, api)
	if err != nil {
		return nil, err
	}
	return shared.With(b), nil
}

// plainRoutes returns the routes of the plain catalog, with an API that belongs to no emulator.
var plainRoutes = sync.OnceValues(func() (*route.Table, error) {
	c, err := catalog.New(catalog.Options{})
	if err != nil {
		return nil, err
	}
	all := append(slices.Clone(c.Services), control.New(control.Config{}))
	return route.New(c.Contracts, all, catalog.Control, control.Prefix)
})

func (e *Emulator) unread() *explain.Report { return e.Path.Unread() }

func (e *Emulator) ca() []byte { return e.Transport.CA() }

func (e *Emulator) apart() bool { return e.Path.IsApart() }

func (e *Emulator) meter() *metrics.Meter { return e.Path.Meter() }

func (e *Emulator) health() control.Health {
	budget := e.Sandboxes.Budget()
	return control.Health{
		Status: "ok", Version: catalog.Version(), Violations: e.Path.Violations(), Unchecked: e.Path.Unchecked(),
		Sandboxes: e.Sandboxes.Count(), JournalBytes: budget.Used(), JournalLimit: budget.Limit(), Connections: e.Transport.Connections(),
	}
}

// A Server is an emulator with its listeners.
type Server struct {
	*transport.Server
	URL    string // of the combined listener, or else of the first listener; one without TLS is preferred
	TLSURL string // of the combined listener with TLS, or else of the first listener with TLS; empty if there is none
}

// Start listens on addresses and serves until the context ends or the server is closed. An address
// is written as transport.ParseAddress reads it; its tag is the name of a service. Without
// addresses, Start listens on 127.0.0.1 with a free port, and on a second port with TLS if the
// options turn TLS on.
func (e *Emulator) Start(ctx context.Context, addresses ...string) (*Server, error) {
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1:0"}
		if e.tls {
			addresses = append(addresses, transport.SecureScheme+"127.0.0.1:0")
		}
	}
	var all []transport.Address
	for _, text := range addresses {
		a := transport.ParseAddress(text)
		if a.Tag != "" && e.Path.Routes.Named(a.Tag) == nil {
			return nil, fmt.Errorf("listen %q: no service %q; there are %s", text, a.Tag, strings.Join(e.Path.Routes.Names(), ", "))
		}
		all = append(all, a)
	}
	s, err := e.Transport.Listen(ctx, all...)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(a transport.Address) bool { return a.Tag == catalog.Control }) {
		e.Path.Apart()
	}
	own := &Server{Server: s}
	own.URL, own.TLSURL = urls(s)
	s.Serve(ctx)
	return own, nil
}

// urls returns the URLs of a server: URL and TLSURL.
func urls(s *transport.Server) (plain, secure string) {
	all := s.Addresses()
	plain = all[0].URL()
	if a, ok := s.Find(transport.Want{}, transport.Want{TLS: true}); ok {
		plain = a.URL()
	}
	if a, ok := s.Find(transport.Want{TLS: true}); ok {
		secure = a.URL()
	} else if i := slices.IndexFunc(all, func(a transport.Address) bool { return a.TLS }); i >= 0 {
		secure = all[i].URL()
	}
	return plain, secure
}

// Addr returns the address, HOST:PORT, of the listener of a service. If the service has no listener
// of its own, or the name is empty, it is that of the combined listener. A listener without TLS is
// preferred. Addr returns the empty string if there is no listener.
func (s *Server) Addr(service string) string {
	a, _ := s.Find(transport.Want{Tag: service}, transport.Want{Tag: service, TLS: true}, transport.Want{}, transport.Want{TLS: true})
	return a.At
}

// TLSAddr does what Addr does, for listeners with TLS only.
func (s *Server) TLSAddr(service string) string {
	a, _ := s.Find(transport.Want{Tag: service, TLS: true}, transport.Want{TLS: true})
	return a.At
}
