package contract_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/internal/contract"
)

const zoo = `openapi: 3.1.0
x-service: zoo
info: {title: Zoo, version: "1"}
paths:
  /pets/{id}:
    parameters:
      - {$ref: "#/components/parameters/id"}
    get:
      operationId: zoo.pets.show
      responses:
        "200":
          description: The pet.
          x-evidence: document
          headers: {X-Cage: {required: true, schema: {type: string}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}, example: {b: 1, a: 2}}}
        "404": {$ref: "#/components/responses/Gone"}
        default: {description: Whatever.}
      x-responses:
        "753": {description: Odd., x-evidence: server, x-reason: Syntax Error}
      x-samples:
        - {name: one, path: {id: a}, query: x=1, status: 200, response: example}
components:
  parameters: {id: {name: id, in: path, required: true, schema: {type: string}}}
  responses: {Gone: {description: Gone., x-evidence: server, x-body-optional: true, content: {text/plain: {schema: {type: string}}}}}
  schemas: {Pet: {type: object, required: [a], additionalProperties: false, properties: {a: {type: integer}, b: {type: integer}}}}
`

func parse(t *testing.T, text string) *contract.Contract {
	t.Helper()
	c, err := contract.Parse("zoo.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	t.Parallel()
	c := parse(t, zoo)
	op := c.Operation("zoo.pets.show")
	if op == nil || op.Method != http.MethodGet || op.Path != "/pets/{id}" || len(op.Responses()) != 3 || op.Body {
		t.Fatalf("got %+v", op)
	}
	if p := op.Parameters(); len(p) != 1 || p[0].Name != "id" || p[0].In != "path" {
		t.Errorf("parameters %v", p)
	}
	if r := op.Response(753); r == nil || r.Reason != "Syntax Error" || r.Evidence != contract.Server {
		t.Errorf("753 is %+v", r)
	}
	if r := op.Response(404); r.Reason != "Not Found" || !r.Optional {
		t.Errorf("404 is %+v", r)
	}
	if e, ok := op.Response(200).Example("example"); !ok || string(e) != `{"b":1,"a":2}` {
		t.Errorf("example %s", e)
	}
	s := op.Samples[0]
	if target, filled := s.Target(op), s.Fill([]byte("at {id}")); target != "/pets/a?x=1" || string(filled) != "at a" {
		t.Errorf("target %s, filled %s", target, filled)
	}
	if err := c.CompileAll(); err != nil {
		t.Error(err)
	}
	if c.Operation("nothing") != nil || op.Response(500) != nil {
		t.Error("found what is not there")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ from, to, want string }{
		{"openapi: 3.1.0", "openapi: 3.0.3", `zoo.yaml:1:10: expected openapi: 3.1.x, got "3.0.3"`},
		{"x-service: zoo\n", "", `"x-service" is missing`},
		{"zoo.pets.show", "cat.pets.show", `operationId "cat.pets.show" does not begin with "zoo."`},
		{"name: one", "nam: one", `unknown key "nam", did you mean "name"?`},
		{"#/components/responses/Gone", "#/components/responses/None", "expected an object or a local reference to one"},
		{"paths:", "path:", `"paths" is missing`},
	} {
		_, err := contract.Parse("zoo.yaml", []byte(strings.Replace(zoo, tt.from, tt.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.to, err, tt.want)
		}
	}
	bad := parse(t, strings.Replace(zoo, "type: integer", "type: number of legs", 1))
	if err := bad.CompileAll(); err == nil {
		t.Error("a schema that is none was compiled")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	op := parse(t, zoo).Operation("zoo.pets.show")
	for _, tt := range []struct {
		name, method string
		status       int
		contentType  string
		body, want   string
	}{
		{"right", "GET", 200, "application/json; charset=utf-8", `{"a":1}`, ""},
		{"right again", "GET", 200, "application/json", `{"a":1}`, ""},
		{"HEAD has no body", "HEAD", 200, "", "", ""},
		{"an optional body", "GET", 404, "", "", ""},
		{"no body where there is none", "GET", 753, "", "", ""},
		{"a status that is not there", "GET", 500, "", "", "status 500 is not in the contract"},
		{"another content type", "GET", 200, "text/html", `{"a":1}`, `content type "text/html"`},
		{"no JSON", "GET", 200, "application/json", `{"a":`, "not JSON"},
		{"a member is missing", "GET", 200, "application/json", `{"b":1}`, "missing properties: 'a'"},
		{"the first of two faults, always the same", "GET", 200, "application/json", `{"a":"x","b":"y"}`, `at "/a": expected integer, but got string`},
		{"a body where there is none", "GET", 753, "text/plain", "x", "expected no body"},
	} {
		header := http.Header{"Content-Type": {tt.contentType}, "X-Cage": {"1"}}
		err := op.Check(tt.method, tt.status, header, []byte(tt.body))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
	if err := op.Check("GET", 200, http.Header{"Content-Type": {"application/json"}}, []byte(`{"a":1}`)); err == nil {
		t.Error("a header is missing and nobody minds")
	}
}

// Ensure several patterns match what one of them matches and none of them excludes.
func TestGlobs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		globs, text string
		want        bool
	}{
		{"", "a", true},
		{"a", "a", true},
		{"a, b*", "bc", true},
		{"a,b", "c", false},
		{"a*,!ab", "ac", true},
		{"a*,!ab", "ab", false},
		{"!ab", "ac", true},
		{"!ab", "ab", false},
		{"!a*, !b*", "bc", false},
		{"a,,b", "a", false},
		{"!", "a", false},
	} {
		if got := contract.NewGlobs(tt.globs).Match(tt.text); got != tt.want {
			t.Errorf("%q, %s: %v", tt.globs, tt.text, got)
		}
	}
}

// nested is a contract whose responses refer to a part of a schema before the whole of it, and through a
// list.
const nested = `
openapi: 3.1.0
x-service: nest
paths:
  /a:
    get:
      operationId: nest.a
      responses:
        "200": {content: {application/json: {schema: {$ref: "#/components/schemas/X/properties/n"}}}}
        "201": {content: {application/json: {schema: {$ref: "#/components/schemas/X"}}}}
        "202": {content: {application/json: {schema: {$ref: "#/components/schemas/Y/allOf/1"}}}}
        "203": {content: {application/json: {schema: {$ref: "#/components/schemas/Y"}}}}
components:
  schemas:
    X: {type: object, required: [n], properties: {n: {type: integer}}}
    Y: {allOf: [{$ref: "#/components/schemas/X"}, {type: object, required: [m]}]}
    Unused: {type: string}
`

// Ensure a contract from its outline and its schemas judges as the document does.
func TestOutlined(t *testing.T) {
	t.Parallel()
	whole := parse(t, nested)
	outline, err1 := whole.Outline()
	schemas, err2 := whole.Schemas()
	if err := cmp.Or(err1, err2); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(schemas), "Unused") {
		t.Errorf("more than is needed: %s", schemas)
	}
	part, err := contract.FromOutline(string(outline), func() []byte { return schemas }, whole.JSON)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for status := 200; status <= 203; status++ {
		for _, body := range []string{`5`, `{}`, `{"n":1}`, `{"n":"x"}`, `{"m":1}`, `{"n":1,"m":1}`} {
			want := whole.Operation("nest.a").Check(http.MethodGet, status, header, []byte(body))
			if got := part.Operation("nest.a").Check(http.MethodGet, status, header, []byte(body)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%d %s: %v, want %v", status, body, got, want)
			}
		}
	}
}

// Ensure a contract that an outline has no form for is refused.
func TestNoOutline(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]string{{"application/json", `"application/json; charset=utf-8"`}, {"x-service: nest", "x-service: nest\ninfo: {title: \"a\\tb\"}"}} {
		if _, err := parse(t, strings.Replace(nested, change[0], change[1], 1)).Outline(); err == nil || !strings.Contains(err.Error(), "no place") {
			t.Errorf("%q: %v", change[1], err)
		}
	}
}
