package emulator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed has the packages of the module that a package may import. Add a new package here.
var allowed = map[string]string{
	// the edges: the command, and what users import
	"cmd/standin":      "emulator/journal internal/catalog internal/command internal/contract internal/core internal/coverage internal/exchange internal/explain internal/explore internal/export internal/file internal/late internal/recorder internal/report internal/retry internal/sandbox internal/service internal/transport internal/world scenarios",
	"emulator/explore": "emulator emulator/fault emulator/internal/inside internal/explore",
	"emulator":         "emulator/fault emulator/internal/inside emulator/journal internal/catalog internal/core internal/coverage internal/exchange internal/sandbox internal/scenario internal/transport",
	"emulator/fault":   "internal/contract internal/file internal/value",
	"emulator/journal": "emulator/fault internal/contract internal/file internal/value",

	// an emulator, from top to bottom
	"internal/core":      "internal/catalog internal/control internal/exchange internal/explain internal/metrics internal/route internal/sandbox internal/service internal/transport",
	"internal/control":   "emulator/fault emulator/journal internal/catalog internal/chain internal/console internal/contract internal/coverage internal/explain internal/export internal/file internal/identity internal/metrics internal/recorder internal/report internal/retry internal/route internal/sandbox internal/scenario internal/service internal/value",
	"internal/exchange":  "emulator/fault emulator/journal internal/contract internal/coverage internal/explain internal/identity internal/metrics internal/recorder internal/route internal/ruleset internal/sandbox internal/service internal/transport internal/world",
	"internal/sandbox":   "emulator/fault emulator/journal internal/catalog internal/chain internal/contract internal/coverage internal/file internal/identity internal/late internal/match internal/recorder internal/retry internal/ruleset internal/scenario internal/service internal/value internal/world",
	"internal/explain":   "emulator/journal internal/contract internal/file internal/value",
	"internal/catalog":   "fixtures internal/contract internal/file internal/identity internal/ruleset internal/scenario internal/service internal/service/barbican internal/service/devops internal/service/freezer internal/service/keystone internal/service/privx internal/world scenarios schemas",
	"internal/route":     "internal/contract internal/file internal/service",
	"internal/scenario":  "emulator/fault emulator/journal internal/contract internal/file internal/match internal/ruleset internal/value",
	"internal/ruleset":   "emulator/fault internal/contract internal/file internal/late internal/match internal/recorder internal/service internal/value internal/world",
	"internal/retry":     "emulator/journal internal/chain internal/contract internal/report internal/world",
	"internal/report":    "internal/file",
	"internal/coverage":  "internal/contract",
	"internal/chain":     "emulator/journal internal/recorder",
	"internal/compare":   "internal/recorder internal/value internal/world",
	"internal/recorder":  "emulator/journal internal/contract internal/late internal/match internal/value internal/world",
	"internal/transport": "internal/late",
	"internal/console":   "",
	"internal/export":    "emulator/journal internal/late",
	"internal/metrics":   "",

	// the client
	"internal/command": "internal/late",
	"internal/explore": "emulator/fault emulator/journal internal/command internal/compare internal/contract internal/core internal/exchange internal/file internal/recorder internal/report internal/ruleset internal/sandbox internal/world",

	// what package emulator gives to those below it
	"emulator/internal/inside": "internal/core internal/sandbox",

	// services
	"internal/service/barbican":  "internal/file internal/identity internal/late internal/service internal/service/openstack internal/value internal/world",
	"internal/service/devops":    "internal/file internal/identity internal/service internal/value internal/world",
	"internal/service/freezer":   "internal/file internal/identity internal/service internal/service/openstack internal/value internal/world",
	"internal/service/keystone":  "internal/identity internal/service internal/service/openstack internal/value internal/world",
	"internal/service/privx":     "internal/file internal/identity internal/late internal/service internal/value internal/world",
	"internal/service/openstack": "internal/identity internal/late internal/service internal/value internal/world",
	"internal/service":           "internal/contract internal/identity internal/match internal/value internal/world",

	// what the packages above use
	"internal/identity": "internal/file internal/world",
	"internal/world":    "internal/file internal/value",
	"internal/match":    "emulator/fault internal/contract internal/file internal/late internal/value",
	"internal/contract": "internal/file internal/late internal/value",
	"internal/file":     "internal/late internal/value",
	"internal/value":    "",
	"internal/late":     "",
	"fixtures":          "",
	"scenarios":         "",
	"schemas":           "",

	// measuring and comparing, and what tests share
	"bench":                    "",
	"bench/suite":              "",
	"clients/planted":          "",
	"docs":                     "",
	"internal/route/routetest": "internal/route internal/service",
	"internal/servicetest":     "emulator internal/catalog internal/contract internal/value schemas",
	"parity":                   "emulator internal/catalog internal/file internal/value",
	"parity/compare":           "emulator internal/catalog parity",
	"parity/record":            "parity",
	"tools/clients":            "emulator emulator/fault",
	"tools/measure":            "",
	"tools/module":             "",
	"tools/prose":              "",
	"tools/soak":               "emulator",
}

