package world_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"standin/internal/file"
	"standin/internal/world"
)

// A thing is the only record type of the loaders in these tests.
type thing struct {
	ID   string   `json:"id" fixture:"required"`
	Of   string   `json:"of,omitempty"`
	N    int      `json:"n,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

func newLoader(builtin map[string]string) *world.Loader {
	things := world.NewKind("things", func(x *thing) string { return x.ID })
	all := things.Index(nil, nil)
	check := func(v world.View, x *thing, at file.Node) error {
		if x.Of != "" && things.Get(v, x.Of) == nil {
			return at.At("of").Errorf("there is no thing %q", x.Of)
		}
		return nil
	}
	fake := func(_ world.View, f *world.Faker) thing { return thing{ID: f.UUID(), N: f.Int(1, 9)} }
	section := func(name string) world.Section {
		return world.Section{Name: name, Kinds: []world.Clearer{things}, Collections: []world.Collection{
			world.PlainCollection("things", things, all, check, fake),
		}}
	}
	fsys := fstest.MapFS{"cast.yaml": {Data: []byte("people: {things: [{id: someone}]}")}}
	for name, text := range builtin {
		fsys[name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return &world.Loader{Builtin: fsys, Fallback: "cast", Sections: []world.Section{section("people"), section("box")}}
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"unknown key at the top", "bux: {}", `f.yaml:1:1: unknown key "bux", did you mean "box"?; expected about, extends, clock, seed, ids, people, box`},
		{"unknown key in a section", "box:\n  thing: []", `f.yaml:2:3: unknown key "thing", did you mean "things"?; expected things, generate`},
		{"unknown key in a record", "box:\n  things:\n    - {id: a, nn: 1}", `f.yaml:3:15: unknown key "nn", did you mean "n"?; expected id, of, n, tags`},
		{"a member is missing", "box:\n  things:\n    - {n: 1}", `f.yaml:3:7: "id" is missing`},
		{"a number for a string", "box: {things: [{id: 5}]}", `f.yaml:1:21: expected a string, got the number 5; put it in quotes`},
		{"a string for a number", "box: {things: [{id: a, n: x}]}", `f.yaml:1:27: expected a whole number, got the string "x"`},
		{"a mapping for a list", "box: {things: {id: a}}", `f.yaml:1:15: expected a list, got a mapping`},
		{"a string for a list", "box: {things: [{id: a, tags: x}]}", `f.yaml:1:30: expected a list, got the string "x"`},
		{"a list for a mapping", "box: []", `f.yaml:1:6: expected a mapping, got a list`},
		{"a key twice", "box: {things: [{id: a, id: b}]}", `f.yaml:1:24: "id" is given twice`},
		{"a record twice", "box: {things: [{id: a}, {id: a}]}", `f.yaml:1:25: this record of things is in the list twice`},
		{"a reference that leads nowhere", "box: {things: [{id: a, of: b}]}", `f.yaml:1:28: there is no thing "b"`},
		{"a bad time", "clock: {freeze: yesterday}", `f.yaml:1:17: expected a time such as 2026-01-31T12:00:00Z, got the string "yesterday"`},
		{"a bad seed", "seed: x", `f.yaml:1:7: expected a whole number, got the string "x"`},
		{"a count too large", "box: {generate: {things: {count: -1}}}", `f.yaml:1:34: expected a count from 0 to 10000000`},
		{"nothing to generate", "box: {generate: {thing: {count: 1}}}", `f.yaml:1:18: unknown key "thing", did you mean "things"?; expected things`},
		{"an alias of itself", "box: &a {things: *a}", `f.yaml:1:18: alias refers to itself`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newLoader(nil).LoadBytes("f.yaml", []byte(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// Ensure a file with a long list has the records and the mistakes of a short one.
func TestLongFiles(t *testing.T) {
	t.Parallel()
	const records = 2000
	var list strings.Builder
	for i := range records {
		fmt.Fprintf(&list, "    - id: t%d\n      tags: [a, b]\n", i)
	}
	list.WriteString("    - id: many\n      tags:\n" + strings.Repeat("      - a\n", records))
	const last = 5 + 2*records + 2 + records // the line after the list
	head := "seed: 7\nbox:\n  # the things\n  things:\n" + list.String()
	for _, tt := range []struct{ name, more, want string }{
		{"right", "", ""},
		{"an unknown key", "    - {id: z, nn: 1}\n", `:15: unknown key "nn", did you mean "n"?; expected id, of, n, tags`},
		{"a record twice", "    - id: t5\n", `:7: this record of things is in the list twice`},
		{"a reference to a record of another chunk", "    - {id: z, of: t5}\n", ""},
		{"a reference that leads nowhere", "    - id: z\n      of: t5000\n", `:11: there is no thing "t5000"`},
		{"not YAML", "    - id: z: y\n", `:12: mapping values are not allowed in this context; a text with a colon and a blank in it needs quotes`},
		{"not YAML, and an unknown section", "    - id: z: y\nbux: {}\n", `:12: mapping values are not allowed in this context; a text with a colon and a blank in it needs quotes`},
		{"an alias", "    - id : &x z\n      tags : [*x]\n", ""},
		{"a text over two lines", "    - id: \"z\n\n        z\"\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLoader(nil)
			fx, err := l.LoadBytes("f.yaml", []byte(head+tt.more))
			place := fmt.Sprintf("f.yaml:%d", last)
			if strings.HasPrefix(tt.want, ":11:") {
				place = fmt.Sprintf("f.yaml:%d", last+1)
			}
			switch {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || err.Error() != place+tt.want):
				t.Errorf("got  %v\nwant %s", err, place+tt.want)
			case err == nil && fx.World.Seed() != 7:
				t.Errorf("seed %d", fx.World.Seed())
			}
			if err != nil {
				return
			}
			dump, err := l.Dump(fx, "box")
			if err != nil || strings.Count(string(dump), `"id":`) < records+1 || !strings.Contains(string(dump), `"id":"t1999","tags":["a","b"]`) || strings.Count(string(dump), `"a"`) != 2*records || strings.Contains(string(dump), `"x"`) {
				t.Errorf("%d bytes, %v", len(dump), err)
			}
			again, err := l.LoadBytes("f.json", dump)
			if err != nil {
				t.Fatal(err)
			}
			if twice, err := l.Dump(again, "box"); err != nil || string(twice) != string(dump) {
				t.Errorf("the dump of the dump differs: %v", err)
			}
		})
	}
}

func TestSyntaxErrorsHaveAPlace(t *testing.T) {
	t.Parallel()
	_, err := newLoader(nil).LoadBytes("f.yaml", []byte("box:\n  things: [\n"))
	var at *file.Error
	if !errors.As(err, &at) || at.Line < 2 {
		t.Errorf("got %v", err)
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := newLoader(nil).LoadBytes("f.yaml", []byte("box:\n  things:\n    - {n: x}\n    - {id: a, of: b}\n"))
	if err == nil || strings.Count(err.Error(), "f.yaml:") != 3 {
		t.Errorf("got %v", err)
	}
}

// Ensure that aliases cannot make a small file large.
func TestAliasesAreBounded(t *testing.T) {
	t.Parallel()
	text := "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 8 {
		n := string(rune('0' + i))
		next := string(rune('1' + i))
		text += "a" + next + ": &a" + next + " [" + strings.TrimSuffix(strings.Repeat("*a"+n+", ", 10), ", ") + "]\n"
	}
	long := "a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.TrimSuffix(strings.Repeat("*a, ", 300), ", ") + "]\n"
	for _, text := range []string{text, long} {
		if _, err := newLoader(nil).LoadBytes("f.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
			t.Errorf("got %v", err)
		}
	}
}

func dump(t *testing.T, l *world.Loader, fx *world.Fixture) string {
	t.Helper()
	b, err := l.Dump(fx)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLaterFixturesAddAndReplace(t *testing.T) {
	t.Parallel()
	l := newLoader(map[string]string{
		"base": "seed: 7\nclock: {freeze: 2026-01-01T00:00:00Z}\nbox: {things: [{id: a, n: 1}, {id: b, n: 2}]}",
		"more": "extends: base\nseed: 8\nbox: {things: [{id: a, n: 3}, {id: c, of: b}]}",
	})
	fx, err := l.Load("more")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seed":8,"clock":{"freeze":"2026-01-01T00:00:00Z"},"people":{"things":[{"id":"someone"},{"id":"a","n":3},{"id":"b","n":2},{"id":"c","of":"b"}]},` +
		`"box":{"things":[{"id":"someone"},{"id":"a","n":3},{"id":"b","n":2},{"id":"c","of":"b"}]}}`
	if got := dump(t, l, fx); got != want { // both sections have the same kind of records
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAFileWithTheSectionReplacesTheFallback(t *testing.T) {
	t.Parallel()
	l := newLoader(nil)
	fx, err := l.LoadBytes("f.yaml", []byte("people: {things: [{id: me}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := dump(t, l, fx); strings.Contains(got, "someone") {
		t.Errorf("the fallback is there: %s", got)
	}
}

func TestFilesExtendFilesBesideThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"base.yaml": "box: {things: [{id: a}]}",
		"top.json":  `{"extends": "base.yaml", "box": {"things": [{"id": "b", "tags": ["\u00e9\ud83d\ude00"]}]}}`,
		"loop.yaml": "extends: loop.yaml",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := newLoader(nil)
	fx, err := l.Load(filepath.Join(dir, "top.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got := dump(t, l, fx); !strings.Contains(got, `{"id":"a"},{"id":"b","tags":["é😀"]}`) {
		t.Errorf("got %s", got)
	}
	if _, err := l.Load(filepath.Join(dir, "loop.yaml")); err == nil || !strings.Contains(err.Error(), "extends itself") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Load("nothing"); err == nil || !strings.Contains(err.Error(), "no built-in fixture") {
		t.Errorf("got %v", err)
	}
}

// Ensure that no file is read on behalf of a request.
func TestBytesExtendBuiltInFixturesOnly(t *testing.T) {
	t.Parallel()
	_, err := newLoader(nil).LoadBytes("f.yaml", []byte("extends: /etc/passwd"))
	if err == nil || !strings.Contains(err.Error(), "only built-in fixtures") {
		t.Errorf("got %v", err)
	}
}

func TestGenerateIsRepeatable(t *testing.T) {
	t.Parallel()
	block := "seed: SEED\nbox: {generate: {things: {count: 5, with: {n: 4}}}}"
	l := newLoader(nil)
	made := func(seed string) string {
		fx, err := l.LoadBytes("f.yaml", []byte(strings.Replace(block, "SEED", seed, 1)))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(dump(t, l, fx), `{"seed":`+seed)
	}
	one, zero := made("1"), made("0")
	if made("1") != one || made("0") != zero {
		t.Error("one seed makes different records")
	}
	if made("1") == made("2") || made("0") == made("1") {
		t.Error("different seeds make the same records")
	}
	if strings.Count(made("1"), `"n":4`) != 10 { // in each of the two sections
		t.Errorf("got %s", made("1"))
	}
}

func TestGenerateWritesAFixture(t *testing.T) {
	t.Parallel()
	l := newLoader(nil)
	text, err := l.Generate("box", 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := l.Generate("box", 3, 5)
	if string(text) != string(again) {
		t.Error("the same seed writes another file")
	}
	fx, err := l.LoadBytes("f.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var doc struct{ Box struct{ Things []thing } }
	if err := json.Unmarshal([]byte(dump(t, l, fx)), &doc); err != nil || len(doc.Box.Things) != 4 {
		t.Errorf("%v: %d things", err, len(doc.Box.Things))
	}
}
