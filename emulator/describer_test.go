package emulator_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/explore"
	"standin/internal/file"
	"standin/internal/value"
)

// A describer describes types as JSON Schema, in the form in which encoding/json writes them.
type describer struct {
	comments map[string]string       // comments of members, by PACKAGE.TYPE.MEMBER
	names    map[reflect.Type]string // components to which other types refer
	answer   bool                    // members are required unless they are omitted when empty
	bare     []string                // members that have no comment
}

// formOf has the schemas of types that their kind does not determine.
var formOf = map[reflect.Type]*value.Object{
	reflect.TypeFor[time.Time]():          object("type", "string", "format", "date-time"),
	reflect.TypeFor[value.Object]():       object("type", "object"),
	reflect.TypeFor[json.RawMessage]():    object("type", "object", "additionalProperties", object()), // a record
	reflect.TypeFor[journal.Ended]():      enum(journal.Open, journal.Answered, journal.Aborted, journal.Cut),
	reflect.TypeFor[fault.Phase]():        enum(fault.Before, fault.After),
	reflect.TypeFor[fault.Malformation](): enum(fault.NotJSON, fault.ByteOrderMark, fault.WrongCharset, fault.WrongContentType),
	reflect.TypeFor[contract.Evidence]():  enum(contract.Document, contract.Server, contract.Standin),
	// Requests may have a number; answers have a string.
	reflect.TypeFor[journal.Exit](): object("type", []any{"string", "integer"}, "pattern", "^([0-9]+|nonzero|any)$", "minimum", 0),
}

// formOfMember has the schemas of members that their type does not determine.
var formOfMember = map[string]*value.Object{
	"control.Clock.Mode":        enum("real", "offset", "frozen"),
	"control.Health.Status":     object("const", "ok"),
	"control.Index.Name":        object("const", "standin"),
	"control.Info.Profile":      enum("documented", "observed"),
	"control.Spec.Profile":      enum("documented", "observed"),
	"control.Verdict.Passed":    object("const", true),
	"explore.Finding.Times":     enum(explore.Once, explore.Forever),
	"explore.Left.Reason":       enum("call-site", "same-reaction", "no-impact", "unreachable", "budget"),
	"explore.Run.Times":         enum(explore.Once, explore.Forever),
	"coverage.Report.Report":    object("const", "coverage"),
	"coverage.Report.Version":   object("const", 1),
	"coverage.WireCell.Failure": enum("lost-reply", "reset", "empty", "hang", "half-answer", "garbage", "malformed-chunk", "content-length", "left", "slow-close", "slow"),
	"fault.RateLimit.By":        enum("sandbox", "caller", "operation"),
	"fault.RateLimit.Kind":      enum("window", "bucket"),
	"fault.Since.Operation":     (*contract.Patterns)(nil).JSONSchema(),
	"fault.Where.Operation":     (*contract.Patterns)(nil).JSONSchema(),
	"journal.Pattern.Operation": (*contract.Patterns)(nil).JSONSchema(),
	"journal.Pattern.Status":    object("type", []any{"string", "integer"}),
	"scenario.Scenario.Profile": enum("documented", "observed"),
}

// byMembers are types whose JSONSchema method differs from their members only in formOfMember. The
// comments of their members are used, which the method does not have.
var byMembers = []reflect.Type{
	reflect.TypeFor[fault.Where](), reflect.TypeFor[fault.Since](), reflect.TypeFor[journal.Pattern](), reflect.TypeFor[journal.Expectation](),
}

// object returns a JSON object from names and values in turn.
func object(pairs ...any) *value.Object {
	o := value.NewObject()
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func enum[T ~string](words ...T) *value.Object {
	all := make([]any, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return object("enum", all)
}

// object describes a struct by its members.
func (d *describer) object(t reflect.Type) *value.Object {
	required, properties := []any{}, value.NewObject()
	d.members(t, func(f reflect.StructField, owner reflect.Type, optional bool) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			return
		}
		if d.answer && options == "" && !optional || f.Tag.Get("fixture") == "required" {
			required = append(required, name)
		}
		key := owner.String() + "." + f.Name
		if d.comments[key] == "" {
			d.bare = append(d.bare, key)
		}
		o := formOfMember[key]
		if o == nil {
			o = d.schema(f.Type)
		}
		properties.Set(name, described(o, d.comments[key]))
	})
	o := object("type", "object")
	if len(required) > 0 {
		o.Set("required", required)
	}
	o.Set("additionalProperties", false)
	o.Set("properties", properties)
	return o
}

// members visits the members of a struct and of those that it embeds. The members of an
// embedded pointer are optional.
func (d *describer) members(t reflect.Type, visit func(f reflect.StructField, owner reflect.Type, optional bool)) {
	for f := range t.Fields() {
		switch {
		case !f.Anonymous:
			visit(f, t, false)
		case f.Type.Kind() == reflect.Pointer:
			d.members(f.Type.Elem(), func(f reflect.StructField, owner reflect.Type, _ bool) { visit(f, owner, true) })
		default:
			d.members(f.Type, visit)
		}
	}
}

