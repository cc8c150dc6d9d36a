package file

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// tree is a node and everything in it, with places.
func tree(n Node) (string, error) {
	text := fmt.Sprintf("%d %s %q %d:%d", n.yaml.Kind, n.yaml.ShortTag(), n.yaml.Value, n.yaml.Line, n.yaml.Column)
	var parts []Node
	if n.IsList() {
		for e, err := range n.Each() {
			if err != nil {
				return "", err
			}
			parts = append(parts, e)
		}
	} else {
		for _, c := range n.yaml.Content {
			parts = append(parts, Node{in: n.in, yaml: c})
		}
	}
	for _, p := range parts {
		inner, err := tree(p)
		if err != nil {
			return "", err
		}
		text += "\n " + strings.ReplaceAll(inner, "\n", "\n ")
	}
	return text, nil
}

// splits reports whether a list of the text is split off, when a list of a few lines is long.
func splits(text string) bool {
	n, err := parseLong("f", []byte(text), shortList)
	return err == nil && len(n.in.lists) > 0
}

const shortList = 2

// longTexts have a list that is split off.
var longTexts = []string{
	"a:\n- b\n- c\n",
	"a:\n  b:\n  - c: 1\n    d: 2\n  - c: 3\n    d:\n    - x\n    - y\n    - z\n  e: f\n",
	"# note\na: # note\n  # note\n  - b\n# note\n\n  - c\n  # note\nd: e\n",
	"a:\n- |\n  x:\n  - 1\n  - 2\n- >-\n  text\n\n  more\n-\n  b: c\n- - d\n  - e\n",
	"a:\n- b: |2\n    text\n  c: \"x: - #\"\n- {b: [1, 'it''s', \"\\\"\"]}\n",
	"a:\r\n- b\r\n- c\r\n",
	"---\na:\n- 2026-01-01\n- 12\n- null\n-\n- ~\n",
	"a:\n- b:\n  - c\n  - d\n  e: f\n- b:\n    - c\n    - d\n",
	"a:\n- b\n- c\nd:\n- e\n- f\n",
	"a:\n- text that\n  goes on\n- b\n",
	"a:\n- |\n  b:\n  - c\n  - d\n- e\n",
	"a:\n- b: [" + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "]\n- c\n",
	`{"a": [` + strings.Repeat(`{"b": [1, "x"]}, `, 20) + `null], "c": {}}`,
	"{\n\"ä\": [\n" + strings.Repeat("  [\"x\",\n \"ü\"],\n", 20) + "[]]}",
}

// wholeTexts are parsed as a whole.
var wholeTexts = []string{
	"a:\n- &x b\n- *x\n", "a:\n- !!str b\n- c\n", "a:\n- \"b\n  c\"\n- d\n", "a:\n- [b,\n  c]\n- d\n", "a:\n- b\n- c\n---\nd: e\n",
	"a:\n- 'b:\n  - c\n  - d'\n- e\n", "a:\n\t- b\n- c\n- d\n", "- a\n- b\n- c\n", "a: b\n", "", "a:\n", "a:\nb:\n", "\uFEFFa:\n- b\n- c\n",
	"a:\n- {b: *x}\n- c\n", "a:\n- b\u2028- c\n- d\n", "? a\n: - b\n  - c\n", "a:\n- b\n...\n",
	"p q: &x hello\nr s: *x\na:\n- b\n- c\n", "a:\n- b\n- c\nr s: *x\n", "p q: &x hello\na:\n- b\n- c\n",
	"x: |\n  a:\n  - b\n  - c\n", "x: >\n  a:\n  - b\n  - c\n", "x: \"\n  a:\n  - b\n  - c\"\n", "x: text\n  a:\n  - b\n  - c\n",
}

// Ensure lists are split off where that can be judged, and nowhere else.
func TestSplits(t *testing.T) {
	t.Parallel()
	for want, all := range map[bool][]string{true: longTexts, false: wholeTexts} {
		for _, text := range all {
			if got := splits(text); got != want {
				t.Errorf("%q: split %t", text, got)
			}
		}
	}
}

