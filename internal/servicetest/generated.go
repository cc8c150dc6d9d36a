package servicetest

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// Keep fails the test unless a file has the generated text. With update, it writes the file.
func Keep(t testing.TB, path string, want []byte, update bool) {
	t.Helper()
	got, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(got, want):
	case update:
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
	case err != nil:
		t.Fatal(err)
	default:
		t.Errorf("%s is not what is generated; run make generate", path)
	}
}

// Between returns the text of a file with another part between two marks. The test ends if the file
// does not have the marks.
func Between(t testing.TB, file, begin, end, part string) string {
	t.Helper()
	before, rest, ok := strings.Cut(file, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("there are no marks %s and %s", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + part + end + after
}

// KeepParts is Keep for a page in which the generated parts are between the marks <!-- NAME --> and
// <!-- /NAME -->.
func KeepParts(t testing.TB, path string, parts map[string]string, update bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for name, part := range parts {
		page = Between(t, page, "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n", part)
	}
	Keep(t, path, []byte(page), update)
}
