package barbican

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"standin/internal/service"
	"standin/internal/world"
)

// consumerOperations are the operations on the consumers of a container.
var consumerOperations = []service.Operation{
	{ID: "barbican.consumers.list", Do: listConsumers, Policy: policy("ContainerConsumers(s) retrieval", reading, newRead), Reads: query(repeatedLimitFails, "limit", "offset")},
	{ID: "barbican.consumers.create", Do: createConsumer, Policy: policy("ContainerConsumer creation", reading, newRead), Reads: onlyJSON},
	{ID: "barbican.consumers.delete", Do: deleteConsumer, Policy: policy("ContainerConsumer deletion", reading, newRead), Reads: onlyJSON},
	{ID: "barbican.consumers.show", Do: showConsumer, Policy: consumerRetrieval},
}

// consumerRetrieval is also the rule of paths below the operation.
var consumerRetrieval = policy("ContainerConsumer retrieval", anyOf(has("admin", "observer", "creator", "audit"), reading), newRead)

// A consumer is a user of a container. A deleted consumer is kept. When the same name and URL
// register again, the record is restored (barbican/consumers.yaml: "revive").
type consumer struct {
	key                         string // see consumerKey
	containerEnd, nameAt, urlAt int    // in key
	ProjectID                   string // the project that registered it first
	Created                     stamp
	Updated                     stamp
	Deleted                     bool
}

func (k *consumer) container() string { return k.key[:k.containerEnd] }
func (k *consumer) name() string      { return k.key[k.nameAt:k.urlAt] }
func (k *consumer) url() string       { return k.key[k.urlAt:] }

var (
	consumers = world.NewKind("barbican.consumers", func(k *consumer) string { return k.key }).
			Form(func(k *consumer) any { return consumerFileOf(k) })
	ofContainer = consumers.Index((*consumer).container, nil)
	byName      = consumers.Index(func(k *consumer) string { return k.living(k.container()) }, func(a, b *consumer) int {
		return cmp.Or(strings.Compare(a.name(), b.name()), strings.Compare(a.url(), b.url()))
	})
	ofRegistrar = consumers.Index(func(k *consumer) string { return k.living(k.ProjectID) }, nil)
)

// newConsumer returns a consumer without times.
func newConsumer(container, name, url, project string) *consumer {
	k := &consumer{key: consumerKey(container, name, url), containerEnd: len(container), ProjectID: project}
	k.urlAt = len(k.key) - len(url)
	k.nameAt = k.urlAt - len(name)
	return k
}

// consumerKey returns the key of a consumer. The length keeps "ab"+"c" and "a"+"bc" apart.
func consumerKey(container, name, url string) string {
	return container + strconv.Itoa(len(name)) + ":" + name + url
}

// graveyard is the partition of deleted consumers.
const graveyard = "\x00"

func (k *consumer) living(partition string) string {
	if k.Deleted {
		return graveyard
	}
	return partition
}

// listConsumers handles GET {container_ref}/consumers. The list is sorted by name
// (barbican/consumers.yaml: "list by name").
func listConsumers(c *service.Call) (service.Reply, error) {
	id := c.Vars["container_ref"]
	p := readPaging(c)
	page := byName.Page(c.View, id, p.offset, p.limit, false)
	path := "containers/" + id + "/consumers"
	w := p.open(c, "consumers", path, byName.Len(c.View, id), len(page))
	for _, k := range page {
		w.BeginObject()
		w.Name("status").Text(active)
		w.Name("URL").Text(k.url())
		k.Updated.write(w.Name("updated"))
		w.Name("name").Text(k.name())
		k.Created.write(w.Name("created"))
		w.EndObject()
	}
	return p.close(&w, c, path, len(page)), nil
}

