package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

type sandboxesCmd struct {
	remotes
	Format string `env:"-" default:"text" enum:"text,json" help:"text (default) or json."`
}

// Help returns examples.
func (*sandboxesCmd) Help() string {
	return `Examples:
  standin sandboxes
  standin sandboxes --url http://10.0.0.1:9311 --url http://10.0.0.2:9311`
}

// Run prints the sandboxes of all emulators by name. If one does not answer, it prints those of the
// others, and returns an error.
func (c *sandboxesCmd) Run(ctx context.Context, s streams) error {
	clients, err := c.all()
	if err != nil {
		return err
	}
	found, missing := sandboxes(ctx, clients)
	slices.SortStableFunc(found, func(a, b listed) int { return strings.Compare(a.Name, b.Name) })
	switch {
	case len(found) == 0: // each emulator has at least one
		return missing
	case c.Format == "json":
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return errors.Join(e.Encode(found), missing)
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SANDBOX\tREQUESTS\tFAULTS\tSCENARIO\tEMULATOR")
	for _, l := range found {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", l.Name, l.Requests, l.Faults, l.Scenario, l.Emulator)
	}
	return errors.Join(w.Flush(), missing)
}
