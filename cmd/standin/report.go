package main

// reportCmd is the group of commands that report on a client.
type reportCmd struct {
	Coverage coverageCmd `cmd:"" help:"Report which documented answers a client has met."`
}
