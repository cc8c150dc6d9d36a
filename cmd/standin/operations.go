package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"standin/internal/catalog"
	"standin/internal/contract"
)

type operationsCmd struct {
	Operation string `arg:"" optional:"" help:"Show only these operations: a name such as freezer.clients.create, or a glob such as freezer.*."`
}

// Help returns examples.
func (*operationsCmd) Help() string {
	return `Examples:
  standin operations
  standin operations 'freezer.clients.*'`
}

// Run prints a line for each operation: the documented statuses, the other statuses, and the number
// of quirks that can change an answer. For a single operation it also prints the names of the
// quirks.
func (c *operationsCmd) Run(s streams) error {
	all, err := catalog.Contracts()
	if err != nil {
		return err
	}
	wanted, found := contract.NewGlob(c.Operation), 0
	var last []string // quirks of the last one
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tMETHOD\tPATH\tDOCUMENTED\tBEYOND THE DOCUMENT\tQUIRKS")
	for _, ct := range all {
		for _, op := range ct.Operations {
			if !wanted.Match(op.ID) {
				continue
			}
			found++
			documented, beyond := statuses(op)
			last = quirksOf(ct, op)
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", op.ID, op.Method, op.Path, documented, beyond, len(last))
		}
	}
	if found == 0 {
		k, err := catalog.Rules()
		if err == nil {
			err = k.Known(c.Operation)
		}
		return err
	}
	err = w.Flush()
	if found == 1 && len(last) > 0 {
		fmt.Fprintf(s.out, "\nquirks: %s\n", strings.Join(last, " "))
	}
	return err
}

// quirksOf returns the names of the quirks that can change an answer of the operation.
func quirksOf(ct *contract.Contract, op *contract.Operation) []string {
	var names []string
	for _, q := range ct.Quirks {
		if q.Marks(op) {
			names = append(names, q.Name)
		}
	}
	return names
}

func statuses(op *contract.Operation) (documented, beyond string) {
	var d, b []string
	for _, r := range op.Responses() {
		if r.Evidence == contract.Document {
			d = append(d, strconv.Itoa(r.Status))
		} else {
			b = append(b, strconv.Itoa(r.Status))
		}
	}
	return strings.Join(d, " "), strings.Join(b, " ")
}
