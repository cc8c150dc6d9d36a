package main

import (
	"standin/internal/catalog"
)

type schemaCmd struct {
	Name string `arg:"" enum:"scenario,fixture,coverage,retries,explore" help:"Kind of file: ${enum}. coverage and retries are the JSON of standin report; explore is the report.json of standin explore."`
}

// Help returns an example.
func (*schemaCmd) Help() string {
	return `A running emulator serves the schemas too. This first line of a file names its schema for editors:
  # yaml-language-server: $schema=` + schemasAt + `scenario.schema.json

Example:
  standin schema scenario > scenario.schema.json`
}

// Run prints the schema.
func (c *schemaCmd) Run(s streams) error {
	_, err := s.out.Write(catalog.Schema(c.Name))
	return err
}