// Ensure a text that is parsed part by part has the nodes of the whole, at the same places.
func FuzzSplit(f *testing.F) {
	for _, text := range append(longTexts, wholeTexts...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		whole, err1 := Parse("f", []byte(text))
		parts, err2 := parseLong("f", []byte(text), shortList)
		if err2 != nil {
			if err1 == nil {
				t.Fatalf("as a whole it is right: %v", err2)
			}
			return
		}
		got, err2 := tree(parts)
		if err2 != nil && parts.Partial() {
			return // the caller parses the whole
		}
		if err1 != nil || err2 != nil {
			t.Fatalf("as a whole %v, part by part %v", err1, err2)
		}
		if want, _ := tree(whole); got != want {
			t.Errorf("part by part\n%s\nas a whole\n%s", got, want)
		}
	})
}

// Ensure a list that is split off is decoded and valued as one that is not.
func TestSplitValues(t *testing.T) {
	t.Parallel()
	text := "a:\n- {b: x}\n- {b: y}\n- {b: 5}\n"
	type item struct {
		B string `json:"b"`
	}
	type doc struct {
		A []item `json:"a"`
	}
	parts, err := parseLong("f", []byte(text), shortList)
	whole, err2 := Parse("f", []byte(text))
	if err != nil || err2 != nil || len(parts.in.lists) != 1 {
		t.Fatal(err, err2)
	}
	var got, want doc
	if err, err2 := parts.Decode(&got), whole.Decode(&want); fmt.Sprint(err) != fmt.Sprint(err2) || !strings.HasPrefix(err.Error(), "f:4:7: ") {
		t.Errorf("%v, want %v", err, err2)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(got.A) != 3 {
		t.Errorf("%v, want %v", got, want)
	}
	v, err := parts.Value()
	v2, err2 := whole.Value()
	if err != nil || err2 != nil || fmt.Sprint(v) == "" || !parts.At("a").IsList() || parts.At("a", 2, "b").yaml.Value != "5" || parts.At("a", 3).yaml.Kind != yaml.SequenceNode {
		t.Errorf("%v %v, %v %v", v, err, v2, err2)
	}
	if items, err := parts.At("a").Items(); err != nil || len(items) != 3 {
		t.Errorf("%d elements, %v", len(items), err)
	}
}

// Ensure a caller that leaves a long list early leaves no goroutine. TestMain finds those that are left.
func TestLeftEarly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a:\n" + strings.Repeat("- b\n", 1000), `{"a": [` + strings.Repeat(`"b", `, 1000) + `"c"]}`} {
		n, err := parseLong("f", []byte(text), shortList)
		if err != nil || !n.Partial() {
			t.Fatal(n.Partial(), err)
		}
		for _, err := range n.At("a").Each() {
			if err != nil {
				t.Error(err)
			}
			break
		}
	}
}

// Ensure what refers to an anchor in a chunk is not taken for a text, whatever its key looks like.
func TestAnchorsInElements(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a:\n- p : &x y\n  q : *x\n- c\n", "a:\n- n/m: &x y\n- n/m: *x\n- c\n", "a:\n- $ref: &x [1]\n- c\n"} {
		n, err := parseLong("f", []byte(text), shortList)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tree(n); err == nil || !n.Partial() {
			t.Errorf("%q: parsed part by part", text)
		}
	}
}

// Lists within lists take as long as a flat list, however deep they are.
func BenchmarkDeepLists(b *testing.B) {
	for _, depth := range []int{1, 5000} {
		text := []byte(strings.Repeat("[", depth) + strings.Repeat("1,", 50_000) + "1" + strings.Repeat("]", depth))
		for name, parse := range map[string]func(string, []byte) (Node, error){"Parse": Parse, "ParseLong": ParseLong} {
			b.Run(fmt.Sprint(name, " ", depth), func(b *testing.B) {
				for b.Loop() {
					if _, err := parse("f", text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
