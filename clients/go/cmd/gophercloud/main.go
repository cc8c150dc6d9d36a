// Command gophercloud runs gophercloud's keymanager/v1 with the address in the environment. Its
// arguments are MODE and CONTROL.
package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/containers"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/secrets"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"standin/clients/check"
)

var ctx = context.Background()

func main() {
	check.Main(map[string]func(){
		"plain":                  plain,
		"token-expires-mid-run":  tokenExpires,
		"fails-twice-then-works": failsTwice,
		"errors":                 errors,
	})
}

// authenticate logs in with the variables of the environment. changes modify the options.
func authenticate(changes ...func(*gophercloud.AuthOptions)) (*gophercloud.ProviderClient, error) {
	options := check.Must(openstack.AuthOptionsFromEnv())
	options.AllowReauth = true
	for _, change := range changes {
		change(&options)
	}
	return openstack.AuthenticatedClient(ctx, options)
}

// keyManager returns the service client, found by the catalogue and Barbican's list of versions.
func keyManager() *gophercloud.ServiceClient {
	return check.Must(openstack.NewKeyManagerV1(check.Must(authenticate()), gophercloud.EndpointOpts{}))
}

// id returns the last element of a reference.
func id(ref string) string { return path.Base(ref) }

// plain logs in at the address, with and without a slash, and does the work of the mode plain.
func plain() {
	bare := strings.TrimSuffix(os.Getenv("OS_AUTH_URL"), "/identity/v3")
	for _, address := range []string{bare, bare + "/"} {
		provider := check.Must(authenticate(func(o *gophercloud.AuthOptions) { o.IdentityEndpoint = address }))
		c := check.Must(openstack.NewKeyManagerV1(provider, gophercloud.EndpointOpts{}))
		check.Must(secrets.List(c, secrets.ListOpts{Limit: 1}).AllPages(ctx))
	}
	work()
}

func work() {
	c := keyManager()
	secretRef := withSecret(c)
	withContainer(c, secretRef)
	check.OK("delete the secret", secrets.Delete(ctx, c, id(secretRef)).ExtractErr())
	_, err := secrets.Get(ctx, c, id(secretRef)).Extract()
	check.Refused("get the secret that is gone", err, refusal("GET", `\S+/v1/secrets/`+id(secretRef), "200", 404, `\{"code":404,"title":"Not Found","description":"Secret not found\."\}`))
	check.Report("secret with payload and metadata, container, consumers, 7 pages by next, deletes, 404; logs in at the bare address")
}

// withSecret creates a secret with payload and metadata, and reads it.
func withSecret(c *gophercloud.ServiceClient) string {
	made := check.Must(secrets.Create(ctx, c, secrets.CreateOpts{
		Name: "db password", Payload: "s3cret, naïve", PayloadContentType: "text/plain", SecretType: secrets.PassphraseSecret}).Extract())
	check.Fits("the secret's reference", made.SecretRef, `https?://\S+/v1/secrets/[0-9a-f-]{36}`)
	got := check.Must(secrets.Get(ctx, c, id(made.SecretRef)).Extract())
	check.Same("get the secret", []string{got.Name, got.Status, got.SecretType, got.SecretRef, got.ContentTypes["default"]},
		[]string{"db password", "ACTIVE", "passphrase", made.SecretRef, "text/plain"})
	payload := check.Must(secrets.GetPayload(ctx, c, id(made.SecretRef), nil).Extract())
	check.Same("the payload", string(payload), "s3cret, naïve")
	check.Must(secrets.CreateMetadata(ctx, c, id(made.SecretRef), secrets.MetadataOpts{"owner": "billing"}).Extract())
	metadata := check.Must(secrets.GetMetadata(ctx, c, id(made.SecretRef)).Extract())
	check.Same("the metadata", metadata, map[string]string{"owner": "billing"})
	empty := check.Must(secrets.Create(ctx, c, secrets.CreateOpts{Name: "later"}).Extract())
	check.OK("a payload afterwards", secrets.Update(ctx, c, id(empty.SecretRef), secrets.UpdateOpts{ContentType: "text/plain", Payload: "now"}).ExtractErr())
	check.Same("the later payload", string(check.Must(secrets.GetPayload(ctx, c, id(empty.SecretRef), nil).Extract())), "now")
	named := check.Must(secrets.ExtractSecrets(check.Must(secrets.List(c, secrets.ListOpts{Name: "later"}).AllPages(ctx))))
	check.Same("secrets by name", []any{len(named), named[0].SecretRef}, []any{1, empty.SecretRef})
	return made.SecretRef
}

