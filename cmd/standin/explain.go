package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"standin/internal/explain"
	"standin/internal/sandbox"
)

type explainCmd struct {
	Sequence number `arg:"" name:"number" help:"Number of the exchange, as standin requests prints it."`
	remote
	Sandbox string `placeholder:"NAME" help:"Name of the sandbox. Default: that in --url, or else the default sandbox."`
	Format  string `default:"text" enum:"text,json" help:"Format of the explanation: text or json (default ${default})."`
}

// Help returns examples.
func (*explainCmd) Help() string {
	return `Examples:
  standin explain 3
  standin explain 3 --sandbox checkout
  standin explain 3 --format json`
}

// Run prints why an exchange was answered as it was.
func (c *explainCmd) Run(ctx context.Context, s streams) error {
	cl, box, err := c.client(c.Sandbox)
	if err != nil {
		return err
	}
	return printReport(ctx, s.out, cl, of(cmp.Or(box, sandbox.Default), "requests/"+strconv.FormatUint(uint64(c.Sequence), 10)+"/explanation"), c.Format, new(explain.Explanation))
}

// printReport requests a report and prints it, as it is sent or as text.
func printReport(ctx context.Context, w io.Writer, cl client, path, format string, report fmt.Stringer) error {
	if format == "json" {
		var text json.RawMessage
		if err := cl.read(ctx, path, url.Values{"format": {"json"}}, &text); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%s\n", text)
		return err
	}
	if err := cl.read(ctx, path, url.Values{"format": {"json"}}, report); err != nil {
		return err
	}
	_, err := io.WriteString(w, report.String())
	return err
}
