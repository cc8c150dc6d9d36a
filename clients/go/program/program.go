// Package program has what the programs of Go clients share that Standin judges.
package program

import (
	"context"
	"fmt"
	"os"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
)

// Main runs the client that the first argument names, and exits: with 0, or with 1 and the error of
// the client.
func Main(clients map[string]func() error) {
	run, ok := clients[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "no client %q\n", os.Args[1])
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// KeyManager logs in with gophercloud's option to log in again, and nothing else that is optional.
func KeyManager(ctx context.Context) (*gophercloud.ServiceClient, error) {
	options, err := openstack.AuthOptionsFromEnv()
	if err != nil {
		return nil, err
	}
	options.AllowReauth = true
	provider, err := openstack.AuthenticatedClient(ctx, options)
	if err != nil {
		return nil, err
	}
	return openstack.NewKeyManagerV1(provider, gophercloud.EndpointOpts{})
}
