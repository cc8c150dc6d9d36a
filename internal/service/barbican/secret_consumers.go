package barbican

import (
	"math"
	"net/http"
	"strconv"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// secretConsumerOperations are the operations on the consumers of a secret.
var secretConsumerOperations = []service.Operation{
	{ID: "barbican.secret-consumers.list", Do: listSecretConsumers, Policy: policy("SecretConsumers(s) retrieval", reading, newRead), Reads: query(secretParametersBreak, "limit", "offset")},
	{ID: "barbican.secret-consumers.create", Do: createSecretConsumer, Policy: policy("SecretConsumer creation", reading, newRead), Reads: onlyJSON},
	{ID: "barbican.secret-consumers.delete", Do: deleteSecretConsumer, Policy: policy("SecretConsumer deletion", reading, newRead), Reads: onlyJSON},
	{ID: "barbican.secret-consumers.show", Do: showSecretConsumer, Policy: secretConsumerRetrieval},
}

// secretConsumerRetrieval is also the rule of paths below the operation.
var secretConsumerRetrieval = policy("SecretConsumer retrieval", has("admin", "observer", "creator", "audit"), nobody)

// A secretConsumer is a resource of a service that uses a secret. Deleted ones are kept, like
// those of containers (barbican/secret-consumers.yaml: "register once more").
type secretConsumer struct {
	Secret       string
	Service      string
	ResourceType string
	ResourceID   string
	ProjectID    string // the project that registered it first
	Created      stamp
	Updated      stamp
	Deleted      bool
}

var (
	secretConsumers = world.NewKind("barbican.secret_consumers", func(k *secretConsumer) string {
		return secretConsumerKey(k.Secret, k.Service, k.ResourceType, k.ResourceID)
	}).Form(func(k *secretConsumer) any { return secretConsumerFileOf(k) })
	ofSecret          = secretConsumers.Index(func(k *secretConsumer) string { return k.Secret }, nil)
	livingOfSecret    = secretConsumers.Index(func(k *secretConsumer) string { return k.living(k.Secret) }, nil)
	ofSecretRegistrar = secretConsumers.Index(func(k *secretConsumer) string { return k.living(k.ProjectID) }, nil)
)

func secretConsumerKey(secret, service, resourceType, resourceID string) string {
	return secret + strconv.Itoa(len(service)) + ":" + strconv.Itoa(len(resourceType)) + ":" + service + resourceType + resourceID
}

func (k *secretConsumer) living(partition string) string {
	if k.Deleted {
		return graveyard
	}
	return partition
}

// secretConsumerSchema has no max length for resource_id
// (barbican/secret-consumers.yaml: "register what is none").
var secretConsumerSchema = &openstack.Schema{
	Title: "Secret Consumer",
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "service", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 255, MinLength: 1}},
		{Name: "resource_type", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 255, MinLength: 1}},
		{Name: "resource_id", Schema: filledText},
	},
	Required: []string{"service", "resource_type", "resource_id"},
}

// readSecretConsumer reads {"service", "resource_type", "resource_id"} of a consumer of the
// call's secret.
func readSecretConsumer(c *service.Call) (*secretConsumer, error) {
	o, err := readObject(c, secretConsumerSchema)
	if err != nil {
		return nil, err
	}
	return &secretConsumer{
		Secret: c.Vars["secret_ref"], Service: o.Text("service"),
		ResourceType: o.Text("resource_type"), ResourceID: o.Text("resource_id"),
	}, nil
}

// listSecretConsumers handles GET {secret_ref}/consumers. The list has the order of creation
// (barbican/secret-consumers.yaml: "list by registration").
func listSecretConsumers(c *service.Call) (service.Reply, error) {
	p := readPaging(c)
	id := c.Vars["secret_ref"]
	page := livingOfSecret.Page(c.View, id, p.offset, p.limit, false)
	path := "secrets/" + id + "/consumers"
	w := p.open(c, "consumers", path, livingOfSecret.Len(c.View, id), len(page))
	for _, k := range page {
		w.BeginObject()
		k.Created.write(w.Name("created"))
		k.Updated.write(w.Name("updated"))
		w.Name("status").Text(active)
		k.writeMembers(&w)
		w.EndObject()
	}
	return p.close(&w, c, path, len(page)), nil
}

