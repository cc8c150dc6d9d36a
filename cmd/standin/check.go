package main

import (
	"fmt"
	"os"
	"slices"

	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/core"
	"standin/internal/file"
)

type checkCmd struct {
	Files []string `arg:"" name:"file" help:"Fixtures, scenarios or contracts, in YAML or JSON."`
}

// Help returns examples.
func (*checkCmd) Help() string {
	return `Example:
  standin check scenario.yaml fixtures/*.yaml`
}

// Run reads the files and reports their mistakes: at most twenty per section of a fixture, at most
// twenty of a scenario, the first of a contract. Warnings are not mistakes.
func (c *checkCmd) Run(s streams) error {
	bad := false
	for _, name := range c.Files {
		warnings, err := check(name)
		for _, w := range warnings {
			fmt.Fprintln(s.err, w)
		}
		if err != nil {
			bad = true
			fmt.Fprintln(s.err, err)
			continue
		}
		fmt.Fprintf(s.out, "%s: ok\n", name)
	}
	if bad {
		return errSilent
	}
	return nil
}

// checkContract checks a contract. A contract that is not of a built-in service is also loaded as
// serve loads it.
func checkContract(name string, data []byte) error {
	c, err := contract.Parse(name, data)
	if err != nil {
		return err
	}
	builtin, err := catalog.Contracts()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(builtin, func(o *contract.Contract) bool { return o.Service == c.Service }) {
		return c.CompileAll()
	}
	_, err = core.New(core.Options{Catalog: catalog.Options{Contracts: []string{name}}})
	return err
}

// check checks a file. A file with the key "openapi" is a contract. One with "faults", "expect",
// "name" or "fixture" is a scenario. Any other file is a fixture.
func check(name string) (warnings []error, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	if _, ok := root.Get("openapi"); ok {
		return nil, checkContract(name, data)
	}
	if isScenario(root) {
		return catalog.CheckScenario(name, data)
	}
	_, err = catalog.NewLoader().Load(name)
	return nil, err
}
