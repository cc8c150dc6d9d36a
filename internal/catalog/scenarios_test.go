package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/internal/catalog"
)

// Ensure all mistakes of a scenario file are reported, in the rules that could be read and in its
// fixture.
func TestEveryMistake(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.yaml")
	text := "name: x\nfixture: documentd\nfaults:\n  - {wht: 1}\n  - {where: {operation: freezer.client.list}, when: {skip: -1, every: -2, probability: 3}, what: {status: 5030}}\n" +
		"  - {use: freezer.clients.create/753}\n  - {when: {after: {fault: freezer.clients.create/753}}, what: {status: 503}}\nexpect:\n  - {fault: freezer.clients.create/753}\n  - {operation: a}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := catalog.CheckScenario(path, []byte(text))
	for _, want := range []string{":4:6: unknown key", ":5:25: no operation", "skip must", "every must", "probability must be", "status 5030", ":10:17: no operation a", ":2:10: fixture \"documentd\""} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "no rule") {
		t.Errorf("a rule named by use is not found: %v", err)
	}
}
