// Command retries runs real Go clients that meet failures. Its argument is the client. They read
// several times and create twice. The first error ends them, as it ends most programs.
// clients/verdicts runs this command.
package main

import (
	"context"

	"github.com/SSHcom/privx-sdk-go/v2/api/userstore"
	"github.com/SSHcom/privx-sdk-go/v2/oauth"
	"github.com/SSHcom/privx-sdk-go/v2/restapi"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/containers"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/secrets"

	"standin/clients/program"
)

func main() {
	program.Main(map[string]func() error{"gophercloud": gopher, "privx-sdk-go": privx})
}

// gopher uses gophercloud.
func gopher() error {
	ctx := context.Background()
	c, err := program.KeyManager(ctx)
	if err != nil {
		return err
	}
	for range 4 {
		if _, err := containers.List(c, nil).AllPages(ctx); err != nil {
			return err
		}
	}
	if _, err := containers.Create(ctx, c, containers.CreateOpts{Type: containers.GenericContainer, Name: "app"}).Extract(); err != nil {
		return err
	}
	_, err = secrets.Create(ctx, c, secrets.CreateOpts{Name: "later"}).Extract()
	return err
}

// privx uses privx-sdk-go as its README does.
func privx() error {
	auth := oauth.With(restapi.New(restapi.UseEnvironment()), oauth.UseEnvironment())
	store := userstore.New(restapi.New(restapi.Auth(auth), restapi.UseEnvironment()))
	for range 3 {
		if _, err := store.GetAPIClients(); err != nil {
			return err
		}
	}
	_, err := store.CreateAPIClient(&userstore.APIClientCreate{Name: "robot"})
	return err
}
