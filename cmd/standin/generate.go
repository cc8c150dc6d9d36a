package main

import (
	"fmt"
	"slices"

	"standin/internal/catalog"
	"standin/internal/world"
)

type generateCmd struct {
	Service string `required:"" enum:"${sections}" help:"Service whose records are generated: ${enum}."`
	Count   int    `default:"10" help:"Number of records of each kind (default ${default})."`
	Seed    int64  `default:"${seed}" help:"Seed (default ${default}). The same seed generates the same records."`
}

// Help returns examples.
func (*generateCmd) Help() string {
	return `Example:
  standin generate --service freezer --count 100 > clients.yaml`
}

// maxGenerated is the maximum of --count. It limits the memory that is used.
const maxGenerated = 1_000_000

// Run writes the fixture.
func (c *generateCmd) Run(s streams) error {
	if c.Count < 0 || c.Count > maxGenerated {
		return fmt.Errorf("--count %d: expected 0 to %d", c.Count, maxGenerated)
	}
	b, err := catalog.NewLoader().Generate(c.Service, c.Count, c.Seed)
	if err != nil {
		return err
	}
	_, err = s.out.Write(b)
	return err
}

// generated returns the sections of a fixture whose records can be generated.
func generated() []string {
	var names []string
	for _, s := range catalog.NewLoader().Sections {
		if slices.ContainsFunc(s.Collections, func(c world.Collection) bool { return c.Fake != nil }) {
			names = append(names, s.Name)
		}
	}
	return names
}
