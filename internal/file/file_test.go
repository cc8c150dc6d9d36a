package file_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"standin/internal/file"
	"standin/internal/value"
)

type inner struct {
	Name string `json:"name" fixture:"required"`
}

type outer struct {
	Text    string            `json:"text"`
	Null    *string           `json:"null"`
	Count   uint8             `json:"count"`
	Flag    bool              `json:"flag"`
	When    time.Time         `json:"when"`
	List    []inner           `json:"list"`
	Map     map[string]string `json:"map"`
	Any     any               `json:"any"`
	Object  *value.Object     `json:"object"`
	ignored string
}

// Ensure YAML and JSON give the same values, and mistakes in both have the same places.
func TestDecode(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"yaml": "text: 'yes'\nnull: ~\ncount: 7\nflag: true\nwhen: 2026-01-31T12:00:00Z\nlist: [{name: a}]\nmap: {k: v}\nany: [1.50, {b: null}, \"x\"]\nobject: {z: 1, a: 2}\n",
		"json": "\t{\"text\": \"yes\", \"null\": null, \"count\": 7, \"flag\": true, \"when\": \"2026-01-31T12:00:00Z\",\r\n\"list\": [{\"name\": \"a\"}], \"map\": {\"k\": \"v\"}, \"any\": [1.50, {\"b\": null}, \"x\"], \"object\": {\"z\": 1, \"a\": 2}}",
	} {
		root, err := file.Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var o outer
		if err := root.Decode(&o); err != nil {
			t.Fatal(err)
		}
		if o.Text != "yes" || o.Null != nil || o.Count != 7 || !o.Flag || o.When.Day() != 31 || o.List[0].Name != "a" || o.Map["k"] != "v" || o.ignored != "" {
			t.Errorf("%s: %+v", name, o)
		}
		if got := string(value.Append(nil, []any{o.Any, o.Object})); got != `[[1.50,{"b":null},"x"],{"z":1,"a":2}]` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{\"text\": \"é😀\", \"count\": 300}":     "f:1:25: expected a whole number, got the number 300",
		"{\n  \"list\": [\n    {\"nam\": 1}\n]}": `f:3:6: unknown key "nam", did you mean "name"?; expected name`,
		"count: -1":                              "f:1:8: expected a whole number, got the number -1",
		"flag: 'true'":                           `f:1:7: expected true or false, got the string "true"`,
		"text: 2026-01-01":                       "f:1:7: expected a string, got the time 2026-01-01; put it in quotes",
		"object: [1]":                            "f:1:9: expected a mapping, got a list",
		"any: 0x10":                              "f:1:6: expected a number in JSON form, got 0x10",
		"any: {a: 1, a: 2}":                      `f:1:13: "a" is given twice`,
		"map: {k: 5}":                            "f:1:10: expected a string, got the number 5; put it in quotes",
		"any: " + strings.Repeat("[", 1100) + strings.Repeat("]", 1100): "nested deeper than 1000",
	} {
		root, err := file.Parse("f", []byte(text))
		if err == nil {
			err = root.Decode(new(outer))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want %s", text, err, want)
		}
	}
}

// Ensure a file whose name ends in .json is not read as YAML, and a file has one document.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"f.json", "{\n  \"a\": 1,\n}", "f.json:3:1: not JSON"},
		{"f.json", `{"a": tru}`, "f.json:1:"},
		{"f.json", `5`, "f.json:1:1: expected an object or a list"},
		{"f.json", "{}\n {}", "f.json:2:2: not JSON: text after the end of the value"},
		{"f.json", "", "f.json:1:1: expected an object or a list"},
		{"f", "{\"a\": 1\n \"b\": 2}", "f:2:2: not JSON"},
		{"f", "[{\"a\": 1}\n {}]", "f:2:2: not JSON"},
		{"f", "{a: 1\n  b: [}", "did not find expected"},
		{"f", "{a: [\n" + strings.Repeat("{b: 1},\n", 1<<17) + "]}", "f:1:2: not JSON"},
		{"f.yaml", "a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document"},
		{"f.yaml", "a: 1\n---\nb: [\n", "f.yaml:"},
		{"f.yaml", "seed: 1\nabout: @x\n", "f.yaml:2:8: "},
		{"f.yaml", "a: &x [*x]", "f.yaml:1:8: alias refers to itself"},
	} {
		if _, err := file.Parse(tt.name, []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestEmptyFileIsAnEmptyMapping(t *testing.T) {
	t.Parallel()
	root, err := file.Parse("f", []byte("# nothing\n"))
	if err != nil || root.Decode(new(outer)) != nil {
		t.Error(err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"empty", "default", "documented"}
	if got := file.Hint("documentd", names); got != `, did you mean "documented"?` {
		t.Errorf("got %q", got)
	}
	if got := file.Hint("something else", names); got != "" {
		t.Errorf("got %q", got)
	}
	near := strings.Repeat("a", 100)
	if got := file.Nearest(near[:99]+"b", []string{near}, 1); len(got) != 1 {
		t.Errorf("a word of 100 bytes: got %q", got)
	}
	if got := file.Nearest(near+"b", []string{near}, 1); got != nil {
		t.Errorf("a word of 101 bytes: got %q", got)
	}
	many := append(slices.Repeat([]string{"something"}, 1000), "default")
	if got := file.Nearest("defaul", many, 1); len(got) != 0 {
		t.Errorf("a name after 1,000 others: got %q", got)
	}
}

// Ensure the error for a path with parameters in braces and without quotes explains the mistake.
func TestBracesNeedQuotes(t *testing.T) {
	t.Parallel()
	_, err := file.Parse("f", []byte("faults: [{where: {path: /v1/clients/{client_id}}, what: {status: 503}}]\n"))
	if err == nil || !strings.Contains(err.Error(), "needs quotes") {
		t.Errorf("got %v", err)
	}
}
