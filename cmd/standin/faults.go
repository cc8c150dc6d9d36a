package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"standin/internal/catalog"
	"standin/internal/contract"
)

type faultsCmd struct {
	Name string `arg:"" optional:"" help:"Show only these operations, such as freezer.clients.create or a glob freezer.*. Or show one failure with its bodies, such as freezer.clients.create/503."`
}

// Help returns examples.
func (*faultsCmd) Help() string {
	return `Examples:
  standin faults 'freezer.clients.*'
  standin faults freezer.clients.create/753
  curl -i http://127.0.0.1:9311/v1/clients -H 'X-Standin-Fault: freezer.clients.list/401'`
}

// Run prints a line for each failure, or one failure with its bodies.
func (c *faultsCmd) Run(s streams) error {
	k, err := catalog.Rules()
	if err != nil {
		return err
	}
	if strings.Contains(c.Name, "/") {
		f, bodies, err := k.Find(c.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s  %s\n  %s\n  evidence: %s\n", f.Name, f.Reason, f.Description, f.Evidence)
		for _, name := range slices.Sorted(maps.Keys(bodies)) {
			fmt.Fprintf(s.out, "\n%s/%s\n  %s\n", f.Name, name, bodies[name])
		}
		return nil
	}
	if err := k.Known(c.Name); err != nil {
		return err
	}
	wanted := contract.NewGlob(c.Name)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tREASON\tEVIDENCE\tEXAMPLES")
	for _, f := range k.Failures() {
		if wanted.Match(f.Operation) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Name, f.Reason, f.Evidence, few(f.Examples))
		}
	}
	return w.Flush()
}

// maxShown is the number of examples in a line of the list.
const maxShown = 2

// few returns the first names, and how many more there are.
func few(names []string) string {
	if more := len(names) - maxShown; more > 0 {
		return fmt.Sprintf("%s +%d", strings.Join(names[:maxShown], " "), more)
	}
	return strings.Join(names, " ")
}
