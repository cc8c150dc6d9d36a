package main

import (
	"context"

	"standin/internal/explain"
)

type reportUnreadCmd struct {
	remote
	Format string `default:"text" enum:"text,json" help:"Format of the report: text or json (default ${default})."`
}

// Help returns examples.
func (*reportUnreadCmd) Help() string {
	return `The report covers the requests to all sandboxes.

Examples:
  standin report unread
  standin report unread --format json`
}

// Run prints what the requests of the run contain that nothing read.
func (c *reportUnreadCmd) Run(ctx context.Context, s streams) error {
	cl, _, _ := c.client("") // it covers all sandboxes
	return printReport(ctx, s.out, cl, "reports/unread", c.Format, new(explain.Report))
}
