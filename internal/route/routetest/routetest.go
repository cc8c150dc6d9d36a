// Package routetest changes the routes of an emulator for a test.
package routetest

import (
	"slices"
	"strings"
	"testing"

	"standin/internal/route"
	"standin/internal/service"
)

// Replace returns the routes with another handler for an operation, as a bug would have it. The table
// itself, which other emulators share, stays as it is.
func Replace(t *testing.T, routes *route.Table, id string, h service.Handler) *route.Table {
	t.Helper()
	name, _, _ := strings.Cut(id, ".")
	was := routes.Named(name)
	own := *was.Service
	own.Operations = slices.Clone(own.Operations)
	i := slices.IndexFunc(own.Operations, func(o service.Operation) bool { return o.ID == id })
	if i < 0 {
		t.Fatalf("no operation %s", id)
	}
	own.Operations[i].Do = h
	b, err := route.Bind(was.Contract, &own)
	if err != nil {
		t.Fatal(err)
	}
	return routes.With(b)
}
