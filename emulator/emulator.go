// Package emulator runs the emulated services: as an http.Handler, on
// listeners, or inside a Go test.
//
//	s := emulator.RunT(t, emulator.WithFixture("documented"))
//	// point the client under test at s.URL
//
// An Emulator has a default Sandbox and any number of others, each with a world of
// its own, which every request reads or replaces as a whole, and with faults, a
// journal and a clock. New loads the first one's world from fixtures; Reset goes back
// to there.
//
// The request path is the same for every service: find sandbox and operation, see
// who is calling, decide whether it fails, do the service's checks, run its handler
// in a transaction, hold the answer to the contract, send it. It stands in
// exchange.go; what faults make of it stands in inject.go, deliver.go and wire.go.
package emulator

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"standin/fixtures"
	"standin/internal/contract"
	"standin/internal/control"
	"standin/internal/identity"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/service/barbican"
	"standin/internal/service/devops"
	"standin/internal/service/freezer"
	"standin/internal/service/keystone"
	"standin/internal/service/privx"
	"standin/internal/transport"
	"standin/internal/world"
	"standin/schemas"
)

// services are the emulated APIs, in the order of their sections in a fixture. What
// WithHostHref sets is an option of one of them.
func services(hostHref string) []*service.Service {
	return []*service.Service{keystone.New(), freezer.New(), barbican.New(hostHref), devops.New(), privx.New()}
}

// An Emulator emulates all services. Make one with New; its methods, which are
// also those of its default sandbox, may be used from many goroutines.
type Emulator struct {
	*Sandbox // the default one

	config     config
	catalogue  *ruleset.Catalogue
	loader     *world.Loader
	routes     *routes
	others     sandboxes
	budget     *recorder.Budget // of all journals
	transport  *transport.Transport
	violations atomic.Uint64
	unchecked  atomic.Uint64 // answers that were too long to be held to the contract
	sent       atomic.Uint64 // requests to all sandboxes
	apart      atomic.Bool   // the control API has a listener of its own
}

// New makes an emulator and loads its fixtures. Without options it starts from
// the fixture "empty" with the seed 1, wants callers to log in, and logs nothing.
// An error tells the mistakes in fixtures and contracts, with their places.
func New(opts ...Option) (*Emulator, error) {
	e := &Emulator{config: defaults()}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&e.config); err != nil {
			return nil, err
		}
	}
	e.budget = recorder.NewBudget(e.config.journal.AllBytes)
	if e.config.keepRemoved {
		e.others.kept = &kept{}
	}
	e.config.transport.Log = slogOf(e.config.logger)
	var err error
	if e.transport, err = transport.New(e, e.config.transport); err != nil {
		return nil, err
	}
	if err := e.loadServices(); err != nil {
		return nil, err
	}
	st, err := e.startOf(nil, &e.config)
	if err != nil {
		return nil, err
	}
	e.Sandbox = newSandbox(e, defaultSandbox, st)
	e.budget.Join(&e.journal)
	return e, nil
}

// NewLoader is the loader of fixtures for all services.
func NewLoader() *world.Loader {
	l := &world.Loader{Builtin: fixtures.FS, Fallback: "cast", Sections: []world.Section{identity.Section()}}
	for _, s := range services("") {
		if s.Section != nil {
			l.Sections = append(l.Sections, *s.Section)
		}
	}
	return l
}

// Contracts reads the contracts of all services, the control API's included.
// They are read once and shared: contracts do not change. Their samples are not read;
// those are in the documents of package schemas, for contract.Parse.
func Contracts() ([]*contract.Contract, error) {
	all, err := builtin()
	return slices.Clone(all), err
}

// builtin reads the contracts at once: that is most of the time New takes.
var builtin = sync.OnceValues(func() ([]*contract.Contract, error) {
	named := append(services(""), control.New(nil))
	all, errs := make([]*contract.Contract, len(named)), make([]error, len(named))
	var wg sync.WaitGroup
	for i, s := range named {
		wg.Go(func() {
			data, err := fs.ReadFile(schemas.FS, "json/"+s.Name+".json")
			if err != nil {
				errs[i] = fmt.Errorf("service %s has no contract: %w", s.Name, err)
				return
			}
			all[i], errs[i] = contract.Load(data)
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
})

// Catalogue knows the operations that rules can be about, and the failures that
// the built-in contracts document.
func Catalogue() (*ruleset.Catalogue, error) {
	all, err := builtin()
	return catalogueOf(all), err
}

// Quirks lists the quirks of all services, in the order of their contracts.
func Quirks() ([]*contract.Quirk, error) {
	all, err := builtin()
	if err != nil {
		return nil, err
	}
	var quirks []*contract.Quirk
	for _, c := range all {
		quirks = append(quirks, c.Quirks...)
	}
	return quirks, nil
}

// catalogueOf leaves the control API out: it does not fail on cue.
func catalogueOf(contracts []*contract.Contract) *ruleset.Catalogue {
	return ruleset.NewCatalogue(slices.DeleteFunc(slices.Clone(contracts), func(c *contract.Contract) bool {
		return c == nil || c.Service == controlService
	})...)
}

func (e *Emulator) loadServices() error {
	contracts, err := Contracts()
	if err != nil {
		return err
	}
	all := append(services(e.config.hostHref), control.New(host{e}))
	for _, file := range e.config.contracts {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("contract: %w", err)
		}
		c, err := contract.Parse(file, data)
		if err != nil {
			return err
		}
		if err := c.CompileAll(); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if slices.ContainsFunc(contracts, func(o *contract.Contract) bool { return o.Service == c.Service }) {
			return fmt.Errorf("%s: x-service %q is taken", file, c.Service)
		}
		contracts, all = append(contracts, c), append(all, stateless(c))
	}
	e.loader = NewLoader()
	e.catalogue = catalogueOf(contracts)
	e.routes, err = newRoutes(contracts, all)
	return err
}

// Operations lists the operations of all services in the order of their contracts.
func (e *Emulator) Operations() []*contract.Operation {
	var all []*contract.Operation
	for _, b := range e.routes.services {
		all = append(all, b.contract.Operations...)
	}
	return all
}

// Violations counts the answers that were found not to keep to the contract.
func (e *Emulator) Violations() uint64 { return e.violations.Load() }

// ServeHTTP answers one request of any service. Behind a listener that is not
// this package's, the reason phrase of a status such as 753 is net/http's, and the journal
// does not know connections. Where a connection cannot be taken over (HTTP/2, a
// recorder), a fault that breaks it panics with http.ErrAbortHandler, as net/http's own
// handlers do.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	defer x.release()
	x.emulator, x.sandbox, x.request = e, e.Sandbox, r
	x.serve(w)
}

// Version is the version of the module as it was built.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// stateless is a service that answers the documented examples of a contract.
func stateless(c *contract.Contract) *service.Service {
	return &service.Service{
		Name:     c.Service,
		Identify: func(*service.Call) (*identity.Caller, error) { return &identity.Caller{}, nil },
		Checks:   []service.Check{service.Routed, service.BodyRead},
		Fail:     control.Problem,
	}
}