// showConsumer handles GET {container_ref}/consumers/{consumer_id}. No response contains the id
// of a consumer, so it finds none.
func showConsumer(c *service.Call) (service.Reply, error) {
	if !uuid4().MatchString(c.Vars["consumer_id"]) {
		return service.Reply{}, service.Errorf(service.NotFound, "", "Not Found. Provided consumer id is invalid.")
	}
	return service.Reply{}, noConsumer()
}

func noConsumer() error { return service.Errorf(service.NotFound, "", "Consumer not found.") }

// notTheirs returns the error for a caller who deletes a consumer of another project, in a
// container or secret of another project (barbican/acl-private.yaml: "remove another project's").
func notTheirs() error {
	return service.Errorf(service.Forbidden, "", "Not Allowed. Sorry, only the creator of a consumer can delete it.")
}

// registering is the time between created and updated of a new consumer, as seen on the real
// server.
const registering = 6 * time.Microsecond

// createConsumer handles POST {container_ref}/consumers. The response is the container. The quota
// is checked even if the consumer exists (barbican/quotas.yaml: "first consumer again").
func createConsumer(c *service.Call) (service.Reply, error) {
	name, url, err := readConsumer(c, !c.Quirk(urlMustBeUpperCase))
	if err != nil {
		return service.Reply{}, err
	}
	project, id := c.Caller.Project.ID, c.Vars["container_ref"]
	if err := withinQuota("ContainerConsumer", quotaOf(c.View, project).Consumers, ofRegistrar.Len(c.View, project)); err != nil {
		return service.Reply{}, err
	}
	// barbican/consumers-quirks.yaml: "register a and bc"
	if c.Quirks[consumersCollide] && collides(c.View, id, name, url) && c.Quirk(consumersCollide) {
		return service.Reply{}, failure("ContainerConsumer creation")
	}
	switch old := consumers.Get(c.View, consumerKey(id, name, url)); {
	case old == nil:
		made := newConsumer(id, name, url, project)
		made.Created, made.Updated = newStamp(c.Now), newStamp(c.Now.Add(registering))
		consumers.Put(c.Tx(), made)
		containers.Update(c.Tx(), containers.Get(c.View, id), func(ct *container) { ct.Updated = newStamp(c.Now) })
	case old.Deleted:
		consumers.Update(c.Tx(), old, func(k *consumer) { k.Deleted, k.Updated = false, newStamp(c.Now) })
	}
	r, err := containerReply(c)
	// barbican/consumers-paging.yaml: "register"
	if c.Quirk(wrongLocationHeader) {
		r.Set("Location", ref(c, "consumers/"+id+"/consumers"))
	}
	return r, err
}

// deleteConsumer handles DELETE {container_ref}/consumers. The response is the container.
func deleteConsumer(c *service.Call) (service.Reply, error) {
	name, url, err := readConsumer(c, false)
	if err != nil {
		return service.Reply{}, err
	}
	old := consumers.Get(c.View, consumerKey(c.Vars["container_ref"], name, url))
	if old == nil || old.Deleted {
		return service.Reply{}, noConsumer()
	}
	// barbican/acl-private.yaml: "the container's project removes it"
	if !c.Caller.InProject(old.ProjectID) && !c.Caller.InProject(containers.Get(c.View, old.container()).ProjectID) {
		return service.Reply{}, notTheirs()
	}
	consumers.Update(c.Tx(), old, func(k *consumer) { k.Deleted, k.Updated = true, newStamp(c.Now) })
	return containerReply(c)
}

// collides reports whether another consumer of the container has the same text when name and URL
// are joined. The server's key is a hash of that text.
func collides(v world.View, container, name, url string) bool {
	for k := range ofContainer.All(v, container, 0) {
		if k.name()+k.url() == name+url && k.name() != name {
			return true
		}
	}
	return false
}

func removeConsumers(tx *world.Tx, container string) {
	var keys []string
	for k := range ofContainer.All(tx, container, 0) {
		keys = append(keys, k.key)
	}
	for _, key := range keys {
		consumers.Delete(tx, key)
	}
}