// schema returns the schema of a type.
func (d *describer) schema(t reflect.Type) *value.Object {
	if t.Kind() == reflect.Pointer {
		return d.schema(t.Elem())
	}
	if name := d.names[t]; name != "" {
		return object("$ref", "#/components/schemas/"+name)
	}
	if o := formOf[t]; o != nil {
		return o
	}
	switch p := reflect.New(t).Interface().(type) {
	case file.Describer:
		if !slices.Contains(byMembers, t) {
			return p.JSONSchema()
		}
	case encoding.TextUnmarshaler:
		return object("type", "string")
	}
	switch t.Kind() {
	case reflect.Struct:
		return d.object(t)
	case reflect.Slice:
		return object("type", "array", "items", d.schema(t.Elem()))
	case reflect.Map:
		elem := d.schema(t.Elem())
		if t.Elem().Kind() == reflect.Pointer {
			elem = object("type", []any{elem.Text("type"), "null"})
		}
		return object("type", "object", "additionalProperties", elem)
	case reflect.Interface:
		return object()
	case reflect.String:
		return object("type", "string")
	case reflect.Bool:
		return object("type", "boolean")
	case reflect.Float64:
		return object("type", "number")
	default:
		return object("type", "integer")
	}
}

// described returns a schema with a description. In a long schema it is the first member.
func described(o *value.Object, text string) *value.Object {
	if text == "" {
		return o
	}
	d := object("description", text)
	if isShort(o) {
		d = value.NewObject(slices.Clone(o.Members())...)
		d.Set("description", text)
		return d
	}
	for _, m := range o.Members() {
		d.Set(m.Name, m.Value)
	}
	return d
}

// goName matches the name of a rule's member in Go.
var goName = regexp.MustCompile(`\b(Where|When|What)\.[A-Z][a-z]+`)

// comments returns the comments of the members of all types in folders, as sentences.
func comments(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if spec, ok := n.(*ast.TypeSpec); ok {
					if s, ok := spec.Type.(*ast.StructType); ok {
						for _, f := range s.Fields.List {
							for _, name := range f.Names {
								all[parsed.Name.Name+"."+spec.Name.Name+"."+name.Name] = sentence(f, name.Name)
							}
						}
					}
				}
				return true
			})
		}
	}
	return all
}

// sentence returns the comment of a member: the one after it, or the one above it. The latter
// begins with the member's name in Go.
func sentence(f *ast.Field, name string) string {
	text := strings.TrimSpace(f.Comment.Text())
	if text == "" {
		text = strings.Join(strings.Fields(f.Doc.Text()), " ")
		if rest, ok := strings.CutPrefix(text, name+" "); ok && f.Tag != nil {
			member, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
			text = member + " " + rest
		}
		text = goName.ReplaceAllStringFunc(text, strings.ToLower)
	}
	if text == "" {
		return ""
	}
	if word, _, _ := strings.Cut(text, " "); !strings.Contains(word, "_") {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}

// isShort reports whether a schema has no members, so that it fits on a line.
func isShort(v any) bool {
	switch v := v.(type) {
	case *value.Object:
		return !v.Has("properties") && !slices.ContainsFunc(v.Members(), func(m value.Member) bool { return !isShort(m.Value) })
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !isShort(e) })
	default:
		return true
	}
}

// block returns an object in YAML, with one member per line.
func block(o *value.Object, indent string) string {
	var b strings.Builder
	for _, m := range o.Members() {
		fmt.Fprintf(&b, "%s%s:", indent, flow(m.Name))
		list, isList := m.Value.([]any)
		switch {
		case isShort(m.Value) && m.Name != "properties":
			fmt.Fprintf(&b, " %s\n", flow(m.Value))
		case isList:
			b.WriteByte('\n')
			for _, v := range list {
				fmt.Fprintf(&b, "%s  - %s\n", indent, flow(v))
			}
		default:
			b.WriteString("\n" + block(m.Value.(*value.Object), indent+"  "))
		}
	}
	return b.String()
}

// plain matches the texts that need no quotes in YAML, except YAML's own words.
var plain = regexp.MustCompile(`^[$]?[A-Za-z][A-Za-z0-9_-]*$`)

var known = []string{"null", "true", "false", "on", "off", "yes", "no", "y", "n"}

// flow returns a value in YAML on one line.
func flow(v any) string {
	switch v := v.(type) {
	case *value.Object:
		var all []string
		for _, m := range v.Members() {
			all = append(all, flow(m.Name)+": "+flow(m.Value))
		}
		return "{" + strings.Join(all, ", ") + "}"
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, flow(e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case string:
		if !plain.MatchString(v) || slices.Contains(known, v) {
			return string(value.AppendString(nil, v))
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

// paths returns the members of a schema, including nested ones.
func paths(o *value.Object, at string) []string {
	if items := o.Object("items"); items != nil {
		return paths(items, at)
	}
	properties := o.Object("properties")
	if properties == nil {
		return nil
	}
	var all []string
	for _, m := range properties.Members() {
		all = append(append(all, at+m.Name), paths(m.Value.(*value.Object), at+m.Name+".")...)
	}
	return all
}
