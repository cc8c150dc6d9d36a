package main

import (
	"cmp"
	"fmt"
	"strings"

	"standin/internal/catalog"
	"standin/internal/contract"
)

type quirksCmd struct {
	Name string `arg:"" optional:"" help:"Show only these quirks: a name, or a glob such as freezer.*."`
}

// Help returns examples.
func (*quirksCmd) Help() string {
	return `Examples:
  standin quirks
  standin quirks 'freezer.*'`
}

// Run prints what the document and the server say, for each quirk.
func (c *quirksCmd) Run(s streams) error {
	all, err := catalog.Quirks()
	if err != nil {
		return err
	}
	wanted := contract.NewGlob(c.Name)
	found := false
	for _, q := range all {
		if !wanted.Match(q.Name) {
			continue
		}
		found = true
		note := ""
		if q.Setting {
			note = "  (a setting of the server, not part of the observed profile)"
		}
		fmt.Fprintf(s.out, "%s%s\n  operations: %s\n  document:   %s\n  server:     %s\n  evidence:   %s\n",
			q.Name, note, cmp.Or(strings.Join(q.Operations, " "), "all"), q.Document, q.Server, q.Evidence)
	}
	if !found {
		return fmt.Errorf("no quirk %q; standin quirks lists them", c.Name)
	}
	return nil
}
