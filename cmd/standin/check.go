package main

import (
	"fmt"
	"os"

	"standin/emulator"
	"standin/emulator/contract"
	"standin/emulator/file"
)

type checkCmd struct {
	Files []string `arg:"" name:"file" help:"Fixtures or contracts."`
}

// Run reads the files and tells what is wrong with them.
func (c *checkCmd) Run(s streams) error {
	bad := false
	for _, name := range c.Files {
		if err := check(name); err != nil {
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

// check takes a file that says "openapi" for a contract, any other for a fixture.
func check(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	root, err := file.Parse(name, data)
	if err != nil {
		return err
	}
	if _, ok := root.Get("openapi"); ok {
		c, err := contract.Parse(name, data)
		if err != nil {
			return err
		}
		return c.CompileAll()
	}
	_, err = emulator.NewLoader().Load(name)
	return err
}
