package explain

import (
	"testing"

	"standin/internal/contract"
)

const shaped = `
openapi: 3.1.0
x-service: tree
paths:
  /nodes:
    post:
      operationId: tree.nodes.create
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Node"}}}}
      responses: {"200": {description: Created.}}
components:
  schemas:
    Node: {properties: {a: {type: string}, list: {type: array, items: {$ref: "#/components/schemas/Node"}}, free: {type: object}}}
`

// FuzzScan compares the scanner with what reading the text finds.
func FuzzScan(f *testing.F) {
	c, err := contract.Parse("tree.yaml", []byte(shaped))
	if err != nil {
		f.Fatal(err)
	}
	op := c.Operations[0]
	for _, text := range []string{
		`{"a": "b"}`, `{"b": 1}`, `{"list": [{"a": 1}, {"list": [{"c": null}]}]}`, `{"free": {"x": [1, {"y": "}"}]}}`, `{"a": "\\\"", "d": 1}`, `{"a": "\\"}`, `{"\u0061": 1}`,
		`[]`, `null`, `"x"`, `{`, `{"a" 1}`, `{"a": }`, ` { "a" : 1 , "e" : 2 } `, `{"a": 1}}`, `[1,]`, "", `{"a": "`, `\"`, `{"a": {"z": 1}}`, `{"list": {"z": 1}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		listed := lists(op.JSON(), []byte(text))
		found, _ := find(op, &Message{Body: []byte(text)}, true)
		if listed && len(found) > 0 {
			t.Errorf("%q is listed, and has %+v", text, found)
		}
	})
}

// Ensure the scanner settles plain texts.
func TestScan(t *testing.T) {
	t.Parallel()
	c, err := contract.Parse("tree.yaml", []byte(shaped))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`{"a": "b\"c", "list": [{"a": 1.5e3}, {}], "free": {"x": [true]}}`: true,
		`[]`: true, `{"a": 1, "b": 2}`: false, `{"list": [{"b": 2}]}`: false, `{"a": "b`: false, `{"a": 1} x`: false,
	} {
		if got := lists(c.Operations[0].JSON(), []byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