// homes has the only packages that may import something.
var homes = map[string]string{
	"github.com/gorilla/mux":                   "bench internal/route",
	"github.com/santhosh-tekuri/jsonschema/v5": "internal/contract",
	"github.com/brianvoe/gofakeit/v6":          "internal/world",
	"github.com/tidwall/btree":                 "internal/world",
	"go.yaml.in/yaml/v4":                       "internal/file internal/world",
	"github.com/rs/zerolog":                    "cmd/standin",
	"github.com/alecthomas/kong":               "cmd/standin",
	"golang.org/x/sys/unix":                    "internal/command internal/transport",
	"crypto/tls":                               "cmd/standin internal/transport",
	"sync":                                     "bench clients/planted emulator internal/catalog internal/command internal/compare internal/contract internal/core internal/coverage internal/exchange internal/explain internal/explore internal/file internal/late internal/recorder internal/route internal/ruleset internal/sandbox internal/servicetest internal/transport internal/value internal/world tools/soak",
	"math/rand":                                "",
	"math/rand/v2":                             "clients/planted internal/world",
}

// words has the only packages of an emulator that may name something of the standard library.
var words = map[string]string{
	"http.ResponseWriter": "internal/exchange emulator",
	"http.Error":          "",
	"net.Listener":        "internal/transport",
	"net.ListenConfig":    "internal/transport",
	"tls.Config":          "internal/transport",
	"*.Hijack":            "internal/transport",
	"*.SetLinger":         "internal/transport",
	"*.ListenAndServe":    "",
}

// sandboxImports are packages that a sandbox must not import.
var sandboxImports = []string{"net", "net/http", "net/url"}

// Ensure imports between packages go in one direction, and libraries are imported only where they
// belong.
func TestLayers(t *testing.T) {
	t.Parallel()
	list := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	module := list("-m")
	seen := map[string]bool{}
	for line := range strings.Lines(list("-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...")) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module+"/")
		seen[pkg] = true
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s: a new package; say in this test what it may import", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			if rest, ours := strings.CutPrefix(imp, module+"/"); ours && !contains(may, rest) {
				t.Errorf("%s must not import %s", pkg, imp)
			}
			if home, bound := homes[imp]; bound && !contains(home, pkg) {
				t.Errorf("%s must not import %s; only %s may", pkg, imp, home)
			}
			if pkg == "internal/sandbox" && slices.Contains(sandboxImports, imp) {
				t.Errorf("%s must not import %s", pkg, imp)
			}
		}
		for may := range strings.FieldsSeq(may) {
			if !slices.Contains(fields, module+"/"+may) {
				t.Errorf("%s may import %s, and does not: take it off the list", pkg, may)
			}
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("%s is no package", pkg)
		}
	}
}

// Ensure what only one package does is named only there.
func TestWordsHaveAHome(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, root := range []string{".", "../internal"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			pkg := filepath.ToSlash(filepath.Join("emulator", filepath.Dir(path)))
			ast.Inspect(f, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				of, _ := s.X.(*ast.Ident)
				for word, home := range words {
					x, name, _ := strings.Cut(word, ".")
					if s.Sel.Name != name || x != "*" && (of == nil || of.Name != x) {
						continue
					}
					found[word] = true
					if !contains(home, pkg) {
						t.Errorf("%s names %s; only %q may", path, word, home)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for word, home := range words {
		if home != "" && !found[word] {
			t.Errorf("nobody names %s", word)
		}
	}
}

func contains(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}
