package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"standin/emulator"
)

type faultsCmd struct {
	Operation string `arg:"" optional:"" help:"Only those whose names begin so: freezer, freezer.clients.create."`
}

// Run prints a line for each failure, in the words of its document.
func (c *faultsCmd) Run(s streams) error {
	k, err := emulator.Catalogue()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tREASON\tEVIDENCE\tDESCRIPTION\tEXAMPLES")
	for _, f := range k.Failures() {
		if strings.HasPrefix(f.Name, c.Operation) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Name, f.Reason, f.Evidence, f.Description, strings.Join(f.Examples, " "))
		}
	}
	return w.Flush()
}
