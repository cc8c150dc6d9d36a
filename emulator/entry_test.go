package emulator_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// Ensure the contract of the control API describes entries of the journal as the type has
// them, with its comments.
func TestGeneratedEntry(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../schemas/control.yaml", "    # entry: generated from journal.Entry\n", "    # /entry\n"
	read, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(read), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("there is no place for the component Entry")
	}
	d := describer{comments: comments(t, "journal/entry.go")}
	keep(t, path, []byte(before+begin+"    Entry:\n"+d.object(reflect.TypeFor[journal.Entry](), "      ")+end+after))
}

// comments are those of the members of the types in a file: by TYPE.MEMBER.
func comments(t *testing.T, path string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, name := range f.Names {
						all[spec.Name.Name+"."+name.Name] = strings.TrimSpace(f.Comment.Text())
					}
				}
			}
		}
		return true
	})
	return all
}

// A describer writes JSON Schema in YAML for types as encoding/json writes them.
type describer struct{ comments map[string]string }

// A jsonMember is a member of a struct as encoding/json writes it.
type jsonMember struct {
	name, comment string
	optional      bool
	is            reflect.Type
}

func (d describer) members(t reflect.Type) []jsonMember {
	var all []jsonMember
	for f := range t.Fields() {
		if f.Anonymous {
			all = append(all, d.members(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		all = append(all, jsonMember{name, d.comments[t.Name()+"."+f.Name], options != "", f.Type})
	}
	return all
}

func (d describer) object(t reflect.Type, indent string) string {
	var required []string
	var b strings.Builder
	for _, m := range d.members(t) {
		if !m.optional {
			required = append(required, m.name)
		}
		fmt.Fprintf(&b, "%s  %s:%s", indent, m.name, d.value(m.is, m.comment, indent+"    "))
	}
	return fmt.Sprintf("%stype: object\n%srequired: [%s]\n%sadditionalProperties: false\n%sproperties:\n%s", indent, indent, strings.Join(required, ", "), indent, indent, b.String())
}

// value is what follows the colon after a name.
func (d describer) value(t reflect.Type, comment, indent string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	described := ""
	if comment != "" {
		text, _ := json.Marshal(strings.ToUpper(comment[:1]) + comment[1:] + ".")
		described = string(text)
	}
	leaf := func(text string) string {
		if described != "" {
			text += ", description: " + described
		}
		return " {" + text + "}\n"
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return leaf("type: string, format: date-time")
	case t == reflect.TypeFor[journal.Ended]():
		return leaf(fmt.Sprintf("enum: [%s, %s, %s, %s]", journal.Open, journal.Answered, journal.Aborted, journal.Cut))
	case t == reflect.TypeFor[map[string][]string]():
		return leaf("type: object, additionalProperties: {type: array, items: {type: string}}")
	case t == reflect.TypeFor[[]string]():
		return leaf("type: array, items: {type: string}")
	case t.Kind() == reflect.Slice:
		return fmt.Sprintf("\n%sdescription: %s\n%stype: array\n%sitems:\n%s", indent, described, indent, indent, d.object(t.Elem(), indent+"  "))
	case t.Kind() == reflect.Struct:
		return fmt.Sprintf("\n%sdescription: %s\n%s", indent, described, d.object(t, indent))
	case t.Kind() == reflect.String:
		return leaf("type: string")
	case t.Kind() == reflect.Bool:
		return leaf("type: boolean")
	case t.Kind() == reflect.Float64:
		return leaf("type: number")
	default:
		return leaf("type: integer")
	}
}

// names lists the members of a type and of the types in it, as paths.
func (d describer) names(t reflect.Type, at string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	var all []string
	for _, m := range d.members(t) {
		all = append(append(all, at+m.name), d.names(m.is, at+m.name+".")...)
	}
	return all
}

// Ensure GET requests has every member that an entry can have, and no other one: what
// exchanges of all sorts bring is what the contract describes.
func TestEntriesAreDescribed(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	if err := s.Fault(
		fault.Rule{Name: "drawn", Where: fault.Where{Path: "/v1/clients"}, When: fault.When{Probability: new(0.0)}, What: fault.What{Status: 503}},
		fault.Rule{Name: "odd", Where: fault.Where{Path: "/v1/clients"}, When: fault.When{Times: new(1)}, What: fault.What{Status: 599}},
	); err != nil {
		t.Fatal(err)
	}
	s.Freeze(time.Time{})
	send := func(method, path, body string, header ...string) {
		t.Helper()
		recorded(s.Emulator(), method, path, body, append([]string{"X-Auth-Token", "demo-token"}, header...)...)
	}
	send("GET", "/v1/clients?limit=1", "")                               // a fault, a draw, a status that is not documented
	send("GET", "/v1/clients?limit=1", "")                               // another attempt
	send("GET", "/v1/client", "")                                        // near
	send("POST", "/v1/clients", strings.Repeat("x", 2*journal.KeptBody)) // a hash
	send("POST", "/v1/clients", "\xff\xfe")                              // Base64
	w := recorded(s.Emulator(), "GET", "/_standin/requests", "")
	var page struct {
		Requests []any `json:"requests"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	walk(page.Requests, "", seen)
	rare := []string{"transport_retry", "violation", "note"} // these need a connection, or a bug
	for _, name := range (describer{}).names(reflect.TypeFor[journal.Entry](), "") {
		if !seen[name] && !slices.Contains(rare, name) && !slices.Contains([]string{"reply.body_base64", "reply.sha256"}, name) {
			t.Errorf("no entry has %s", name)
		}
		delete(seen, name)
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		t.Errorf("entries have %s, which the type does not", name)
	}
}

// walk notes the paths of all members, but for those of headers.
func walk(v any, at string, seen map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			walk(e, at, seen)
		}
	case map[string]any:
		for name, e := range v {
			seen[at+name] = true
			if name != "headers" {
				walk(e, at+name+".", seen)
			}
		}
	}
}
