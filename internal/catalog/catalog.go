// Package catalog is what the binary carries: services with their contracts, the failures and
// quirks that these document, fixtures and scenarios. What is read once is kept: none of it
// changes.
package catalog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"standin/fixtures"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/service/barbican"
	"standin/internal/service/devops"
	"standin/internal/service/freezer"
	"standin/internal/service/keystone"
	"standin/internal/service/privx"
	"standin/internal/world"
	"standin/schemas"
)

// Control is the name of the service that is the emulator's own API. It is made by package
// control; the catalog has its contract.
const Control = "control"

// Options are those of a catalog. The zero value of each is its default.
type Options struct {
	HostHref  string   // what Barbican's references begin with; empty: the request's own host
	Contracts []string // files of more services, whose operations answer their examples
}

// services makes the emulated APIs, in the order of their sections in a fixture.
func services(o Options) []*service.Service {
	return []*service.Service{keystone.New(), freezer.New(), barbican.New(o.HostHref), devops.New(), privx.New()}
}

// Names lists the names of all services, that of the control API last.
func Names() []string {
	var names []string
	for _, s := range services(Options{}) {
		names = append(names, s.Name)
	}
	return append(names, Control)
}

// NewLoader is the loader of fixtures for all services.
func NewLoader() *world.Loader {
	l := &world.Loader{Builtin: fixtures.FS, Fallback: "cast", Sections: []world.Section{identity.Section()}}
	for _, s := range services(Options{}) {
		if s.Section != nil {
			l.Sections = append(l.Sections, *s.Section)
		}
	}
	return l
}

// Contracts lists the contracts of all services, that of the control API last. Their samples
// are not read; those are in the documents of package schemas, for contract.Parse.
func Contracts() ([]*contract.Contract, error) {
	all, err := builtin()
	return slices.Clone(all), err
}

// builtin reads the contracts at once: that is most of the time that an emulator takes to start.
var builtin = sync.OnceValues(func() ([]*contract.Contract, error) {
	names := Names()
	all, errs := make([]*contract.Contract, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			all[i], errs[i] = readContract(schemas.FS, name)
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
})

// readContract reads the contract of a service from the JSON that was made of its document. It is
// an error if the document has changed since.
func readContract(files fs.FS, service string) (*contract.Contract, error) {
	document, err1 := fs.ReadFile(files, service+".yaml")
	data, err2 := fs.ReadFile(files, "json/"+service+".json")
	if err := cmp.Or(err1, err2); err != nil {
		return nil, fmt.Errorf("service %s has no contract: %w; if it is new, run make generate", service, err)
	}
	sums, err := fs.ReadFile(files, "json/sums")
	if err != nil || !bytes.Contains(sums, []byte(schemas.Sum(service, document))) {
		return nil, fmt.Errorf("schemas/%s.yaml has changed: run make generate", service)
	}
	return contract.Load(data)
}

// Rules knows the operations that rules can be about, and the failures that the built-in
// contracts document.
func Rules() (*ruleset.Catalogue, error) {
	all, err := builtin()
	return rulesOf(all), err
}

// rulesOf leaves the control API out: it does not fail on cue.
func rulesOf(contracts []*contract.Contract) *ruleset.Catalogue {
	return ruleset.NewCatalogue(slices.DeleteFunc(slices.Clone(contracts), func(c *contract.Contract) bool {
		return c == nil || c.Service == Control
	})...)
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

// Schema is the JSON Schema of the files of a name, "scenario" or "fixture", by which
// editors complete and check them. It is nil if there is none.
func Schema(name string) []byte {
	text, err := fs.ReadFile(schemas.FS, name+".schema.json")
	if err != nil {
		return nil
	}
	return text
}

// Version is the version of the module as it was built.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// A Catalog is what one emulator knows: what the binary carries, and the contracts that it
// was given.
type Catalog struct {
	Contracts []*contract.Contract // of the services, then the control API's, then those that were given
	Services  []*service.Service   // all but the control API
	Rules     *ruleset.Catalogue
	Loader    *world.Loader
}

// New makes a catalog. Its error lists the mistakes in a contract, with file, line and column.
func New(o Options) (*Catalog, error) {
	contracts, err := Contracts()
	if err != nil {
		return nil, err
	}
	c := &Catalog{Contracts: contracts, Services: services(o), Loader: NewLoader()}
	for _, f := range o.Contracts {
		if err := c.add(f); err != nil {
			return nil, err
		}
	}
	c.Rules = rulesOf(c.Contracts)
	return c, nil
}

func (c *Catalog) add(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("contract: %w", err)
	}
	own, err := contract.Parse(file, data)
	if err != nil {
		return err
	}
	if err := own.CompileAll(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if slices.ContainsFunc(c.Contracts, func(o *contract.Contract) bool { return o.Service == own.Service }) {
		return fmt.Errorf("%s: x-service %q is taken", file, own.Service)
	}
	c.Contracts, c.Services = append(c.Contracts, own), append(c.Services, service.Stateless(own.Service))
	return nil
}

// Sections lists the names of a fixture's sections.
func (c *Catalog) Sections() []string {
	var names []string
	for _, s := range c.Loader.Sections {
		names = append(names, s.Name)
	}
	return names
}

// CheckSection returns an error for a name that no section of a fixture has. The empty one stands
// for all of them.
func (c *Catalog) CheckSection(name string) error {
	if all := c.Sections(); name != "" && !slices.Contains(all, name) {
		return fmt.Errorf("no section %q%s; there are %s", name, file.Hint(name, all), strings.Join(all, ", "))
	}
	return nil
}

// Operations lists the operations of all services in the order of their contracts.
func (c *Catalog) Operations() []*contract.Operation {
	var all []*contract.Operation
	for _, ct := range c.Contracts {
		all = append(all, ct.Operations...)
	}
	return all
}
