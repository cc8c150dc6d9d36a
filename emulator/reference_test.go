package emulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure the generated parts of the documents are those of the contracts and of the code.
func TestGeneratedReference(t *testing.T) {
	t.Parallel()
	all := servicetest.Contracts(t)
	parts := map[string]map[string]string{
		"reference/operations.md":  {"operations": eachService(all, func(c *contract.Contract) string { return operationTable(c) })},
		"reference/quirks.md":      {"quirks": eachService(all, quirkList)},
		"reference/control-api.md": {"control": controlAPI(t)},
		"faults.md":                {"connections": connectionList()},
	}
	for _, c := range all {
		if c.Service != "control" {
			parts["services/"+c.Service+".md"] = map[string]string{"operations": operationTable(c), "quirks": quirkList(c)}
		}
	}
	for page, marks := range parts {
		servicetest.KeepParts(t, "../docs/"+page, marks, *update)
	}
}

// eachService puts what there is of each service under a heading.
func eachService(all []*contract.Contract, part func(*contract.Contract) string) string {
	var b strings.Builder
	for _, c := range all {
		if text := part(c); text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", c.Service, strings.Trim(text, "\n"))
		}
	}
	return b.String()
}

func operationTable(c *contract.Contract) string {
	var b strings.Builder
	b.WriteString("| operation | request | documented | beyond the document |\n|---|---|---|---|\n")
	for _, op := range c.Operations {
		var documented, beyond []string
		for _, r := range op.Responses() {
			if r.Evidence == contract.Document {
				documented = append(documented, itoa(r.Status))
			} else {
				beyond = append(beyond, itoa(r.Status))
			}
		}
		fmt.Fprintf(&b, "| %s | `%s %s` | %s | %s |\n", op.ID, op.Method, op.Path, strings.Join(documented, " "), strings.Join(beyond, " "))
	}
	return b.String()
}

func quirkList(c *contract.Contract) string {
	var b strings.Builder
	for _, q := range c.Quirks {
		name := "`" + q.Name + "`"
		if q.Setting {
			name += " (a setting)"
		}
		fmt.Fprintf(&b, "\n**%s**\n\n%s%s", name, item("The document: "+q.Document), item("The server: "+q.Server))
	}
	return b.String()
}

// columns is where the text of lists is wrapped.
const columns = 120

// item is an item of a list, wrapped.
func item(text string) string {
	line := "-"
	var b strings.Builder
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > columns {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}

// connectionList is an item for each way to break a connection, with its options.
func connectionList() string {
	var b strings.Builder
	for _, k := range fault.Breaks() {
		fmt.Fprintf(&b, "\n**`%s`**: %s.\n", k.Kind, k.About)
		for i, o := range k.Options {
			text := "`" + o.Name + "`"
			if o.Words != nil {
				text += ": `" + strings.Join(o.Words, "`, `") + "`"
			}
			if i == 0 {
				b.WriteString("\n")
			}
			b.WriteString(item(text + " (default " + o.Default + ")"))
		}
	}
	return b.String()
}

// controlAPI is a section for each request of the control API: what it does, its parameters, its
// answers.
func controlAPI(t *testing.T) string {
	t.Helper()
	v, err := value.Parse(servicetest.Contract(t, "control").JSON())
	if err != nil {
		t.Fatal(err)
	}
	document := v.(*value.Object)
	resolved := func(v any) *value.Object {
		o := v.(*value.Object)
		for ref := o.Text("$ref"); ref != ""; ref = o.Text("$ref") {
			to, ok := value.At(document, strings.TrimPrefix(ref, "#"))
			if !ok {
				t.Fatalf("%s leads nowhere", ref)
			}
			o = to.(*value.Object)
		}
		return o
	}
	var b strings.Builder
	for _, path := range document.Object("paths").Members() {
		operations := path.Value.(*value.Object)
		for _, method := range []string{"get", "post", "put", "delete"} {
			op := operations.Object(method)
			if op == nil {
				continue
			}
			fmt.Fprintf(&b, "\n## `%s %s`\n\n%s.\n\n", strings.ToUpper(method), path.Name, strings.TrimSuffix(op.Text("summary"), "."))
			for _, p := range slices.Concat(operations.List("parameters"), op.List("parameters")) {
				p := resolved(p)
				b.WriteString(item(fmt.Sprintf("`%s` (%s): %s", p.Text("name"), p.Text("in"), p.Text("description"))))
			}
			for _, r := range op.Object("responses").Members() {
				b.WriteString(item(r.Name + ": " + resolved(r.Value).Text("description")))
			}
		}
	}
	return b.String()
}
