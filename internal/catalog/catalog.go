// Package catalog holds what the binary contains: services with their contracts, the documented
// failures and quirks, fixtures and scenarios. It reads each of them once and keeps the result,
// since none of them changes.
package catalog

import (
	"bytes"
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

// Control is the name of the service that is the emulator's own API. Package control creates the
// service; the catalog has its contract.
const Control = "control"

// Options are the options of a catalog. The zero value of each option is its default.
type Options struct {
	HostHref  string   // beginning of Barbican's references; empty means the host of the request
	Contracts []string // files of more contracts, whose operations answer with their examples
}

// services returns the emulated APIs, in the order of their sections in a fixture.
func services(o Options) []*service.Service {
	return []*service.Service{keystone.New(), freezer.New(), barbican.New(o.HostHref), devops.New(), privx.New()}
}

// plainServices returns the emulated APIs without options. They do not change.
var plainServices = sync.OnceValue(func() []*service.Service { return services(Options{}) })

// Names returns the names of all services. The control API is last.
func Names() []string {
	var names []string
	for _, s := range plainServices() {
		names = append(names, s.Name)
	}
	return append(names, Control)
}

// NewLoader returns a loader of fixtures for all services.
func NewLoader() *world.Loader {
	l := &world.Loader{Builtin: fixtures.FS, Fallback: "cast", Sections: []world.Section{identity.Section()}}
	for _, s := range plainServices() {
		if s.Section != nil {
			l.Sections = append(l.Sections, *s.Section)
		}
	}
	return l
}

// Contracts returns the contracts of all services. The control API is last. The contracts have no
// samples; contract.Parse reads those from the documents of package schemas.
func Contracts() ([]*contract.Contract, error) {
	all, err := builtin()
	return slices.Clone(all), err
}

// builtin reads the contracts.
var builtin = sync.OnceValues(func() (all []*contract.Contract, err error) {
	for _, name := range Names() {
		c, e := readContract(schemas.FS, schemas.Outlines, name)
		all, err = append(all, c), errors.Join(err, e)
	}
	return all, err
})

// readContract reads the contract of a service from what was made of its document. It returns an
// error if the size of the document has changed. A test finds all other changes.
func readContract(files fs.FS, outlines, service string) (*contract.Contract, error) {
	size, err := schemas.Size(files, service)
	outline := contract.OutlineOf(service, outlines)
	if err == nil && outline == "" {
		err = errors.New("there is no outline")
	}
	if err != nil {
		return nil, fmt.Errorf("service %s has no contract: %w; if it is new, run make generate", service, err)
	}
	sizes, err := fs.ReadFile(files, "json/sizes")
	if err != nil || !bytes.Contains(sizes, []byte(size)) {
		return nil, fmt.Errorf("schemas/%s.yaml has changed: run make generate", service)
	}
	later := func(name string) func() []byte {
		return sync.OnceValue(func() []byte {
			data, _ := fs.ReadFile(files, "json/"+service+name) // a test reads the files of all services
			return data
		})
	}
	return contract.FromOutline(outline, later(".schemas.json"), later(".json"))
}

// Rules returns a catalogue with the operations that rules can name, and the failures that the
// built-in contracts document.
func Rules() (*ruleset.Catalogue, error) {
	all, err := builtin()
	return rulesOf(all), err
}

// Services returns the built-in contracts without that of the control API.
func Services() ([]*contract.Contract, error) {
	all, err := builtin()
	return WithoutControl(all), err
}

// WithoutControl returns contracts without that of the control API.
func WithoutControl(contracts []*contract.Contract) []*contract.Contract {
	return slices.DeleteFunc(slices.Clone(contracts), func(c *contract.Contract) bool { return c == nil || c.Service == Control })
}

// rulesOf leaves out the control API, since rules do not apply to it.
func rulesOf(contracts []*contract.Contract) *ruleset.Catalogue {
	k := ruleset.NewCatalogue(WithoutControl(contracts)...)
	k.Collections = collections()
	return k
}

// collections returns the names of the collections of all fixtures.
var collections = sync.OnceValue(func() []string { return NewLoader().CollectionNames() })

// Quirks returns the quirks of all services, in the order of their contracts.
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

// Schema returns the JSON Schema with the given name: "scenario", "fixture" or "coverage". It
// returns nil if there is none.
func Schema(name string) []byte {
	text, err := fs.ReadFile(schemas.FS, name+".schema.json")
	if err != nil {
		return nil
	}
	return text
}

// version is the version of a release, which its build sets; empty in other builds.
var version string

// Version returns the version of the release, or else of the module as it was built.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// A Catalog is what an emulator knows: what the binary contains, and the contracts in its options. It
// does not change.
type Catalog struct {
	Contracts []*contract.Contract // of the services, then of the control API, then those in the options
	Services  []*service.Service   // all services except the control API
	Rules     *ruleset.Catalogue
	Loader    *world.Loader
}

// New returns a catalog. Its error lists the mistakes in a contract, with file, line and column. All
// catalogs without options are the same one.
func New(o Options) (*Catalog, error) {
	if o.Plain() {
		return plain()
	}
	return newCatalog(o, services(o))
}

// Plain reports whether no option is set.
func (o *Options) Plain() bool { return o.HostHref == "" && len(o.Contracts) == 0 }

var plain = sync.OnceValues(func() (*Catalog, error) { return newCatalog(Options{}, plainServices()) })

func newCatalog(o Options, all []*service.Service) (*Catalog, error) {
	contracts, err := Contracts()
	if err != nil {
		return nil, err
	}
	c := &Catalog{Contracts: contracts, Services: all, Loader: NewLoader()}
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
		return fmt.Errorf("%s: x-service %q is already in use", file, own.Service)
	}
	c.Contracts, c.Services = append(c.Contracts, own), append(c.Services, service.Stateless(own.Service))
	return nil
}

// Sections returns the names of the sections of a fixture.
func (c *Catalog) Sections() []string {
	var names []string
	for _, s := range c.Loader.Sections {
		names = append(names, s.Name)
	}
	return names
}

// CheckSection returns an error if no section of a fixture has the name. An empty name means all
// sections.
func (c *Catalog) CheckSection(name string) error {
	if all := c.Sections(); name != "" && !slices.Contains(all, name) {
		return fmt.Errorf("no section %q%s; there are %s", name, file.Hint(name, all), strings.Join(all, ", "))
	}
	return nil
}

// Operations returns the operations of all services, in the order of their contracts.
func (c *Catalog) Operations() []*contract.Operation {
	var all []*contract.Operation
	for _, ct := range c.Contracts {
		all = append(all, ct.Operations...)
	}
	return all
}
