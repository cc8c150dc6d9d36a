package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"standin/emulator"
	"standin/emulator/contract"
)

type faultsCmd struct {
	Operation string `arg:"" optional:"" help:"Only those of these operations: freezer.clients.create, or a glob such as freezer.*."`
}

// Run prints a line for each failure, in the words of its document.
func (c *faultsCmd) Run(s streams) error {
	k, err := emulator.Catalogue()
	if err != nil {
		return err
	}
	if err := k.Known(c.Operation); err != nil {
		return err
	}
	wanted := contract.NewGlob(c.Operation)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tREASON\tEVIDENCE\tDESCRIPTION\tEXAMPLES")
	for _, f := range k.Failures() {
		if wanted.Match(f.Operation) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Name, f.Reason, f.Evidence, f.Description, strings.Join(f.Examples, " "))
		}
	}
	return w.Flush()
}
