package freezer_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure clients of v2 belong to a project and a user, and are not in v1.
func TestProjects(t *testing.T) {
	t.Parallel()
	const item = `{"project_id":"p1","user_id":"0cd44caf6db5486b94a04b33256a5ff4","client":{"client_id":"n1","hostname":"h","x":[1],"uuid":"u"}}`
	const body = `{"client_id":"n1","hostname":"h","x":[1],"uuid":"u"}`
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "POST", Path: "/v2/p1/clients/", Body: body, Status: 201, Want: has(`{"client_id":"n1"}`)},
		{Method: "POST", Path: "/v2/p1/clients", Body: body, Status: 409, Want: has("Client already registered with ID n1")},
		{Method: "POST", Path: "/v2/p2/clients", Body: body, Status: 201},
		{Method: "POST", Path: "/v2/p1/clients", Body: body, Caller: "stranger", Status: 201}, // in any project
		{Method: "POST", Path: "/v2/p1/clients", Body: `{"client_id":"n0","hostname":"h"}`, Status: 201},
		{Method: "POST", Path: "/v2/b%20d/clients", Body: `{"client_id":"bad id!"}`, Status: 400, Want: has("'bad id!' does not match")},
		{Method: "POST", Path: "/v2/b%20d/clients", Body: body, Status: 400, Want: has(`'b d' does not match '^[\\\\w-]+$'`)},
		{Method: "GET", Path: "/v2/p1/clients?limit=1", Status: 200, Want: has(`{"clients":[` + item + `]}`)},
		{Method: "GET", Path: "/v2/p1/clients?offset=n1", Status: 200, Want: has(`"n0"`), Not: has(`"n1"`)},
		{Method: "GET", Path: "/v2/p1/clients", Body: `{"match":[{"project_id":"p2"}]}`, Status: 200, Want: has(`{"clients":[]}`)},
		{Method: "GET", Path: "/v2/p1/clients", Body: `{"match":[{"hostname":"h","uuid":"u"}]}`, Status: 200, Want: has(item), Not: has(`"n0"`)},
		{Method: "GET", Path: "/v2/p1/clients/n1", Status: 200, Want: has(item)},
		{Method: "GET", Path: "/v1/clients", Status: 200, Want: has(`{"clients":[]}`)},
		{Method: "GET", Path: "/v1/clients/n1", Status: 404},
		{Method: "GET", Path: "/_standin/state/freezer", Status: 200, Want: has(`"project_id":"p2"`)},
		{Method: "DELETE", Path: "/v2/p1/clients/n1", Status: 204},
		{Method: "DELETE", Path: "/v2/p1/clients/n1", Status: 204}, // no error for a missing client
		{Method: "GET", Path: "/v2/p1/clients/n1", Status: 404},
		{Method: "GET", Path: "/v2/p2/clients/n1", Status: 200},
		{Method: "GET", Path: "/v2/p1/clients", Caller: "stranger", Status: 200, Want: has(`"n1"`)},
		{Method: "PATCH", Path: "/v2/p1/clients/n1", Status: 405},
		{Method: "GET", Path: "/backup/v2/p1", Status: 404, Want: has(`{"title":"404 Not Found"}`)},
	})
}