// writeMembers writes the members with which the consumer was registered.
func (k *secretConsumer) writeMembers(w *value.Writer) {
	w.Name("service").Text(k.Service)
	w.Name("resource_type").Text(k.ResourceType)
	w.Name("resource_id").Text(k.ResourceID)
}

// writeSecretConsumers writes the consumers of a secret in the order of registration.
func writeSecretConsumers(w *value.Writer, v world.View, secret string) {
	w.BeginList()
	for _, k := range livingOfSecret.Page(v, secret, 0, math.MaxInt, false) {
		w.BeginObject()
		k.writeMembers(w)
		w.EndObject()
	}
	w.EndList()
}

// showSecretConsumer handles GET {secret_ref}/consumers/{consumer_id}. No response contains the
// id of a consumer, so it finds none (barbican/secret-consumers.yaml: "one that is none").
func showSecretConsumer(*service.Call) (service.Reply, error) {
	return service.Reply{}, noConsumer()
}

// createSecretConsumer handles POST {secret_ref}/consumers. The response is the secret with its
// consumers, for every version of the API (barbican/microversions.yaml: "a consumer").
func createSecretConsumer(c *service.Call) (service.Reply, error) {
	k, err := readSecretConsumer(c)
	if err != nil {
		return service.Reply{}, err
	}
	project := c.Caller.Project.ID
	if err := withinQuota("SecretConsumer", quotaOf(c.View, project).Consumers, ofSecretRegistrar.Len(c.View, project)); err != nil {
		return service.Reply{}, err
	}
	switch old := secretConsumers.Get(c.View, secretConsumerKey(k.Secret, k.Service, k.ResourceType, k.ResourceID)); {
	case old == nil:
		k.ProjectID, k.Created, k.Updated = project, newStamp(c.Now), newStamp(c.Now.Add(registering))
		secretConsumers.Put(c.Tx(), k)
		secrets.Update(c.Tx(), secretOf(c), func(s *secret) { s.Updated = newStamp(c.Now) })
	case old.Deleted:
		secretConsumers.Update(c.Tx(), old, func(k *secretConsumer) { k.Deleted, k.Updated = false, newStamp(c.Now) })
	}
	r := secretReply(c)
	// barbican/secret-consumers.yaml: "register"
	if c.Quirk(wrongSecretLocation) {
		r.Set("Location", ref(c, "consumers/"+k.Secret+"/consumers"))
	}
	return r, nil
}

// secretReply returns the secret with its consumers, without the types of its payload.
func secretReply(c *service.Call) service.Reply {
	w := value.NewWriter(c.Scratch)
	writeSecret(&w, c, secretOf(c), true, false)
	return service.JSON(http.StatusOK, w.Bytes())
}

// deleteSecretConsumer handles DELETE {secret_ref}/consumers. The response is the secret. The
// project of the secret and that of the consumer may delete it
// (barbican/acl-private.yaml: "remove the project's secret consumer").
func deleteSecretConsumer(c *service.Call) (service.Reply, error) {
	k, err := readSecretConsumer(c)
	if err != nil {
		return service.Reply{}, err
	}
	old := secretConsumers.Get(c.View, secretConsumerKey(k.Secret, k.Service, k.ResourceType, k.ResourceID))
	switch {
	case old == nil:
		return service.Reply{}, noConsumer()
	case !c.Caller.InProject(old.ProjectID) && !c.Caller.InProject(secretOf(c).ProjectID):
		return service.Reply{}, notTheirs()
	case old.Deleted:
		return service.Reply{}, noConsumer()
	}
	secretConsumers.Update(c.Tx(), old, func(k *secretConsumer) { k.Deleted, k.Updated = true, newStamp(c.Now) })
	return secretReply(c), nil
}

func removeSecretConsumers(tx *world.Tx, secret string) {
	var keys []string
	for k := range ofSecret.All(tx, secret, 0) {
		keys = append(keys, secretConsumerKey(k.Secret, k.Service, k.ResourceType, k.ResourceID))
	}
	for _, key := range keys {
		secretConsumers.Delete(tx, key)
	}
}
