package barbican

import (
	"net/http"

	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// containerOperations are about containers.
var containerOperations = []service.Operation{
	{ID: "barbican.containers.list", Do: listContainers, Policy: policy("Containers(s) retrieval", has(allButAudit...), members), Reads: query(repeatedLimitFails, "limit", "offset", "name", "type")},
	{ID: "barbican.containers.create", Do: createContainer, Policy: policy("Container creation", has("admin", "creator"), members), Reads: onlyJSON},
	{ID: "barbican.containers.show", Do: showContainer, Policy: containerRetrieval},
	{ID: "barbican.containers.delete", Do: deleteContainer, Policy: containerDeletion},
}

// The rules that paths below the operations ask too.
var (
	containerRetrieval = policy("Container retrieval", reading, newRead)
	containerDeletion  = policy("Container deletion", anyOf(inProject("admin"), maker("creator")), newChange)
)

// A container groups secrets. It belongs to a project.
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

// A secretRef is a named secret in a container.
type secretRef struct {
	Name      *string `json:"name"`
	SecretRef string  `json:"secret_ref" fixture:"required"` // the secret's id
}

var (
	containers = world.NewKind(func(ct *container) string { return ct.ID })
	ofProject  = containers.Index(func(ct *container) string { return ct.ProjectID }, nil)
)

// listContainers answers GET /v1/containers: the caller's project's, by creation.
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
	b := p.open(c, "containers", "containers", total, len(page))
	for i, ct := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendContainer(b, c, ct)
	}
	return service.JSON(http.StatusOK, p.close(b, c, "containers", len(page))), nil
}

// createContainer answers POST /v1/containers.
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
		if !hasSecret(c, r.SecretRef) {
			return service.Reply{}, service.Errorf(service.NotFound, "", "Secret provided for '%s' doesn't exist.", r.told())
		}
	}
	now := newStamp(c.Now)
	ct := &container{
		ID: c.Tx().NewID("barbican.containers", world.UUID, func(id string) bool {
			return containers.Get(c.View, id) != nil
		}),
		ProjectID: project, CreatorID: c.Caller.ID, Name: body.name, Type: body.kind,
		Status: active, Created: now, Updated: now, Secrets: body.secrets,
	}
	containers.Put(c.Tx(), ct)
	return containerRef(c, ct), nil
}

// containerRef is the answer that tells where a container is.
func containerRef(c *service.Call, ct *container) service.Reply {
	return created(c, "container_ref", "containers/"+ct.ID)
}

// created is the answer that tells where a new thing is, as the member of that name and
// as Location.
func created(c *service.Call, name, path string) service.Reply {
	href := ref(c, path)
	reply := service.JSON(http.StatusCreated, value.Append(nil, value.NewObject(value.Member{Name: name, Value: href})))
	reply.Set("Location", href)
	return reply
}

// active is the status of everything that is there.
const active = "ACTIVE"

// showContainer answers GET /v1/containers/{container_ref}.
func showContainer(c *service.Call) (service.Reply, error) { return containerReply(c) }

func containerReply(c *service.Call) (service.Reply, error) {
	ct := containers.Get(c.View, c.Vars["container_ref"])
	return service.JSON(http.StatusOK, appendContainer(c.Scratch, c, ct)), nil
}

// deleteContainer answers DELETE /v1/containers/{container_ref}: consumers do
// not protect a container, they go with it.
func deleteContainer(c *service.Call) (service.Reply, error) {
	id := c.Vars["container_ref"]
	removeConsumers(c.Tx(), id)
	acls.Delete(c.Tx(), aclKey(c))
	containers.Delete(c.Tx(), id)
	return service.Reply{Status: http.StatusNoContent}, nil
}

// appendContainer writes a container with its consumers in the order in which
// they registered; members stand as in the documents.
func appendContainer(b []byte, c *service.Call, ct *container) []byte {
	b = append(b, `{"status":`...)
	b = value.AppendString(b, ct.Status)
	b = append(b, `,"updated":"`...)
	b = ct.Updated.append(b)
	b = append(b, `","name":`...)
	b = appendName(b, ct.Name)
	b = append(b, `,"consumers":[`...)
	first := true
	for cons := range ofContainer.All(c.View, ct.ID, 0) {
		if cons.Deleted {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = value.AppendString(append(b, `{"URL":`...), cons.URL)
		b = value.AppendString(append(b, `,"name":`...), cons.Name)
		b = append(b, '}')
	}
	b = append(b, `],"created":"`...)
	b = ct.Created.append(b)
	b = value.AppendString(append(b, `","container_ref":`...), ref(c, "containers/"+ct.ID))
	b = value.AppendString(append(b, `,"creator_id":`...), ct.CreatorID)
	b = append(b, `,"secret_refs":[`...)
	for i, s := range ct.Secrets {
		if i > 0 {
			b = append(b, ',')
		}
		b = value.AppendString(append(b, `{"secret_ref":`...), ref(c, "secrets/"+s.SecretRef))
		b = appendName(append(b, `,"name":`...), s.Name)
		b = append(b, '}')
	}
	b = value.AppendString(append(b, `],"type":`...), ct.Type)
	return append(b, '}')
}

func appendName(b []byte, name *string) []byte {
	if name == nil {
		return append(b, "null"...)
	}
	return value.AppendString(b, *name)
}
