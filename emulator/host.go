package emulator

import (
	"fmt"

	"standin/emulator/contract"
	"standin/emulator/world"
)

// mostOverHTTP is how many records a request may have made up in one block.
const mostOverHTTP = 100_000

// host is the emulator as the control API sees it.
type host struct{ e *Emulator }

func (h host) Contracts() []*contract.Contract {
	var all []*contract.Contract
	for _, b := range h.e.routes.services {
		all = append(all, b.contract)
	}
	return all
}

func (h host) Version() string        { return Version() }
func (h host) Violations() uint64     { return h.e.Violations() }
func (h host) AllowedHosts() []string { return h.e.config.controlHosts }
func (h host) World() *world.World    { return h.e.sandbox.world.Load() }

func (h host) Reset() *world.World {
	h.e.sandbox.restart()
	return h.e.sandbox.start.World
}

func (h host) Sections() []string {
	var names []string
	for _, s := range h.e.loader.Sections {
		names = append(names, s.Name)
	}
	return names
}

func (h host) Dump(w *world.World, section string) ([]byte, error) {
	fx := &world.Fixture{World: w, Freeze: h.e.sandbox.freeze.Load()}
	if section == "" {
		return h.e.loader.Dump(fx)
	}
	return h.e.loader.Dump(fx, section)
}

func (h host) Load(w *world.World, section string, data []byte) (*world.World, error) {
	loader := *h.e.loader
	loader.MostGenerated = mostOverHTTP
	if section != "" {
		next, err := loader.Replace(w, "(request body)", section, data)
		if err != nil {
			return nil, fmt.Errorf("nothing was loaded: %w", err)
		}
		return next, nil
	}
	fx, err := loader.LoadBytes("(request body)", data)
	if err != nil {
		return nil, fmt.Errorf("nothing was loaded: %w", err)
	}
	h.e.sandbox.freeze.Store(fx.Freeze)
	return fx.World, nil
}
