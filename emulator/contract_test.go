package emulator_test

import (
	"slices"
	"strings"
	"testing"

	"standin/internal/contract"
	"standin/internal/servicetest"
)

// promised has the statuses and parameters of each operation in the documents. The contracts must
// have the same.
var promised = []struct{ operation, method, path, statuses, parameters string }{
	{"freezer.clients.list", "GET", "/v1/clients", "200 401 403", "limit offset search"},
	{"freezer.clients.create", "POST", "/v1/clients", "201 400 401 503 753", ""},
	{"freezer.clients.show", "GET", "/v1/clients/{client_id}", "200 401 403", "client_id"},
	{"freezer.clients.delete", "DELETE", "/v1/clients/{client_id}", "204 401 403", "client_id"},
	{"barbican.consumers.list", "GET", "/v1/containers/{container_ref}/consumers", "200 401 403", "container_ref offset limit"},
	{"barbican.consumers.create", "POST", "/v1/containers/{container_ref}/consumers", "200 400 401 403", "container_ref"},
	{"barbican.consumers.delete", "DELETE", "/v1/containers/{container_ref}/consumers", "200 400 401 403 404", "container_ref"},
	{"devops.images.list", "GET", "/v3/images", "200", "provider"},
	{"devops.images.create", "POST", "/v3/image", "200", ""},
	{"devops.images.show", "GET", "/v3/image/{image_id}", "200", "image_id"},
	{"devops.images.update", "PUT", "/v3/image/{image_id}", "200", "image_id"},
	{"devops.images.delete", "DELETE", "/v3/image/{image_id}", "200", "image_id"},
	{"privx.api-clients.list", "GET", "/local-user-store/api/v1/api-clients", "200", "offset limit sortkey sortdir"},
	{"privx.api-clients.create", "POST", "/local-user-store/api/v1/api-clients", "201", ""},
	{"privx.api-clients.search", "POST", "/local-user-store/api/v1/api-clients/search", "200", "offset limit sortkey sortdir"},
	{"privx.api-clients.show", "GET", "/local-user-store/api/v1/api-clients/{api_client_id}", "200", "api_client_id"},
	{"privx.api-clients.update", "PUT", "/local-user-store/api/v1/api-clients/{api_client_id}", "200", "api_client_id"},
	{"privx.api-clients.delete", "DELETE", "/local-user-store/api/v1/api-clients/{api_client_id}", "200", "api_client_id"},
}

// Ensure the contracts have what the documents promise.
func TestContractsHoldThePromise(t *testing.T) {
	t.Parallel()
	documented := map[string]*contract.Operation{}
	for _, c := range servicetest.Contracts(t) {
		if err := c.CompileAll(); err != nil {
			t.Error(err)
		}
		for _, op := range c.Operations {
			if statuses(op) != "" {
				documented[op.ID] = op
			}
		}
	}
	for _, p := range promised {
		op := documented[p.operation]
		if op == nil {
			t.Errorf("%s: no documented operation", p.operation)
			continue
		}
		var names []string
		for _, param := range op.Parameters() {
			names = append(names, param.Name)
		}
		got := []string{op.Method, op.Path, statuses(op), strings.Join(names, " ")}
		if want := []string{p.method, p.path, p.statuses, p.parameters}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", p.operation, got, want)
		}
	}
}

// Ensure every response has its evidence.
func TestEveryResponseHasEvidence(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		for _, op := range servicetest.Everywhere(c) {
			for _, r := range op.Responses() {
				if !slices.Contains([]contract.Evidence{contract.Document, contract.Server, contract.Standin}, r.Evidence) {
					t.Errorf("%s %s %d: evidence %q", c.Service, op.ID, r.Status, r.Evidence)
				}
				if r.Description() == "" {
					t.Errorf("%s %s %d: no description", c.Service, op.ID, r.Status)
				}
			}
		}
	}
}

func statuses(op *contract.Operation) string {
	var list []string
	for _, r := range op.Responses() {
		if r.Evidence == contract.Document {
			list = append(list, itoa(r.Status))
		}
	}
	return strings.Join(list, " ")
}
