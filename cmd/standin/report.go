package main

// reportCmd is the group of commands that report on a client.
type reportCmd struct {
	Coverage coverageCmd      `cmd:"" help:"Report which documented answers a client has met."`
	Retries  reportRetriesCmd `cmd:"" help:"Report how a client retried. The exit code is 1 if a rule failed."`
	Unread   reportUnreadCmd  `cmd:"" help:"List what requests contain that nothing read."`
}
