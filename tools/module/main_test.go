package main

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// Ensure every go.mod and every import changes, and nothing else.
func TestRename(t *testing.T) {
	t.Parallel()
	const source = "package a\n\nimport (\n\t\"fmt\"\n\n\tx \"standin/internal/x\"\n\t\"standinish/y\"\n)\n\nvar _ = fmt.Sprint(\"standin/internal/x\", x.X, y.Y)\n"
	root := fstest.MapFS{
		"go.mod":                    {Data: []byte("module standin\n\ngo 1.26\n")},
		"tools/openapi/go.mod":      {Data: []byte("module standin/tools/openapi\n")},
		"a.go":                      {Data: []byte(source)},
		"plain.go":                  {Data: []byte("package  a\n")},
		".git/b.go":                 {Data: []byte(source)},
		"docs/page.md":              {Data: []byte("import (\n\t\"standin/emulator\"\n)\n./standin/x")},
		"sdk/node_modules/x/go.mod": {Data: []byte("module standin\n")},
	}
	got := map[string]string{}
	err := rename(root, "example.com/you/standin", func(name string, data []byte, _ fs.FileMode) error {
		got[name] = string(data)
		return nil
	})
	want := map[string]string{
		"go.mod":               "module example.com/you/standin\n\ngo 1.26\n",
		"tools/openapi/go.mod": "module example.com/you/standin/tools/openapi\n",
		"docs/page.md":         "import (\n\t\"example.com/you/standin/emulator\"\n)\n./standin/x",
		"a.go":                 strings.Replace(source, `x "standin/`, `x "example.com/you/standin/`, 1),
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v: changed %v", err, got)
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s: got\n%s\nexpected\n%s", name, got[name], text)
		}
	}
}

// Ensure what is no path of a module is refused before anything changes.
func TestRenameRefuses(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{"go.mod": {Data: []byte("module standin\n")}}
	for _, to := range []string{"", "standin", "example.com", "example.com/", "https://example.com/x", "example.com/a b"} {
		if err := rename(root, to, nil); err == nil || !strings.Contains(err.Error(), "expected one such as example.com/you/standin") {
			t.Errorf("%q: %v", to, err)
		}
	}
	if err := rename(fstest.MapFS{}, "example.com/x", nil); err == nil || !strings.Contains(err.Error(), "there is no go.mod here") {
		t.Error(err)
	}
}
