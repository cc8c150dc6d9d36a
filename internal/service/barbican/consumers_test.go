package barbican_test

import (
	"strconv"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure the rules of Barbican's consumers, step by step.
func TestConsumers(t *testing.T) {
	t.Parallel()
	const c = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	servicetest.Tell(t, "barbican", "documented", []step{
		{Method: "POST", Path: c + "/", Body: `{"name":"b","URL":"u"}`, Status: 200, Want: has(`"consumers":[{"URL":"u","name":"b"}]`)},
		{Method: "POST", Path: c, Body: `{"name":" a ","url":"u"}`, Status: 200, Want: has(`[{"URL":"u","name":"b"},{"URL":"u","name":"a"}]`)}, // ordered by registration
		{Method: "GET", Path: c, Status: 200, Want: has(`"total":2`, `"name":"a","created":"2015-10-15T17:56:18.626724"},{`)},                  // ordered by name
		{Method: "POST", Path: c, Body: `{"name":"a","URL":"wins","url":"loses"}`, Status: 200, Want: has("wins"), Not: has("loses")},
		{Method: "POST", Path: c, Body: `{"name":"B","URL":"u"}`, Status: 200}, // names are case-sensitive
		{Method: "POST", Path: c, Body: `{"name":"ab","URL":"c"}`, Status: 200},
		{Method: "POST", Path: c, Body: `{"name":"a","URL":"bc"}`, Status: 200, Want: has(`{"URL":"c","name":"ab"}`, `{"URL":"bc","name":"a"}`)},
		{Method: "GET", Path: c + "?limit=2&offset=1", Status: 200, Want: has(
			`"next":"http://localhost:9311/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers?limit=2&offset=3"`,
			`"previous":"http://localhost:9311/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers?limit=2&offset=0"`)},
		{Method: "GET", Path: c + "?limit=0", Status: 200, Want: has("limit=1&offset=1"), Not: has("previous")},
		{Method: "GET", Path: c + "?limit=-5", Status: 200, Want: has("limit=1&offset=1")},
		{Method: "GET", Path: c + "?limit=99999999999999999999999", Status: 200, Want: has(`"total":6`), Not: has("next")},
		{Method: "GET", Path: c + "?limit=3_0&offset=%D9%A3", Status: 200, Want: has("limit=30&offset=0")}, // an Arabic digit 3
		{Method: "GET", Path: c + "?limit=1&limit=2", Status: 200, Want: has("limit=2&offset=2")},
		{Method: "GET", Path: c + `?limit=1\&offset=1`, Status: 200, Want: has("limit=10&offset=0")},
		{Method: "GET", Path: c + "?offset=6", Status: 200, Want: has(`"consumers":[]`, `"total":6`), Not: has("next", "previous")},
		{Method: "GET", Path: c + "?offset=99999999999999999999", Status: 200, Want: has(`"name":"a"`)},
		{Method: "DELETE", Path: c, Body: `{"name":"b","URL":"u"}`, Status: 200, Not: has(`"name":"b"`)},
		{Method: "DELETE", Path: c, Body: `{"name":"b","URL":"u"}`, Status: 404, Want: has("Consumer not found.")},
		{Method: "POST", Path: c, Body: `{"name":"b","URL":"u"}`, Status: 200, Want: has(`"consumers":[{"URL":"u","name":"b"},`)}, // restored at its place
		{Method: "GET", Path: c + ".json", Status: 200},
		{Method: "DELETE", Path: "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9", Caller: "admin", Status: 204},
		{Method: "GET", Path: c, Status: 404, Want: has("Secrets container not found.")},
	})
}

// Ensure a user of another project registers consumers if an ACL names the user. Ensure such a
// user can remove only consumers of the own project.
func TestSharing(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture))
	consumers := matrixContainer + "/consumers"
	for i, step := range []struct{ method, path, caller, body, want string }{
		{"PUT", matrixContainer + "/acl", "creator", `{"read": {"users": ["stranger", "b", "a"]}}`, "200 /acl"},
		{"GET", matrixContainer + "/acl", "creator", "", `200 "users":["a","b","stranger"]`},
		{"PATCH", matrixContainer + "/acl", "creator", `{"read": {"users": ["stranger", "c", "a"]}}`, "200 /acl"},
		{"GET", matrixContainer + "/acl", "creator", "", `200 "users":["a","stranger","c"]`},
		{"POST", consumers, "creator", `{"name": "ours", "URL": "u"}`, "200 ours"},
		{"POST", consumers, "stranger", `{"name": "theirs", "URL": "u"}`, "200 theirs"},
		{"DELETE", consumers, "stranger", `{"name": "ours", "URL": "u"}`, "403 Not Allowed. Sorry, only the creator of a consumer can delete it."},
		{"DELETE", consumers, "stranger", `{"name": "theirs", "URL": "u"}`, "200 ours"},
		{"PUT", matrixContainer + "/acl", "creator", `{}`, "200 /acl"},
		{"GET", consumers, "stranger", "", "403"},
		{"GET", matrixContainer + "/acl", "creator", "", `200 {"read":{"project-access":true}}`},
	} {
		code, body := p.Call(step.method, step.path, step.caller, step.body)
		status, text, _ := strings.Cut(step.want, " ")
		if strconv.Itoa(code) != status || !strings.Contains(body, text) {
			t.Errorf("%d: %s %s: %d %s, want %s", i, step.method, step.path, code, body, step.want)
		}
	}
}
