package emulator_test

import (
	"os/exec"
	"strings"
	"testing"
)

// allowed says which of the module's packages a package may import. A package
// that is not here is new: draw its arrows.
var allowed = map[string]string{
	"standin/cmd/standin":               "emulator emulator/contract emulator/file emulator/journal emulator/world scenarios",
	"standin/bench":                     "emulator",
	"standin/emulator":                  "emulator/contract emulator/control emulator/fault emulator/file emulator/journal emulator/service emulator/service/barbican emulator/service/devops emulator/service/freezer emulator/service/keystone emulator/service/privx emulator/world fixtures scenarios schemas",
	"standin/emulator/contract":         "emulator/file emulator/value",
	"standin/emulator/control":          "emulator/contract emulator/fault emulator/file emulator/journal emulator/service emulator/value",
	"standin/emulator/fault":            "emulator/contract emulator/file emulator/journal emulator/service emulator/value emulator/world",
	"standin/emulator/file":             "emulator/value",
	"standin/emulator/journal":          "emulator/contract emulator/file emulator/value",
	"standin/emulator/service":          "emulator/contract emulator/file emulator/value emulator/world",
	"standin/emulator/service/barbican": "emulator/file emulator/service emulator/value emulator/world",
	"standin/emulator/service/devops":   "emulator/file emulator/service emulator/value emulator/world",
	"standin/emulator/service/freezer":  "emulator/file emulator/service emulator/value emulator/world",
	"standin/emulator/service/keystone": "emulator/service emulator/value emulator/world",
	"standin/emulator/service/privx":    "emulator/file emulator/service emulator/value emulator/world",
	"standin/emulator/value":            "",
	"standin/emulator/world":            "emulator/file emulator/value",
	"standin/fixtures":                  "",
	"standin/parity":                    "emulator emulator/file emulator/value",
	"standin/parity/compare":            "emulator parity",
	"standin/parity/record":             "parity",
	"standin/scenarios":                 "",
	"standin/tools/clients":             "emulator emulator/fault",
	"standin/tools/soak":                "emulator",
	"standin/schemas":                   "",
}

// homes says in which package alone something may be imported.
var homes = map[string]string{
	"github.com/gorilla/mux":                   "standin/emulator",
	"github.com/santhosh-tekuri/jsonschema/v5": "standin/emulator/contract",
	"github.com/brianvoe/gofakeit/v6":          "standin/emulator/world",
	"github.com/tidwall/btree":                 "standin/emulator/world",
	"go.yaml.in/yaml/v4":                       "standin/emulator/file standin/emulator/world",
	"github.com/rs/zerolog":                    "standin/emulator standin/cmd/standin standin/tools/soak",
	"github.com/alecthomas/kong":               "standin/cmd/standin",
	"sync":                                     "standin/emulator standin/emulator/contract standin/emulator/fault standin/emulator/journal standin/bench standin/tools/soak",
	"math/rand":                                "",
	"math/rand/v2":                             "standin/emulator/world",
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
