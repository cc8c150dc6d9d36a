package barbican

import (
	"net/http"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// quotaOperations are about the quotas of projects.
var quotaOperations = []service.Operation{
	{ID: "barbican.quotas.show", Do: showQuotas, Policy: quotaRetrieval},
	{ID: "barbican.project-quotas.list", Do: listProjectQuotas, Policy: projectQuotaAccess, Reads: query(repeatedLimitFails, "limit", "offset")},
	{ID: "barbican.project-quotas.show", Do: showProjectQuotas, Policy: projectQuotaAccess},
	{ID: "barbican.project-quotas.replace", Do: replaceProjectQuotas, Policy: projectQuotaAccess, Reads: onlyJSON},
	{ID: "barbican.project-quotas.delete", Do: deleteProjectQuotas, Policy: projectQuotaAccess},
}

// The rules that paths below the operations ask too.
var (
	quotaRetrieval     = policy("Quotas", has(allUsers...), has("reader", "member", "admin"))
	projectQuotaAccess = policy("Project Quotas", has(serviceAdmin), nobody)
)

// quotas bound what a project may have; a negative one is no bound, nil is not set.
type quotas struct {
	Secrets    *int `json:"secrets,omitempty"`
	Orders     *int `json:"orders,omitempty"`
	Containers *int `json:"containers,omitempty"`
	Consumers  *int `json:"consumers,omitempty"`
	CAs        *int `json:"cas,omitempty"`
}

type projectQuotas struct {
	ProjectID string `json:"project_id" fixture:"required"`
	Quotas    quotas `json:"project_quotas" fixture:"required"`
}

var (
	quotaKind = world.NewKind("barbican.quotas", func(q *projectQuotas) string { return q.ProjectID })
	allQuotas = quotaKind.Index(nil, nil)
)

// resources are what quotas bound, in the order of answers.
var resources = []string{"secrets", "orders", "containers", "consumers", "cas"}

// of is the place of a resource's quota.
func (q *quotas) of(resource string) **int {
	return map[string]**int{
		"secrets": &q.Secrets, "orders": &q.Orders, "containers": &q.Containers, "consumers": &q.Consumers, "cas": &q.CAs,
	}[resource]
}

func quotaOf(v world.View, project string) quotas {
	if q := quotaKind.Get(v, project); q != nil {
		return q.Quotas
	}
	return quotas{}
}

// withinQuota refuses what would go beyond the project's quota; a negative one
// does not bound.
func withinQuota(what string, quota *int, have int) error {
	if quota == nil || *quota < 0 || have < *quota {
		return nil
	}
	return service.Errorf(service.Forbidden, "", "%s creation issue seen - Creation not allowed because a quota has been reached.", what).RefusedBy("quota")
}

// write writes quotas, and for those that are not set what unset is.
func (q quotas) write(w *value.Writer, unset any) {
	w.BeginObject()
	for _, name := range resources {
		if w.Name(name); *q.of(name) != nil {
			w.Int(int64(**q.of(name)))
		} else {
			w.Value(unset)
		}
	}
	w.EndObject()
}

// showQuotas answers GET /v1/quotas: what bounds the caller's project.
func showQuotas(c *service.Call) (service.Reply, error) {
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	quotaOf(c.View, c.Caller.Project.ID).write(w.Name("quotas"), -1)
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// listProjectQuotas answers GET /v1/project-quotas: those that were set.
func listProjectQuotas(c *service.Call) (service.Reply, error) {
	p := readPaging(c)
	p.always = true
	path := "project-quotas"
	if c.Quirk(quotaLinksLeadNowhere) {
		path = "project_quotas"
	}
	page := allQuotas.Page(c.View, "", p.offset, p.limit, false)
	w := p.open(c, "project_quotas", path, allQuotas.Len(c.View, ""), len(page))
	for _, q := range page {
		w.BeginObject()
		w.Name("project_id").Text(q.ProjectID)
		q.Quotas.write(w.Name("project_quotas"), nil)
		w.EndObject()
	}
	return p.close(&w, c, path, len(page)), nil
}

// showProjectQuotas answers GET /v1/project-quotas/{project_id}.
func showProjectQuotas(c *service.Call) (service.Reply, error) {
	q := quotaKind.Get(c.View, c.Vars["project_id"])
	if q == nil {
		return service.Reply{}, noQuotas()
	}
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	q.Quotas.write(w.Name("project_quotas"), nil)
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

func noQuotas() error { return service.Errorf(service.NotFound, "", "Project quotas not found.") }

// replaceProjectQuotas answers PUT /v1/project-quotas/{project_id}. What the body leaves
// out stays as it was set. The project need not exist.
func replaceProjectQuotas(c *service.Call) (service.Reply, error) {
	q, err := readQuotas(c)
	if err != nil {
		return service.Reply{}, err
	}
	set := quotaOf(c.View, c.Vars["project_id"])
	for _, name := range resources {
		if n := *q.of(name); n != nil {
			*set.of(name) = n
		}
	}
	quotaKind.Put(c.Tx(), &projectQuotas{ProjectID: c.Vars["project_id"], Quotas: set})
	return service.Reply{Status: http.StatusNoContent}, nil
}

var quotasSchema = &openstack.Schema{
	Title: "Project Quota",
	Types: []string{"object"},
	Members: []openstack.Property{{Name: "project_quotas", Schema: openstack.Schema{
		Types: []string{"object"},
		Members: []openstack.Property{
			{Name: "secrets", Schema: anInteger}, {Name: "orders", Schema: anInteger}, {Name: "containers", Schema: anInteger},
			{Name: "consumers", Schema: anInteger}, {Name: "cas", Schema: anInteger},
		},
		Closed: true,
	}}},
	Required: []string{"project_quotas"},
	Closed:   true,
}

func readQuotas(c *service.Call) (quotas, error) {
	var q quotas
	if len(c.Body) == 0 {
		return q, service.Errorf(service.Invalid, "", "Project Quotas issue seen - No data supplied to process..")
	}
	body, err := readObject(c, quotasSchema)
	if err != nil {
		return q, err
	}
	o := body.Object("project_quotas")
	for _, name := range resources {
		if v, ok := o.Get(name); ok {
			n := integer(v)
			*q.of(name) = &n
		}
	}
	return q, nil
}

// deleteProjectQuotas answers DELETE /v1/project-quotas/{project_id}.
func deleteProjectQuotas(c *service.Call) (service.Reply, error) {
	if !quotaKind.Delete(c.Tx(), c.Vars["project_id"]) {
		return service.Reply{}, noQuotas()
	}
	return service.Reply{Status: http.StatusNoContent}, nil
}
