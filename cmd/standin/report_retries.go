package main

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"

	"standin/emulator/journal"
	"standin/internal/report"
	"standin/internal/retry"
	"standin/internal/sandbox"
)

type reportRetriesCmd struct {
	remote
	Sandbox   string      `placeholder:"NAME" help:"Name of the sandbox. Default: that in --url, or else the default sandbox."`
	Operation string      `placeholder:"GLOB" help:"Only these operations, such as freezer.*."`
	Except    []string    `env:"-" placeholder:"RULE" help:"Rule that is not judged. May be repeated."`
	Require   []string    `env:"-" placeholder:"RULE" help:"Rule whose warning is a failure. May be repeated."`
	Max       int         `env:"-" placeholder:"N" help:"Attempts that one request may take (default 10)."`
	Tolerance string      `env:"-" placeholder:"PERCENT" help:"How much earlier than Retry-After a client may come (default 10%, at least 50 ms)."`
	Format    report.Form `default:"text" help:"text, json, junit, markdown or html (default ${default})."`
}

// Help returns examples.
func (*reportRetriesCmd) Help() string {
	return `Examples:
  standin report retries
  standin report retries --operation 'freezer.*' --max 5 --except no-jitter
  standin report retries --url http://127.0.0.1:9311/~checkout --format junit > retries.xml`
}

// Run prints the report of a running emulator.
func (c *reportRetriesCmd) Run(ctx context.Context, s streams) error {
	cl, box, err := c.client(c.Sandbox)
	if err != nil {
		return err
	}
	box = cmp.Or(box, sandbox.Default)
	q := url.Values{}
	for name, text := range map[string]string{
		"operation": c.Operation, "except": strings.Join(c.Except, ","), "require": strings.Join(c.Require, ","), "tolerance": c.Tolerance,
	} {
		if text != "" {
			q.Set(name, text)
		}
	}
	if c.Max != 0 {
		q.Set("max", strconv.Itoa(c.Max))
	}
	var r journal.Retries
	if err := cl.read(ctx, of(box, "reports/retries"), q, &r); err != nil {
		return err
	}
	if err := report.Write(s.out, c.Format, retry.Report("retries in sandbox "+box, &r)); err != nil {
		return err
	}
	if !r.Good() {
		return errSilent
	}
	return nil
}
