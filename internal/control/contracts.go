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

// contractOperations returns the operations that show contracts, schemas and quirks.
func (a *api) contractOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.operations", Do: a.operations, Sandbox: service.IgnoresSandbox},
		{ID: "control.openapi", Do: a.openapi, Sandbox: service.IgnoresSandbox},
		{ID: "control.schemas.show", Do: a.showSchema, Sandbox: service.IgnoresSandbox},
		{ID: "control.quirks.list", Do: a.in(a.listQuirks)},
	}
}

// A Status is a status that an operation can answer.
type Status struct {
	Status      int               `json:"status"`          // the HTTP status
	Reason      string            `json:"reason"`          // the reason phrase
	Evidence    contract.Evidence `json:"evidence"`        // where the status is known from: the service's document, the real server, or Standin alone
	Description string            `json:"description"`     // when the operation answers with the status
	Fault       string            `json:"fault,omitempty"` // the name of the failure, as in the member use of a rule
}

// An Operation describes one operation of a service.
type Operation struct {
	Operation string   `json:"operation"` // the operationId
	Service   string   `json:"service"`   // the name of the service
	Method    string   `json:"method"`    // GET, POST…
	Path      string   `json:"path"`      // the path, with {name} for its parameters
	Summary   string   `json:"summary"`   // what the operation does
	Stateless bool     `json:"stateless"` // the operation answers its documented example and stores nothing
	Quirks    []string `json:"quirks"`    // the quirks that can change an answer of the operation
	Statuses  []Status `json:"statuses"`  // the statuses in the contract
}

func (a *api) operations(*service.Call) (service.Reply, error) {
	all := []Operation{}
	for _, ct := range a.Catalog.Contracts {
		for _, op := range ct.Operations {
			o := Operation{
				Operation: op.ID, Service: op.Service, Method: op.Method, Path: op.Path,
				Summary: op.Summary, Stateless: op.Stateless, Quirks: []string{}, Statuses: []Status{},
			}
			for _, q := range ct.Quirks {
				if q.Marks(op) {
					o.Quirks = append(o.Quirks, q.Name)
				}
			}
			for _, r := range op.Responses() {
				s := Status{Status: r.Status, Reason: r.Reason, Evidence: r.Evidence, Description: r.Description()}
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

// A Quirk describes a difference between a real server and its document.
type Quirk struct {
	Name       string   `json:"name"`       // the name of the quirk
	On         bool     `json:"on"`         // the quirk is on in the sandbox
	Document   string   `json:"document"`   // what the document says
	Server     string   `json:"server"`     // what the real server does
	Evidence   string   `json:"evidence"`   // the source of what is known about the server
	Operations []string `json:"operations"` // the operations that the quirk changes, as operationIds or globs; empty means all operations of the service
	Setting    bool     `json:"setting"`    // the quirk is a setting of the server and not part of the observed profile
}

func (a *api) listQuirks(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	on := s.Start().Quirks
	all := []Quirk{}
	for _, ct := range a.Catalog.Contracts {
		for _, q := range ct.Quirks {
			all = append(all, Quirk{
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
