package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"standin/emulator"
	"standin/emulator/contract"
)

type operationsCmd struct{}

// Run prints a line for each operation: the statuses that its document lists,
// and those beyond, and the quirks that may change an answer.
func (c *operationsCmd) Run(s streams) error {
	all, err := emulator.Contracts()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tMETHOD\tPATH\tDOCUMENTED\tBEYOND THE DOCUMENT\tQUIRKS")
	for _, ct := range all {
		for _, op := range ct.Operations {
			documented, beyond := statuses(op)
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", op.ID, op.Method, op.Path, documented, beyond, quirksOf(ct, op))
		}
	}
	return w.Flush()
}

// quirksOf names the quirks that may change an answer of the operation, without their service.
func quirksOf(ct *contract.Contract, op *contract.Operation) string {
	var names []string
	for _, q := range ct.Quirks {
		if q.Marks(op) {
			names = append(names, strings.TrimPrefix(q.Name, ct.Service+"."))
		}
	}
	return strings.Join(names, " ")
}

func statuses(op *contract.Operation) (documented, beyond string) {
	var d, b []string
	for _, r := range op.Responses {
		if r.Evidence == contract.Document {
			d = append(d, strconv.Itoa(r.Status))
		} else {
			b = append(b, strconv.Itoa(r.Status))
		}
	}
	return strings.Join(d, " "), strings.Join(b, " ")
}
