package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/tabwriter"

	"standin/internal/catalog"
	"standin/internal/file"
	"standin/scenarios"
)

type scenariosCmd struct {
	Name string `arg:"" optional:"" help:"Print the file of this scenario. It can be the start of your own."`
}

// Help returns examples.
func (*scenariosCmd) Help() string {
	return `Examples:
  standin scenarios
  standin scenarios flaky > flaky.yaml`
}

// schemasAt is the URL where an emulator serves the schemas that editors read.
const schemasAt = "http://127.0.0.1:9311/_standin/schemas/"

// Run prints a line for each scenario, or the file of one.
func (c *scenariosCmd) Run(s streams) error {
	if c.Name != "" {
		if names := catalog.ScenarioNames(); !slices.Contains(names, c.Name) {
			return fmt.Errorf("no built-in scenario %q%s (built in: %s)", c.Name, file.Hint(c.Name, names), strings.Join(names, ", "))
		}
		text, err := fs.ReadFile(scenarios.FS, c.Name+".yaml")
		if err == nil {
			_, err = s.out.Write(bytes.Replace(text, []byte("$schema=../schemas/"), []byte("$schema="+schemasAt), 1))
		}
		return err
	}
	all, err := catalog.Scenarios()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tWHAT HAPPENS")
	for _, sc := range all {
		fmt.Fprintf(w, "%s\t%s\n", sc.Name, sc.About)
	}
	return w.Flush()
}
