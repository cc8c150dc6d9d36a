package catalog

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"standin/schemas"
)

// Ensure a contract whose document has another size than when its JSON was made is refused, and the
// error says what to do.
func TestStaleContracts(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	for _, name := range []string{"freezer.yaml", "json/freezer.json", "json/sizes"} {
		data, err := fs.ReadFile(schemas.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	if _, err := readContract(files, schemas.Outlines, "freezer"); err != nil {
		t.Fatalf("as it is: %v", err)
	}
	files["freezer.yaml"].Data = append(files["freezer.yaml"].Data, "# another line\n"...)
	if _, err := readContract(files, schemas.Outlines, "freezer"); err == nil || err.Error() != "schemas/freezer.yaml has changed: run make generate" {
		t.Errorf("a document that has changed: %v", err)
	}
	if _, err := readContract(files, "", "freezer"); err == nil || !strings.Contains(err.Error(), "service freezer has no contract") {
		t.Errorf("a service without an outline: %v", err)
	}
	if _, err := readContract(files, schemas.Outlines, "nova"); err == nil || !strings.Contains(err.Error(), "service nova has no contract") {
		t.Errorf("a service without a document: %v", err)
	}
}
