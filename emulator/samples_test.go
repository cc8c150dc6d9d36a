package emulator_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"standin/internal/contract"
	"standin/internal/servicetest"
)

// Ensure the tests of each service replay the samples of its contract, and those of its quirks if
// it has any.
func TestEveryContractIsReplayed(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		dir := "../internal/service/" + c.Service
		if c.Service == "control" {
			dir = "../internal/control"
		}
		calls := replays(t, dir)
		if want := fmt.Sprintf("Samples(%q)", c.Service); !slices.Contains(calls, want) {
			t.Errorf("%s: no test calls servicetest.%s", dir, want)
		}
		if want := fmt.Sprintf("Quirks(%q)", c.Service); len(c.Quirks) > 0 && !slices.Contains(calls, want) {
			t.Errorf("%s: no test calls servicetest.%s", dir, want)
		}
	}
}

// replays returns the calls of servicetest.Samples and servicetest.Quirks in tests, without their
// t.
func replays(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			fun, _ := call.Fun.(*ast.SelectorExpr)
			service, _ := call.Args[1].(*ast.BasicLit)
			if fun == nil || service == nil {
				return true
			}
			if of, _ := fun.X.(*ast.Ident); of != nil && of.Name == "servicetest" {
				calls = append(calls, fun.Sel.Name+"("+service.Value+")")
			}
			return true
		})
	}
	return calls
}

// Ensure a request alone can bring every status of every operation. Exceptions are statuses that
// only a fault brings, and 413, whose request is too large for a contract.
func TestEveryStatusHasASample(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		for _, op := range servicetest.Everywhere(c) {
			for _, r := range op.Responses() {
				if r.FaultOnly || r.Status == http.StatusRequestEntityTooLarge {
					continue
				}
				if !slices.ContainsFunc(op.Samples, func(s contract.Sample) bool { return s.Status == r.Status }) {
					t.Errorf("%s %s: no sample brings %d", c.Service, op.ID, r.Status)
				}
			}
		}
	}
}

// Ensure some sample brings every example of a response, and every example of a request is sent.
func TestEveryExampleIsReplayed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{} // by SERVICE, status and name, since examples may be shared
	for _, c := range servicetest.Contracts(t) {
		for _, op := range servicetest.Everywhere(c) {
			for _, s := range op.Samples {
				used[fmt.Sprint(c.Service, s.Status, s.Response)] = true
			}
		}
		for _, op := range servicetest.Everywhere(c) {
			for _, r := range op.Responses() {
				for _, name := range r.Examples() {
					if !r.FaultOnly && !used[fmt.Sprint(c.Service, r.Status, name)] {
						t.Errorf("%s %s: the example %q of %d is what no sample brings", c.Service, op.ID, name, r.Status)
					}
				}
			}
		}
	}
}
