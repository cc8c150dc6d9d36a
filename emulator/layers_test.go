package emulator_test

import (
	"os/exec"
	"strings"
	"testing"
)

// allowed says which of the module's packages a package may import. A package
// that is not here is new: draw its arrows.
var allowed = map[string]string{
	"standin/cmd/standin":                "emulator emulator/journal internal/contract internal/file internal/world scenarios",
	"standin/bench":                      "emulator",
	"standin/emulator":                   "emulator/fault emulator/journal fixtures internal/contract internal/control internal/file internal/identity internal/recorder internal/ruleset internal/scenario internal/service internal/service/barbican internal/service/devops internal/service/freezer internal/service/keystone internal/service/privx internal/transport internal/world scenarios schemas",
	"standin/internal/contract":          "internal/file internal/value",
	"standin/internal/control":           "emulator/fault emulator/journal internal/contract internal/file internal/identity internal/recorder internal/ruleset internal/scenario internal/service internal/value",
	"standin/emulator/fault":             "internal/contract internal/file internal/value",
	"standin/internal/file":              "internal/value",
	"standin/emulator/journal":           "internal/contract internal/file internal/value",
	"standin/internal/identity":          "internal/file internal/world",
	"standin/internal/service":           "internal/contract internal/file internal/identity internal/value internal/world",
	"standin/internal/service/barbican":  "internal/file internal/identity internal/service internal/service/openstack internal/value internal/world",
	"standin/internal/service/devops":    "internal/file internal/identity internal/service internal/value internal/world",
	"standin/internal/service/freezer":   "internal/file internal/identity internal/service internal/service/openstack internal/value internal/world",
	"standin/internal/service/keystone":  "internal/identity internal/service internal/service/openstack internal/value internal/world",
	"standin/internal/service/openstack": "internal/identity internal/service internal/value internal/world",
	"standin/internal/service/privx":     "internal/file internal/identity internal/service internal/value internal/world",
	"standin/internal/value":             "",
	"standin/internal/world":             "internal/file internal/value",
	"standin/fixtures":                   "",
	"standin/parity":                     "emulator internal/file internal/value",
	"standin/parity/compare":             "emulator parity",
	"standin/parity/record":              "parity",
	"standin/scenarios":                  "",
	"standin/tools/clients":              "emulator emulator/fault",
	"standin/tools/soak":                 "emulator",
	"standin/schemas":                    "",
	"standin/internal/recorder":          "emulator/journal internal/contract internal/value",
	"standin/internal/ruleset":           "emulator/fault internal/contract internal/file internal/recorder internal/service internal/value internal/world",
	"standin/internal/scenario":          "emulator/fault emulator/journal internal/contract internal/file internal/ruleset internal/value",
	"standin/internal/transport":         "",
}

// homes says in which package alone something may be imported.
var homes = map[string]string{
	"github.com/gorilla/mux":                   "standin/emulator",
	"github.com/santhosh-tekuri/jsonschema/v5": "standin/internal/contract",
	"github.com/brianvoe/gofakeit/v6":          "standin/internal/world",
	"github.com/tidwall/btree":                 "standin/internal/world",
	"go.yaml.in/yaml/v4":                       "standin/internal/file standin/internal/world",
	"github.com/rs/zerolog":                    "standin/emulator standin/cmd/standin standin/tools/soak",
	"github.com/alecthomas/kong":               "standin/cmd/standin",
	"sync":                                     "standin/emulator standin/internal/contract standin/internal/transport standin/internal/recorder standin/internal/ruleset standin/bench standin/tools/soak",
	"crypto/tls":                               "standin/cmd/standin standin/internal/transport",
	"math/rand":                                "",
	"math/rand/v2":                             "standin/internal/world",
}

// Ensure the arrows between packages point one way, and libraries stay where
// they are at home.
func TestLayers(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "standin/...").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(strings.TrimSpace(string(out))) {
		fields := strings.Fields(line)
		pkg := fields[0]
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s: a new package; say in this test what it may import", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			if rest, ours := strings.CutPrefix(imp, "standin/"); ours && !contains(may, rest) {
				t.Errorf("%s must not import %s", pkg, imp)
			}
			if home, bound := homes[imp]; bound && !contains(home, pkg) {
				t.Errorf("%s must not import %s; only %s may", pkg, imp, home)
			}
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
