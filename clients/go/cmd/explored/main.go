// Command explored runs a little program of a Go client. Its argument is the client. The program
// creates records, reads them back, changes one and deletes one. The first error ends it.
// clients/explored runs this command.
package main

import (
	"context"
	"path"

	"github.com/SSHcom/privx-sdk-go/v2/api/userstore"
	"github.com/SSHcom/privx-sdk-go/v2/oauth"
	"github.com/SSHcom/privx-sdk-go/v2/restapi"
	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/containers"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/secrets"

	"standin/clients/program"
)

func main() {
	program.Main(map[string]func() error{"gophercloud": gopher, "privx-sdk-go": privx})
}

// gopher stores two secrets in a container with a consumer.
func gopher() error {
	ctx := context.Background()
	c, err := program.KeyManager(ctx)
	if err != nil {
		return err
	}
	password, err := secrets.Create(ctx, c, secrets.CreateOpts{Name: "db password", Payload: "s3cret", PayloadContentType: "text/plain"}).Extract()
	if err != nil {
		return err
	}
	key, err := secrets.Create(ctx, c, secrets.CreateOpts{Name: "db key"}).Extract()
	if err != nil {
		return err
	}
	if err := secrets.Update(ctx, c, path.Base(key.SecretRef), secrets.UpdateOpts{ContentType: "text/plain", Payload: "the key"}).ExtractErr(); err != nil {
		return err
	}
	box, err := containers.Create(ctx, c, containers.CreateOpts{Type: containers.GenericContainer, Name: "db", SecretRefs: []containers.SecretRef{
		{Name: "password", SecretRef: password.SecretRef}, {Name: "key", SecretRef: key.SecretRef}}}).Extract()
	if err != nil {
		return err
	}
	if err := consumers(ctx, c, path.Base(box.ContainerRef)); err != nil {
		return err
	}
	if _, err := secrets.GetPayload(ctx, c, path.Base(password.SecretRef), nil).Extract(); err != nil {
		return err
	}
	spare, err := containers.Create(ctx, c, containers.CreateOpts{Type: containers.GenericContainer, Name: "spare"}).Extract()
	if err != nil {
		return err
	}
	if err := containers.Delete(ctx, c, path.Base(spare.ContainerRef)).ExtractErr(); err != nil {
		return err
	}
	_, err = containers.List(c, nil).AllPages(ctx)
	return err
}

// consumers adds two consumers to a container, removes one, and reads the container.
func consumers(ctx context.Context, c *gophercloud.ServiceClient, box string) error {
	for _, name := range []string{"web", "old"} {
		if _, err := containers.CreateConsumer(ctx, c, box, containers.CreateConsumerOpts{Name: name, URL: "http://" + name}).Extract(); err != nil {
			return err
		}
	}
	if _, err := containers.DeleteConsumer(ctx, c, box, containers.DeleteConsumerOpts{Name: "old", URL: "http://old"}).Extract(); err != nil {
		return err
	}
	_, err := containers.Get(ctx, c, box).Extract()
	return err
}

// privx uses privx-sdk-go as its README does.
func privx() error {
	auth := oauth.With(restapi.New(restapi.UseEnvironment()), oauth.UseEnvironment())
	store := userstore.New(restapi.New(restapi.Auth(auth), restapi.UseEnvironment()))
	var ids []string
	for _, name := range []string{"robot", "spare"} {
		made, err := store.CreateAPIClient(&userstore.APIClientCreate{Name: name})
		if err != nil {
			return err
		}
		ids = append(ids, made.ID)
	}
	robot, err := store.GetAPIClient(ids[0])
	if err != nil {
		return err
	}
	robot.Name = "renamed"
	if err := store.UpdateAPIClient(robot.ID, robot); err != nil {
		return err
	}
	if _, err := store.SearchAPIClients(&userstore.APIClientSearch{Keywords: "renamed"}); err != nil {
		return err
	}
	if err := store.DeleteAPIClient(ids[1]); err != nil {
		return err
	}
	_, err = store.GetAPIClients()
	return err
}
