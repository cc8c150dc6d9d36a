package route_test

import (
	"slices"
	"strings"
	"testing"

	"standin/internal/catalog"
	"standin/internal/route"
	"standin/internal/service"
)

// services returns the services of the binary. A test may change them.
func services(t *testing.T) []*service.Service {
	t.Helper()
	c, err := catalog.New(catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*service.Service, len(c.Services))
	for i, s := range c.Services {
		own := *s
		own.Operations = slices.Clone(s.Operations)
		all[i] = &own
	}
	return all
}

// bound binds services to their contracts and returns the error.
func bound(t *testing.T, all []*service.Service) error {
	t.Helper()
	contracts, err := catalog.Contracts()
	if err != nil {
		t.Fatal(err)
	}
	_, err = route.New(contracts[:len(all)], all, all[0].Name, "/_standin")
	return err
}

// Ensure that New names the operation if a service's tables and its contract do not match.
func TestTablesAgreeWithContracts(t *testing.T) {
	t.Parallel()
	const id = "barbican.consumers.create"
	at := func(rows []service.Operation) *service.Operation {
		return &rows[slices.IndexFunc(rows, func(o service.Operation) bool { return o.ID == id })]
	}
	tests := []struct {
		name  string
		spoil func(s *service.Service)
		want  string
	}{
		{"a row without a policy", func(s *service.Service) { at(s.Operations).Policy = nil }, id + ": the operation has no policy"},
		{"a misspelt id", func(s *service.Service) { at(s.Operations).ID = "barbican.consumer.create" },
			`barbican.consumer.create: the row has no operation in the contract of barbican, did you mean "barbican.consumers.create"?`},
		{"a missing row", func(s *service.Service) {
			s.Operations = slices.DeleteFunc(s.Operations, func(o service.Operation) bool { return o.ID == id })
		}, id + ": the operation has no handler and is not x-stateless"},
		{"a row without a handler", func(s *service.Service) { at(s.Operations).Do = nil }, id + ": the operation has no handler and is not x-stateless"},
		{"two rows", func(s *service.Service) { s.Operations = append(s.Operations, *at(s.Operations)) }, id + ": the operation has two rows in the tables of barbican"},
	}
	for _, tt := range tests {
		all := services(t)
		i := slices.IndexFunc(all, func(s *service.Service) bool { return s.Name == "barbican" })
		tt.spoil(all[i])
		err := bound(t, all)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// Ensure that an x-stateless operation needs a policy too.
func TestExamplesHavePolicies(t *testing.T) {
	t.Parallel()
	all := services(t)
	i := slices.IndexFunc(all, func(s *service.Service) bool { return s.Name == "freezer" })
	all[i].Operations = slices.DeleteFunc(all[i].Operations, func(o service.Operation) bool { return o.ID == "freezer.jobs.list" })
	if err := bound(t, all); err == nil || !strings.Contains(err.Error(), "freezer.jobs.list: the operation has no policy") {
		t.Errorf("got %v", err)
	}
}

// Ensure that every service has policies in its tables.
func TestServicesHavePolicies(t *testing.T) {
	t.Parallel()
	for _, s := range services(t) {
		if !s.Policies {
			t.Errorf("%s says that it has no policies", s.Name)
		}
	}
}

// Ensure that every check has a name for the journal.
func TestChecksHaveNames(t *testing.T) {
	t.Parallel()
	for _, s := range services(t) {
		for i, c := range s.Checks {
			if c.Name == "" || c.Do == nil {
				t.Errorf("%s: check %d has no name or does nothing", s.Name, i)
			}
		}
	}
}
