package main

import (
	"fmt"

	"standin/internal/catalog"
)

type generateCmd struct {
	Service string `required:"" enum:"freezer,barbican,devops,privx" help:"Whose records to make up: ${enum}."`
	Count   int    `default:"10" help:"How many of each kind."`
	Seed    int64  `default:"${seed}" help:"The same seed makes the same records."`
}

// mostGenerated bounds what is held in memory.
const mostGenerated = 1_000_000

// Run writes the fixture.
func (c *generateCmd) Run(s streams) error {
	if c.Count < 0 || c.Count > mostGenerated {
		return fmt.Errorf("--count %d: expected 0 to %d", c.Count, mostGenerated)
	}
	b, err := catalog.NewLoader().Generate(c.Service, c.Count, c.Seed)
	if err != nil {
		return err
	}
	_, err = s.out.Write(b)
	return err
}
