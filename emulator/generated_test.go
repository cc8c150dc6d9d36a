package emulator_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"standin/emulator/fault"
	"standin/fixtures"
	"standin/internal/catalog"
	"standin/internal/contract"
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
	if *update {
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what is generated; run go test ./emulator -run Generated -update", path)
	}
}

// Ensure the tables in the READMEs, of operations and of quirks, are those of the contracts.
func TestGeneratedTables(t *testing.T) {
	t.Parallel()
	const english, chinese = "../README.md", "../README.zh-CN.md"
	for _, path := range []string{english, chinese} {
		read, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head := "| operation | request | documented | beyond the document |\n|---|---|---|---|\n"
		if path == chinese {
			head = "| 操作 | 请求 | 文档列出的状态码 | 文档之外的状态码 |\n|---|---|---|---|\n"
		}
		text := between(t, string(read), "operations", head+table(t))
		if path == english {
			text = between(t, text, "quirks", "| quirk | the document | the server |\n|---|---|---|\n"+quirkTable(t))
			text = between(t, text, "connections", "| connection | the client sees | options |\n|---|---|---|\n"+connectionTable())
		}
		keep(t, path, []byte(text))
	}
}

// between puts a table between the two marks of its name.
func between(t *testing.T, text, name, table string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, ok := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("there is no place for the table of %s", name)
	}
	return before + begin + table + end + after
}

func connectionTable() string {
	var b strings.Builder
	for _, k := range fault.Breaks() {
		var options []string
		for _, o := range k.Options {
			text := "`" + o.Name + "`"
			if o.Words != nil {
				text += ": `" + strings.Join(o.Words, "`, `") + "`"
			}
			options = append(options, text+" (default "+o.Default+")")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Kind, k.About, strings.Join(options, "; "))
	}
	return b.String()
}

func quirkTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, c := range servicetest.Contracts(t) {
		for _, q := range c.Quirks {
			note := ""
			if q.Setting {
				note = " (a setting, not part of the observed profile)"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s%s |\n", q.Name, q.Document, q.Server, note)
		}
	}
	return b.String()
}

func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, c := range servicetest.Contracts(t) {
		for _, op := range c.Operations {
			var documented, beyond []string
			for _, r := range op.Responses {
				if r.Evidence == contract.Document {
					documented = append(documented, itoa(r.Status))
				} else {
					beyond = append(beyond, itoa(r.Status))
				}
			}
			fmt.Fprintf(&b, "| %s | `%s %s` | %s | %s |\n", op.ID, op.Method, op.Path, strings.Join(documented, " "), strings.Join(beyond, " "))
		}
	}
	return b.String()
}

// Ensure the contracts that the emulator starts with are those of the documents.
func TestGeneratedContracts(t *testing.T) {
	t.Parallel()
	var sums []byte
	for _, c := range servicetest.Contracts(t) {
		document, err := os.ReadFile("../schemas/" + c.Service + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, schemas.Sum(c.Service, document)...)
		keep(t, "../schemas/json/"+c.Service+".json", c.JSON())
		loaded, err := contract.Load(c.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := outline(loaded), outline(c); got != want {
			t.Errorf("%s: loaded\n%s\nparsed\n%s", c.Service, got, want)
		}
	}
	keep(t, "../schemas/json/sums", sums)
}

// outline returns all of a contract except its samples.
func outline(c *contract.Contract) string {
	var b strings.Builder
	for _, op := range append(slices.Clone(c.Operations), c.Elsewhere) {
		fmt.Fprintln(&b, op.ID, op.Method, op.Path, op.Summary, op.Stateless, op.Public, op.Body, op.Secret, op.Parameters())
		for _, r := range op.Responses {
			fmt.Fprintln(&b, r.Status, r.Reason, r.Description, r.Evidence, r.FaultOnly, r.Optional, r.MediaTypes, r.Headers, r.Examples())
		}
	}
	for _, q := range c.Quirks {
		fmt.Fprintln(&b, q.Name, q.Document, q.Server, q.Evidence, q.Operations, q.Setting, len(q.Answers.Responses))
	}
	return b.String()
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
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		root, err := file.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		v, err := root.Value()
		if err != nil {
			t.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(value.Append(nil, v), &plain); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(plain); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
}
