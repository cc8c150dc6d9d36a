package main

// reportCmd is the group of reports on what clients did.
type reportCmd struct {
	Retries reportRetriesCmd `cmd:"" help:"Report how clients retried. The exit code is 1 if a rule failed."`
	Unread  reportUnreadCmd  `cmd:"" help:"List what requests contain that nothing read."`
}
