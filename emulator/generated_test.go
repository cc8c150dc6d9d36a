package emulator_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"standin/fixtures"
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/coverage"
	"standin/internal/file"
	"standin/internal/scenario"
	"standin/internal/servicetest"
	"standin/internal/value"
	"standin/scenarios"
	"standin/schemas"
)

var update = flag.Bool("update", false, "write the generated parts of files")

// keep compares generated text with a file. With -update, it writes the file.
func keep(t *testing.T, path string, want []byte) {
	t.Helper()
	servicetest.Keep(t, path, want, *update)
}

// Ensure the contracts that the emulator starts with are those of the documents.
func TestGeneratedContracts(t *testing.T) {
	t.Parallel()
	var sizes, outlines []byte
	for _, c := range servicetest.Contracts(t) {
		size, err1 := schemas.Size(os.DirFS("../schemas"), c.Service)
		outline, err2 := c.Outline()
		checked, err3 := c.Schemas()
		if err := cmp.Or(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		sizes, outlines = append(sizes, size...), append(outlines, outline...)
		keep(t, "../schemas/json/"+c.Service+".json", c.JSON())
		keep(t, "../schemas/json/"+c.Service+".schemas.json", checked)
		started, err := contract.FromOutline(string(outline), func() []byte { return checked }, c.JSON)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := contents(started), contents(c); got != want {
			t.Errorf("%s: from the outline\n%s\nfrom the document\n%s", c.Service, got, want)
		}
	}
	keep(t, "../schemas/json/sizes", sizes)
	keep(t, "../schemas/json/outlines.tsv", outlines)
}

// contents returns all of a contract except its samples.
func contents(c *contract.Contract) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %q %q %v\n", c.Service, c.Title, c.Prefix, c.Roots, c.Logins)
	all := append(slices.Clone(c.Operations), c.Elsewhere)
	for _, q := range c.Quirks {
		fmt.Fprintf(&b, "%q %q %q %q %q %t\n", q.Name, q.Document, q.Server, q.Evidence, q.Operations, q.Setting)
		all = append(all, q.Answers)
	}
	for _, op := range all {
		fmt.Fprintf(&b, "%q %q %q %q %q %t %t %t %d %v %v\n",
			op.ID, op.Service, op.Method, op.Path, op.Summary, op.Stateless, op.Public, op.Body, op.Secret, op.Parameters(), op.Logins)
		fmt.Fprintln(&b, op.JSON().Names(), op.JSON().Items().Names(), op.Form().Names())
		for _, r := range op.Responses() {
			fmt.Fprintf(&b, "%d %d %q %q %q %t %t %q %q\n", r.Status, r.Number, r.Reason, r.Description(), r.Evidence, r.FaultOnly, r.Optional, r.MediaTypes, r.Headers)
			for _, name := range r.Examples() {
				example, ok := r.Example(name)
				template, _ := r.Template(name, op.Parameters())
				fmt.Fprintf(&b, "%q %t %s %q\n", name, ok, example, template)
			}
			fmt.Fprintln(&b, op.Check(http.MethodGet, r.Status, http.Header{"Content-Type": {"application/json"}}, []byte(`[0]`)))
		}
	}
	return b.String()
}

// Ensure the built-in fixtures that are read at the start are those in YAML.
func TestGeneratedFixtures(t *testing.T) {
	t.Parallel()
	for name, v := range valuesOf(t, fixtures.FS) {
		keep(t, "../fixtures/json/"+strings.TrimSuffix(name, ".yaml")+".json", append(value.Append(nil, v), '\n'))
	}
}

// Ensure the published schema of scenarios is that of their reader, and accepts the built-in
// scenarios.
func TestGeneratedScenarioSchema(t *testing.T) {
	t.Parallel()
	o := file.SchemaFor[scenario.Scenario]()
	o.Set("$schema", "https://json-schema.org/draft/2020-12/schema")
	o.Set("title", "Standin scenario")
	publish(t, "../schemas/scenario.schema.json", o, scenarios.FS)
}

// Ensure the published schema of fixtures is that of the loader, and accepts the built-in fixtures.
func TestGeneratedSchema(t *testing.T) {
	t.Parallel()
	publish(t, "../schemas/fixture.schema.json", catalog.NewLoader().Schema(), fixtures.FS)
}

// Ensure the published schema of coverage files is that of their type.
func TestGeneratedCoverageSchema(t *testing.T) {
	t.Parallel()
	d := &describer{comments: comments(t, "../internal/coverage"), answer: true}
	o := d.object(reflect.TypeFor[coverage.Report]())
	o.Set("$schema", "https://json-schema.org/draft/2020-12/schema")
	o.Set("title", "Standin coverage")
	publish(t, "../schemas/coverage.schema.json", o, os.DirFS(t.TempDir()))
}

// publish compares a schema with its file, and checks YAML files against it.
func publish(t *testing.T, path string, o *value.Object, files fs.FS) {
	t.Helper()
	var text bytes.Buffer
	if err := json.Indent(&text, value.Append(nil, o), "", "  "); err != nil {
		t.Fatal(err)
	}
	text.WriteByte('\n')
	keep(t, path, text.Bytes())
	schema, err := jsonschema.CompileString(filepath.Base(path), text.String())
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range valuesOf(t, files) {
		var plain any
		if err := json.Unmarshal(value.Append(nil, v), &plain); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(plain); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

// valuesOf returns the values of YAML files by their names.
func valuesOf(t *testing.T, files fs.FS) map[string]any {
	t.Helper()
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		root, err := file.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = root.Value(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
