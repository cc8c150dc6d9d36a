package barbican_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure the order of Barbican's checks.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	const c = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	const unknown = "/v1/containers/00000000-0000-4000-8000-000000000000/consumers"
	text := map[string]string{"Accept": "text/plain", "Content-Type": "text/plain"}
	servicetest.Tell(t, "barbican", "documented", []step{
		{Method: "OPTIONS", Path: unknown, Caller: "none", Status: 200},
		{Method: "PUT", Path: unknown, Caller: "none", Header: text, Status: 401},
		{Method: "PUT", Path: unknown, Caller: "nobody", Header: text, Status: 404},
		{Method: "PUT", Path: c, Caller: "nobody", Header: text, Status: 406, Want: has(`"description":null`)},
		{Method: "PUT", Path: c, Caller: "nobody", Body: "{", Status: 405},
		{Method: "POST", Path: c, Caller: "nobody", Body: "{", Header: map[string]string{"Content-Type": "text/plain"}, Status: 403},
		{Method: "POST", Path: c, Body: "{", Header: map[string]string{"Content-Type": "Application/JSON"}, Status: 415},
		{Method: "POST", Path: c, Body: "{", Header: map[string]string{"Content-Type": "application/json; charset=x"}, Status: 400},
		{Method: "DELETE", Path: c + "?name=a&URL=b", Status: 415},
		{Method: "GET", Path: c, Header: map[string]string{"Accept": "complete garbage"}, Status: 200},
		{Method: "GET", Path: c, Header: map[string]string{"Accept": "text/html, */*"}, Status: 200},
		{Method: "GET", Path: "/v1/containers/74BBD3FD-9BA8-42EE-B87E-2EECF10E47B9/consumers", Status: 404, Want: has("Provided container id is invalid")},
	})
	servicetest.Tell(t, "barbican", "default", []step{
		{Method: "POST", Path: "/v1/containers/5e9d2f1c-7a3b-4d8e-b6c0-1f2a3b4c5d6e/consumers", Caller: "stranger", Body: `{}`, Status: 400},
		{Method: "POST", Path: "/v1/containers/5e9d2f1c-7a3b-4d8e-b6c0-1f2a3b4c5d6e/consumers", Caller: "stranger", Body: `{"name":"mail","URL":"https://mail.example.com"}`, Status: 403, Want: has("quota")},
	})
}

// Ensure a query that is not UTF-8 is refused for each operation, after the checks that come
// first on the real server. Ensure nothing is changed.
func TestQueryNotUTF8(t *testing.T) {
	t.Parallel()
	const none = `{"code":400,"title":"Bad Request","description":""}`
	const secret, container = "/v1/secrets/2f6e8c1a-9b4d-4e7f-8a3c-5d6b7c8e9f01", "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9"
	var steps []step
	for _, s := range []step{
		{Method: "GET", Path: "/v1/secrets?name=caf%E9"}, {Method: "GET", Path: "/v1/secrets?%FF"}, {Method: "GET", Path: "/v1/secrets?=%C3%28"},
		{Method: "GET", Path: secret + "?x=%FF"}, {Method: "GET", Path: secret + "/payload?x=%FF"}, {Method: "GET", Path: secret + "/acl?x=%FF"},
		{Method: "GET", Path: container + "/consumers?x=%ED%A0%80"}, {Method: "GET", Path: "/v1/quotas?x=%FF"}, {Method: "GET", Path: "/v1/containers?x=%FF"},
		{Method: "POST", Path: "/v1/secrets?x=%FF", Body: "{}"}, {Method: "POST", Path: container + "/consumers?x=%FF", Body: `{"name":"a","URL":"b"}`},
		{Method: "PUT", Path: secret + "/acl?x=%FF", Body: `{"read":{"project-access":false}}`}, {Method: "DELETE", Path: secret + "?x=%FF"},
		{Method: "PUT", Path: "/v1/project-quotas/%FF", Body: `{"project_quotas":{"secrets":5}}`, Caller: "service-admin"},
		{Method: "PATCH", Path: "/v1/secrets?x=%FF"},                 // before the method
		{Method: "GET", Path: "/v1/secrets?x=%FF", Caller: "nobody"}, // before the policy
	} {
		s.Status, s.Want = 400, has(none)
		steps = append(steps, s)
	}
	steps = append(steps,
		step{Method: "GET", Path: "/v1/secrets?x=%FF", Caller: "none", Status: 401},
		step{Method: "GET", Path: "/v1/secrets/nothing?x=%FF", Status: 404},
		step{Method: "GET", Path: "/v1/containers?x=%FF", Header: map[string]string{"Accept": "text/plain"}, Status: 406},
		step{Method: "GET", Path: "/key-manager/?x=%FF", Caller: "none", Status: 400, Want: has("400 Bad Request")},
		step{Method: "GET", Path: "/key-manager/healthcheck?x=%FF", Caller: "none", Status: 200, Want: has("OK")},
		step{Method: "GET", Path: "/v1/secrets?x=%C3%A9&y=%&z=%25FF", Status: 200},
		step{Method: "GET", Path: secret, Status: 200, Want: has(secret)},
		step{Method: "GET", Path: secret + "/acl", Status: 200, Want: has(`"project-access":true`)},
		step{Method: "GET", Path: container + "/consumers", Status: 200, Want: has(`"total":0`)},
		step{Method: "GET", Path: "/v1/clients?x=%FF", Status: 200}, // Freezer accepts the same query
	)
	servicetest.Tell(t, "barbican", "documented", steps)
}
