package contract_test

import (
	"slices"
	"testing"

	"standin/internal/contract"
)

const shaped = `
openapi: 3.1.0
x-service: tree
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}, basic: {type: http, scheme: basic}}
  schemas:
    Node: {type: object, properties: {label: {type: string}, children: {type: array, items: {$ref: "#/components/schemas/Node"}}}}
paths:
  /nodes:
    post:
      operationId: tree.nodes.create
      requestBody:
        content:
          application/json:
            schema:
              allOf: [{$ref: "#/components/schemas/Node"}, {$ref: "#/components/schemas/Node"}]
              anyOf: [{required: [a]}, {properties: {a: {type: object, properties: {b: {}}}}}, {properties: {a: {type: string}}}]
              properties: {map: {type: object, additionalProperties: {type: object, properties: {known: {}}}}, free: {type: object}}
          application/x-www-form-urlencoded: {schema: {properties: {user: {type: string}}}}
      responses: {"200": {description: Created.}}
`

// Ensure a shape has the members that a schema lists at every depth, also if it refers to itself.
func TestShape(t *testing.T) {
	t.Parallel()
	c, err := contract.Parse("tree.yaml", []byte(shaped))
	if err != nil {
		t.Fatal(err)
	}
	op := c.Operations[0]
	if got, want := op.JSON().Names(), []string{"map", "free", "label", "children", "a"}; !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
	if got := op.Form().Names(); !slices.Equal(got, []string{"user"}) {
		t.Errorf("fields %v", got)
	}
	if got := op.Logins; len(got) != 2 || got[0].Name != "X-Key" || got[1].Name != "Authorization" {
		t.Errorf("logins %v", got)
	}
	for _, path := range []struct {
		steps []string // "*" is an element of an array
		known bool
	}{
		{[]string{"lable"}, false},
		{[]string{"children", "*", "children", "*", "label"}, true},
		{[]string{"children", "*", "children", "*", "lable"}, false},
		{[]string{"a", "anything"}, true}, // two branches list it, and differ
		{[]string{"map", "any", "known"}, true},
		{[]string{"map", "any", "other"}, false},
		{[]string{"free", "any", "other"}, true},
	} {
		s, known := op.JSON(), true
		for _, step := range path.steps {
			if step == "*" {
				s = s.Items()
			} else {
				s, known = s.Member(step)
			}
		}
		if known != path.known {
			t.Errorf("%v: known is %t", path.steps, known)
		}
	}
}
