package control

import (
	"fmt"
	"net/http"
	"strings"

	"standin/emulator/contract"
	"standin/emulator/file"
	"standin/emulator/service"
)

type status struct {
	Status      int               `json:"status"`
	Reason      string            `json:"reason"`
	Evidence    contract.Evidence `json:"evidence"`
	Description string            `json:"description"`
	Fault       string            `json:"fault,omitempty"` // the name by which a rule uses it
}

type operation struct {
	Operation string   `json:"operation"`
	Service   string   `json:"service"`
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	Summary   string   `json:"summary"`
	Stateless bool     `json:"stateless"`
	Statuses  []status `json:"statuses"`
}

func (a *api) operations(*service.Call) (service.Reply, error) {
	all := []operation{}
	for _, ct := range a.host.Contracts() {
		for _, op := range ct.Operations {
			o := operation{
				Operation: op.ID, Service: op.Service, Method: op.Method, Path: op.Path,
				Summary: op.Summary, Stateless: op.Stateless, Statuses: []status{},
			}
			for _, r := range op.Responses {
				s := status{Status: r.Status, Reason: r.Reason, Evidence: r.Evidence, Description: r.Description}
				if r.Status >= http.StatusBadRequest && op.Service != "control" {
					s.Fault = fmt.Sprintf("%s/%d", op.ID, r.Status)
				}
				o.Statuses = append(o.Statuses, s)
			}
			all = append(all, o)
		}
	}
	return reply(http.StatusOK, all)
}

func (a *api) openapi(c *service.Call) (service.Reply, error) {
	var names []string
	for _, ct := range a.host.Contracts() {
		if ct.Service == c.Vars["service"] {
			return service.JSON(http.StatusOK, ct.JSON()), nil
		}
		names = append(names, ct.Service)
	}
	return service.Reply{}, service.Errorf(service.NotFound, "", "No service %q%s; there are %s.",
		c.Vars["service"], file.Hint(c.Vars["service"], names), strings.Join(names, ", "))
}
