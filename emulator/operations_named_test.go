package emulator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"standin/internal/catalog"
)

// Ensure every operation and quirk that the code of services names exists. A branch for a
// misspelled name would never be taken.
func TestCodeNamesOperationsAsTheyAre(t *testing.T) {
	t.Parallel()
	contracts, err := catalog.Contracts()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range contracts {
		for _, op := range c.Operations {
			known[op.ID] = true
		}
		for _, q := range c.Quirks {
			known[q.Name] = true
		}
	}
	name := regexp.MustCompile(`^(` + strings.Join(catalog.Names(), "|") + `)((\.[a-z0-9-]+){2,}|\.[a-z0-9]+-[a-z0-9-]+)$`)
	found := 0
	for _, root := range []string{"../internal/service", "../internal/control"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if text, err := strconv.Unquote(lit.Value); err == nil && name.MatchString(text) {
					if found++; !known[text] {
						t.Errorf("%s: %s is no operation and no quirk", path, text)
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
	if found < 100 {
		t.Errorf("only %d names were found", found)
	}
}
