package barbican

import (
	"math"
	"net/http"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// containerOperations are the operations on containers.
var containerOperations = []service.Operation{
	{ID: "barbican.containers.list", Do: listContainers, Policy: policy("Containers(s) retrieval", has(allButAudit...), members), Reads: query(repeatedLimitFails, "limit", "offset", "name", "type")},
	{ID: "barbican.containers.create", Do: createContainer, Policy: policy("Container creation", has("admin", "creator"), members), Reads: onlyJSON},
	{ID: "barbican.containers.show", Do: showContainer, Policy: containerRetrieval},
	{ID: "barbican.containers.delete", Do: deleteContainer, Policy: containerDeletion},
}

// These are also the rules of paths below the operations.
var (
	containerRetrieval = policy("Container retrieval", reading, newRead)
	containerDeletion  = policy("Container deletion", anyOf(inProject("admin"), maker("creator")), newChange)
)

// A container groups secrets of a project.
type container struct {
	ID        string
	ProjectID string
	CreatorID string
	Name      *string
	Type      string
	Status    string
	Created   stamp
	Updated   stamp
	Secrets   []secretRef
}

// A secretRef is a secret in a container, with a name.
type secretRef struct {
	Name      *string `json:"name"`
	SecretRef string  `json:"secret_ref" fixture:"required"` // the id of the secret
}

var (
	containers = world.NewKind("barbican.containers", func(ct *container) string { return ct.ID }).
			Form(func(ct *container) any { return containerFileOf(ct) })
	ofProject = containers.Index(func(ct *container) string { return ct.ProjectID }, nil)
)

// listContainers handles GET /v1/containers. It lists the containers of the caller's project in
// the order of creation. A name may have wildcards (barbican/containers-list.yaml: "filter").
func listContainers(c *service.Call) (service.Reply, error) {
	p := readPaging(c)
	project := c.Caller.Project.ID
	name, _ := c.Last("name")
	kind, byType := c.Last("type")
	byName := name != ""
	var page []*container
	total := ofProject.Len(c.View, project)
	if byName || byType {
		total = 0
		for ct := range ofProject.All(c.View, project, 0) {
			if byName && (ct.Name == nil || !likePattern(name, *ct.Name)) || byType && ct.Type != kind {
				continue
			}
			if total >= p.offset && len(page) < p.limit {
				page = append(page, ct)
			}
			total++
		}
	} else {
		page = ofProject.Page(c.View, project, p.offset, p.limit, false)
	}
	w := p.open(c, "containers", "containers", total, len(page))
	for _, ct := range page {
		writeContainer(&w, c, ct)
	}
	return p.close(&w, c, "containers", len(page)), nil
}

// createContainer handles POST /v1/containers.
func createContainer(c *service.Call) (service.Reply, error) {
	body, err := readContainer(c)
	if err != nil {
		return service.Reply{}, err
	}
	project := c.Caller.Project.ID
	if err := withinQuota("Container", quotaOf(c.View, project).Containers, ofProject.Len(c.View, project)); err != nil {
		return service.Reply{}, err
	}
	for _, r := range body.secrets {
		// barbican/containers.yaml: "create that is refused"
		if !hasSecret(c, r.SecretRef) {
			return service.Reply{}, service.Errorf(service.NotFound, "", "Secret provided for '%s' doesn't exist.", r.label())
		}
	}
	now := newStamp(c.Now)
	ct := &container{
		ID:        containers.NewID(c.Tx(), "barbican.containers", world.UUID),
		ProjectID: project, CreatorID: c.Caller.ID, Name: body.name, Type: body.kind,
		Status: active, Created: now, Updated: now, Secrets: body.secrets,
	}
	containers.Put(c.Tx(), ct)
	return containerRef(c, ct), nil
}

// containerRef returns the response with the reference of a container.
func containerRef(c *service.Call, ct *container) service.Reply {
	return created(c, "container_ref", "containers/"+ct.ID)
}

// created returns the response with the reference of a new record, as the named member and as
// Location.
func created(c *service.Call, name, path string) service.Reply {
	href := ref(c, path)
	reply := service.JSON(http.StatusCreated, value.AppendTextObject(nil, name, href))
	reply.Set("Location", href)
	return reply
}

// active is the status of every record.
const active = "ACTIVE"

// showContainer handles GET /v1/containers/{container_ref}.
func showContainer(c *service.Call) (service.Reply, error) { return containerReply(c) }

func containerReply(c *service.Call) (service.Reply, error) {
	ct := containers.Get(c.View, c.Vars["container_ref"])
	w := value.NewWriter(c.Scratch)
	writeContainer(&w, c, ct)
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// deleteContainer handles DELETE /v1/containers/{container_ref}. It also deletes the consumers
// (barbican/consumers.yaml: "delete the container").
func deleteContainer(c *service.Call) (service.Reply, error) {
	id := c.Vars["container_ref"]
	removeConsumers(c.Tx(), id)
	acls.Delete(c.Tx(), aclKey(c))
	containers.Delete(c.Tx(), id)
	return service.Reply{Status: http.StatusNoContent}, nil
}

// writeContainer writes a container with its consumers in the order of registration
// (barbican/consumers.yaml: "the container by registration"). The members have the order of the
// documents.
func writeContainer(w *value.Writer, c *service.Call, ct *container) {
	w.BeginObject()
	w.Name("status").Text(ct.Status)
	ct.Updated.write(w.Name("updated"))
	w.Name("name").TextOrNull(ct.Name)
	w.Name("consumers").BeginList()
	for _, k := range ofContainer.Page(c.View, ct.ID, 0, math.MaxInt, false) {
		if !k.Deleted {
			w.TextObject("URL", k.url(), "name", k.name())
		}
	}
	w.EndList()
	ct.Created.write(w.Name("created"))
	w.Name("container_ref").Text(ref(c, "containers/"+ct.ID))
	w.Name("creator_id").Text(ct.CreatorID)
	w.Name("secret_refs").BeginList()
	for _, s := range ct.Secrets {
		w.BeginObject()
		w.Name("secret_ref").Text(ref(c, "secrets/"+s.SecretRef))
		w.Name("name").TextOrNull(s.Name)
		w.EndObject()
	}
	w.EndList()
	w.Name("type").Text(ct.Type)
	w.EndObject()
}
