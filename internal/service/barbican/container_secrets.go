package barbican

import (
	"net/http"
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
)

// containerSecretOperations add secrets to a container and remove them.
var containerSecretOperations = []service.Operation{
	{ID: "barbican.container-secrets.add", Do: addSecret, Policy: policy("Container Secret creation", changing, newChange), Reads: onlyJSON},
	{ID: "barbican.container-secrets.remove", Do: removeSecret, Policy: policy("Container Secret deletion", changing, newChange)},
}

// addSecret handles POST {container_ref}/secrets. The response is the reference of the container.
func addSecret(c *service.Call) (service.Reply, error) {
	ct := containers.Get(c.View, c.Vars["container_ref"])
	// barbican/container-secrets.yaml: "add to rsa"
	if ct.Type != "generic" {
		return service.Reply{}, service.Errorf(service.Invalid, "", "Only 'generic' containers can be modified.")
	}
	r, given, err := readContainerSecret(c)
	if err != nil {
		return service.Reply{}, err
	}
	if err := pathless(c, given, "Container Secret creation"); err != nil {
		return service.Reply{}, err
	}
	if !hasSecret(c, r.SecretRef) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Secret provided doesn't exist.")
	}
	if slices.ContainsFunc(ct.Secrets, r.same) {
		return service.Reply{}, service.Errorf(service.Conflict, "", "Conflict. A secret with that name and ID is already stored in this container. The same secret can exist in a container as long as the name is unique.")
	}
	containers.Update(c.Tx(), ct, func(ct *container) { ct.Secrets = append(slices.Clone(ct.Secrets), r) })
	return containerRef(c, ct), nil
}

// removeSecret handles DELETE {container_ref}/secrets. It accepts containers of every type
// (barbican/container-secrets.yaml: "remove from rsa").
func removeSecret(c *service.Call) (service.Reply, error) {
	r, given, err := readContainerSecret(c)
	if err != nil {
		return service.Reply{}, err
	}
	if err := pathless(c, given, "Container Secret deletion"); err != nil {
		return service.Reply{}, err
	}
	if !hasSecret(c, r.SecretRef) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Secret '%s' with reference '%s' doesn't exist.", r.label(), given)
	}
	ct := containers.Get(c.View, c.Vars["container_ref"])
	kept := slices.DeleteFunc(slices.Clone(ct.Secrets), r.same)
	if len(kept) == len(ct.Secrets) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Secret provided is not in the container")
	}
	containers.Update(c.Tx(), ct, func(ct *container) { ct.Secrets = kept })
	return service.Reply{Status: http.StatusNoContent}, nil
}

// hasSecret reports whether the caller's project has the secret
// (barbican/container-secrets.yaml: "add of another project").
func hasSecret(c *service.Call, id string) bool {
	s := livingSecret(c, id)
	return s != nil && s.ProjectID == c.Caller.Project.ID
}

// pathless returns the failure of the server for a reference without a slash. The quirk is
// barbican.reference-without-a-path-is-500.
func pathless(c *service.Call, ref, what string) error {
	if !strings.Contains(ref, "/") && c.Quirk(pathlessReferenceFails) {
		return failure(what)
	}
	return nil
}

// failure returns the server's 500 for an unexpected exception.
func failure(what string) *service.Error {
	return service.Errorf(service.Internal, "", "%s failure seen - please contact site administrator.", what)
}

// same reports whether both have the same secret and name.
func (r secretRef) same(o secretRef) bool {
	return r.SecretRef == o.SecretRef && r.label() == o.label()
}

// label returns the name as it is in messages.
func (r secretRef) label() string {
	if r.Name == nil {
		return "None"
	}
	return *r.Name
}

var containerSecretSchema = &openstack.Schema{
	Title:    "ContainerSecret",
	Types:    []string{"object"},
	Members:  []openstack.Property{{Name: "name", Schema: shortText}, {Name: "secret_ref", Schema: filledText}},
	Required: []string{"secret_ref"},
}

// readContainerSecret reads {"name", "secret_ref"}. It also returns the reference as it was sent.
func readContainerSecret(c *service.Call) (r secretRef, given string, err error) {
	o, err := readObject(c, containerSecretSchema)
	if err != nil {
		return r, "", err
	}
	given = o.Text("secret_ref")
	return secretRef{Name: o.TextOrNil("name"), SecretRef: given[strings.LastIndexByte(given, '/')+1:]}, given, nil
}
