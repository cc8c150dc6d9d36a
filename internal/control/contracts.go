package control

import (
	"fmt"
	"net/http"
	"strings"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/sandbox"
	"standin/internal/service"
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
	Quirks    []string `json:"quirks"` // that may change an answer
	Statuses  []status `json:"statuses"`
}

func (a *api) operations(*service.Call) (service.Reply, error) {
	all := []operation{}
	for _, ct := range a.Catalog.Contracts {
		for _, op := range ct.Operations {
			o := operation{
				Operation: op.ID, Service: op.Service, Method: op.Method, Path: op.Path,
				Summary: op.Summary, Stateless: op.Stateless, Quirks: []string{}, Statuses: []status{},
			}
			for _, q := range ct.Quirks {
				if q.Marks(op) {
					o.Quirks = append(o.Quirks, q.Name)
				}
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

type quirk struct {
	Name       string   `json:"name"`
	On         bool     `json:"on"`
	Document   string   `json:"document"`
	Server     string   `json:"server"`
	Evidence   string   `json:"evidence"`
	Operations []string `json:"operations"` // none: anywhere in the service
	Setting    bool     `json:"setting"`
}

func (a *api) listQuirks(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	on := s.Start().Quirks
	all := []quirk{}
	for _, ct := range a.Catalog.Contracts {
		for _, q := range ct.Quirks {
			all = append(all, quirk{
				Name: q.Name, On: on[q.Name], Document: q.Document, Server: q.Server,
				Evidence: q.Evidence, Operations: append([]string{}, q.Operations...), Setting: q.Setting,
			})
		}
	}
	return reply(http.StatusOK, all)
}

func (a *api) openapi(c *service.Call) (service.Reply, error) {
	var names []string
	for _, ct := range a.Catalog.Contracts {
		if ct.Service == c.Vars["service"] {
			return service.JSON(http.StatusOK, ct.JSON()), nil
		}
		names = append(names, ct.Service)
	}
	return service.Reply{}, service.Errorf(service.NotFound, "", "No service %q%s; there are %s.",
		c.Vars["service"], file.Hint(c.Vars["service"], names), strings.Join(names, ", "))
}