// withContainer creates a container and its consumers, reads the pages, and deletes them again.
func withContainer(c *gophercloud.ServiceClient, secretRef string) {
	made := check.Must(containers.Create(ctx, c, containers.CreateOpts{
		Type: containers.GenericContainer, Name: "app", SecretRefs: []containers.SecretRef{{Name: "password", SecretRef: secretRef}}}).Extract())
	name := id(made.ContainerRef)
	want := []containers.ConsumerRef{}
	for i := range 13 {
		consumer := containers.CreateConsumerOpts{Name: fmt.Sprintf("lb%02d", i), URL: fmt.Sprintf("http://lb/%d", i)}
		want = append(want, containers.ConsumerRef(consumer))
		told := check.Must(containers.CreateConsumer(ctx, c, name, consumer).Extract())
		check.Same("consumers in the answer", told.Consumers, want)
	}
	got := check.Must(containers.Get(ctx, c, name).Extract())
	check.Same("get the container", []any{got.Name, got.Type, got.Status, got.ContainerRef, got.Consumers, got.SecretRefs},
		[]any{"app", "generic", "ACTIVE", made.ContainerRef, want, []containers.SecretRef{{Name: "password", SecretRef: secretRef}}})
	pages, found := 0, []containers.ConsumerRef{}
	check.OK("pages", containers.ListConsumers(c, name, containers.ListOpts{Limit: 2}).EachPage(ctx, func(_ context.Context, p pagination.Page) (bool, error) {
		consumers, err := containers.ExtractConsumers(p)
		for _, one := range consumers {
			found = append(found, containers.ConsumerRef{Name: one.Name, URL: one.URL})
		}
		pages++
		return true, err
	}))
	check.Same("pages of 2", pages, 7)
	check.Same("consumers on the pages", found, want)
	told := check.Must(containers.DeleteConsumer(ctx, c, name, containers.DeleteConsumerOpts(want[0])).Extract())
	check.Same("consumers after a deletion", told.Consumers, want[1:])
	_, err := containers.DeleteConsumer(ctx, c, name, containers.DeleteConsumerOpts(want[0])).Extract()
	check.Refused("delete the consumer again", err, refusal("DELETE", `\S+/v1/containers/`+name+`/consumers`, "200", 404, `\{"code":404,"title":"Not Found","description":"Consumer not found\."\}`))
	check.Same("containers", listed(c), []string{"web tls", "passwords", "app"})
	check.OK("delete the container", containers.Delete(ctx, c, name).ExtractErr())
	check.Same("containers after the deletion", listed(c), []string{"web tls", "passwords"})
}

// refusal returns a regular expression for the text of gophercloud's error.
func refusal(method, address, expected string, status int, body string) string {
	return fmt.Sprintf(`Expected HTTP response code \[%s[0-9 ]*\] when accessing \[%s %s\], but got %d instead: %s`, expected, method, address, status, body)
}

// list requests the first page of containers and returns their names.
func list(c *gophercloud.ServiceClient) (names []string, err error) {
	page, err := containers.List(c, nil).AllPages(ctx)
	if err != nil {
		return nil, err
	}
	found, err := containers.ExtractContainers(page)
	for _, one := range found {
		names = append(names, one.Name)
	}
	return names, err
}

func listed(c *gophercloud.ServiceClient) []string { return check.Must(list(c)) }
