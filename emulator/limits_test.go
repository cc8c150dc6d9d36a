package emulator_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/ruleset"
)

// Ensure docs/limits.md says what the code does.
func TestLimitsAreDocumented(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{
		fmt.Sprintf("| entries of a journal | %s |", thousands(journal.DefaultEntries)),
		fmt.Sprintf("| bytes of a journal | %d MiB |", journal.DefaultBytes>>20),
		fmt.Sprintf("| bytes of all journals | %d MiB |", journal.DefaultAllBytes>>20),
		fmt.Sprintf("| a body in the journal | %d KiB |", journal.KeptBody>>10),
		fmt.Sprintf("| rules of a sandbox | %s |", thousands(ruleset.MaxRules)),
		fmt.Sprintf("| a pattern | %s bytes |", thousands(contract.MaxGlob)),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("docs/limits.md has no row %s", want)
		}
	}
}

// Ensure the tests that docs/limits.md names exist.
func TestLimitsHaveTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)` \\|").FindAllSubmatch(page, -1)
	if len(named) == 0 {
		t.Fatal("docs/limits.md names no test")
	}
	defined := map[string]bool{}
	for _, root := range []string{".", "../internal", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				defined[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range named {
		if !defined[string(m[1])] {
			t.Errorf("docs/limits.md names %s, which does not exist", m[1])
		}
	}
}

// thousands returns a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
