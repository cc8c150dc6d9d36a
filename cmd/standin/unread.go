package main

import (
	"context"

	"standin/internal/explain"
)

// reportCmd has the commands that report on a run.
type reportCmd struct {
	Unread unreadCmd `cmd:"" help:"List what requests contain that nothing read."`
}

type unreadCmd struct {
	remote
	Format string `default:"text" enum:"text,json" help:"Format of the report: text or json (default ${default})."`
}

// Help returns examples.
func (*unreadCmd) Help() string {
	return `The report covers the requests to all sandboxes.

Examples:
  standin report unread
  standin report unread --format json`
}

// Run prints what the requests of the run contain that nothing read.
func (c *unreadCmd) Run(ctx context.Context, s streams) error {
	cl, _ := newClient(c.URL, c.Token)
	return printReport(ctx, s.out, cl, "reports/unread", c.Format, new(explain.Report))
}
