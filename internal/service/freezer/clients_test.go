package freezer_test

import (
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure Freezer stores clients as they were sent, per user.
func TestClients(t *testing.T) {
	t.Parallel()
	const clients = "/v1/clients/"
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "GET", Path: clients, Status: 200, Want: has(`{"clients":[]}`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"p_é.x","hostname":"h"}`, Status: 400, Want: has(`'p_é.x' does not match`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"é_x","hostname":"h","n":1.50,"big":12345678901234567890,"a":1,"a":2}`, Status: 201, Want: has(`{"client_id":"é_x"}`)},
		{Method: "GET", Path: "/v1/clients/%C3%A9_x", Status: 200, Want: has(`{"client":{"client_id":"é_x","hostname":"h","n":1.50,"big":12345678901234567890,"a":2,"uuid":"`, `"user_id":"0cd44caf6db5486b94a04b33256a5ff4"}`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"é_x","hostname":"h"}`, Status: 409, Want: has("Client already registered with ID é_x")},
		{Method: "POST", Path: clients, Body: `{"client_id":"é_x","hostname":"h"}`, Caller: "stranger", Status: 201}, // ids are per user
		{Method: "POST", Path: clients, Body: `{"client_id":"n1","hostname":"h","uuid":"mine"}`, Status: 201},
		{Method: "GET", Path: "/v1/clients/n1", Status: 200, Want: has(`"uuid":"mine"`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"n2","hostname":"h","uuid":"mine"}`, Status: 201}, // a uuid used before
		{Method: "GET", Path: clients + "?limit=1", Status: 200, Want: has("é_x"), Not: has("n1")},
		{Method: "GET", Path: clients + "?limit=1&offset=n1", Status: 200, Want: has("n2"), Not: has(`"n1"`)},
		{Method: "GET", Path: clients + "?limit=1&offset=+1_", Status: 400},
		{Method: "GET", Path: clients + "?limit=%202&offset=%2B1", Status: 200, Want: has("n1", "n2"), Not: has("é_x")},
		{Method: "GET", Path: clients + "?limit=5,1", Status: 200, Want: has("é_x"), Not: has("n1")},
		{Method: "GET", Path: clients + "?limit=5&limit=1", Status: 200, Want: has("é_x"), Not: has("n1")},
		{Method: "GET", Path: clients + "?limit=-1&offset=-1", Status: 200, Want: has("é_x", "n1", "n2")},
		{Method: "GET", Path: clients + "?offset=9223372036854775807", Status: 200, Want: has(`{"clients":[]}`)},
		{Method: "GET", Path: clients + "?limit=9223372036854775807&offset=1", Status: 200, Want: has("n1", "n2")},
		{Method: "GET", Path: clients + "?limit=9223372036854775808", Status: 400, Want: has(`The \"limit\" parameter is invalid.`)},
		{Method: "GET", Path: clients + "?limit=1&offset=1", Body: `{"match":[{"hostname":"h"}]}`, Status: 200, Want: has("n1"), Not: has("é_x", "n2")},
		{Method: "GET", Path: clients + "?limit=1&offset=é_x", Body: `{"match":[{"uuid":"mine"}]}`, Status: 200, Want: has("n1"), Not: has("n2")},
		{Method: "GET", Path: clients + "?limit=-1", Body: `{"match":[{"hostname":"h"}]}`, Status: 200, Want: has(`{"clients":[]}`)},
		{Method: "DELETE", Path: "/v1/clients/n1/", Status: 204},
		{Method: "GET", Path: "/v1/clients/n1", Status: 404},
		{Method: "DELETE", Path: "/v1/clients/n1", Status: 404, Want: has("No Client found with ID:n1")},
		{Method: "POST", Path: clients, Body: `{"client_id":"n1","hostname":"h"}`, Status: 201},
	})
}

// Ensure every body that Freezer refuses gets the error of the first check that fails.
func TestClientBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		body   string
		status int
		want   string
	}{
		{" ", 753, `{"title":"Malformed JSON"}`},
		{"{} x", 753, `{"title":"Malformed JSON"}`},
		{"\ufeff{}", 753, `{"title":"Malformed JSON"}`},
		{"\"\xff\"", 753, `{"title":"Malformed JSON"}`},
		{`{"a":NaN}`, 753, `{"title":"Malformed JSON"}`},
		{`{"a":"\ud800"}`, 753, `{"title":"Malformed JSON"}`},
		{strings.Repeat("[", 2000) + strings.Repeat("]", 2000), 753, `{"title":"Malformed JSON"}`},
		{`[]`, 400, "Missing request body"},
		{`null`, 400, "Missing request body"},
		{`0.0`, 400, "Missing request body"},
		{`""`, 400, "Missing request body"},
		{`false`, 400, "Missing request body"},
		{`"x"`, 400, `"'x' is not of type 'object'"`},
		{`42`, 400, `"42 is not of type 'object'"`},
		{`true`, 400, `"True is not of type 'object'"`},
		{`[1, 1.0, 1e30, null, {"k": "it's"}]`, 400, `"[1, 1.0, 1e+30, None, {'k': \"it's\"}] is not of type 'object'"`},
		{`{"client_id":5,"hostname":"!!!"}`, 400, `"5 is not of type 'string'"`},
		{`{"hostname":"!!!"}`, 400, `"'!!!' does not match '([a-zA-Z\\\\d]|`},
		{`{"client_id":"a","hostname":""}`, 400, `"'' does not match`},
		{`{"client_id":"a","hostname":"h","description":null}`, 400, `"None is not of type 'string'"`},
		{`{"client_id":"a","hostname":"h","uuid":null}`, 400, `"None is not of type 'string'"`},
		{`{"hostname":"h"}`, 400, `"'client_id' is a required property"`},
		{`{"client_id":"a"}`, 400, `"'hostname' is a required property"`},
		{`{"client_id":"a","client":{}}`, 400, `"'hostname' is a required property"`},
		{`{"client_id":"a..b","hostname":"h"}`, 400, "does not match"},
		{`{"client_id":"_x","hostname":"h"}`, 400, "does not match"},
		{`{"client_id":"a_","hostname":"h"}`, 400, "does not match"},
		{`{"client_id":"a-","hostname":"h"}`, 400, "does not match"},
		{`{"client_id":"xé","hostname":"h"}`, 400, "does not match"},
		{`{"client_id":"` + strings.Repeat("a", 64) + `","hostname":"h"}`, 400, "does not match"},
		{`{"client_id":"` + strings.Repeat("a", 63) + `","hostname":"h"}`, 201, "client_id"},
		{`{"client_id":"a__b","hostname":"bad host!"}`, 201, "client_id"},
		{`{"client_id":"A-B_c-d","hostname":"h"}`, 201, "client_id"},
		{`{"client_id":"a_b_c.example.com","hostname":"h"}`, 201, "client_id"},
		{`{"client_id":"x٣","hostname":"h"}`, 201, "client_id"},
		{`{"client_id":"abc\n","hostname":"h"}`, 201, "client_id"},
		{`{"client_id":"q","hostname":"h","uuid":""}`, 201, "client_id"},
	}
	for _, tt := range tests {
		servicetest.Tell(t, "freezer", "empty", []step{{Method: "POST", Path: "/v1/clients", Body: tt.body, Status: tt.status, Want: has(tt.want)}})
	}
}

// Ensure used uuids of deleted clients are in the dump of a world, and those of living clients
// are not.
func TestSpentUUIDs(t *testing.T) {
	t.Parallel()
	const world = `{"freezer":{"clients":[{"user_id":"u","client":{"client_id":"a","hostname":"h","uuid":"living"}},{"project_id":"p","user_id":"u","client":{"client_id":"a","hostname":"h","uuid":"in-p"}}],"spent_uuids":[{"uuid":"gone"}]}}`
	create := func(id, uuid string, status int) step {
		return step{Method: "POST", Path: "/v1/clients", Body: `{"client_id":"` + id + `","hostname":"h","uuid":"` + uuid + `"}`, Status: status}
	}
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "PUT", Path: "/_standin/state/freezer", Body: world, Status: 204},
		{Method: "GET", Path: "/_standin/state/freezer", Status: 200, Want: has(world)},
		create("b", "gone", 500), create("b", "living", 500), create("b", "in-p", 500), create("b", "new", 201), create("c", "new", 500),
		{Method: "DELETE", Path: "/v1/clients/b", Status: 204},
		create("b", "new", 500),
		{Method: "GET", Path: "/_standin/state/freezer", Status: 200, Want: has(`"spent_uuids":[{"uuid":"gone"},{"uuid":"new"}]`), Not: has("counted")},
	}, emulator.WithQuirks("freezer.uuid-is-unique-forever"))
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "PUT", Path: "/_standin/state/freezer", Body: world, Status: 204},
		create("b", "gone", 201), create("c", "living", 201), create("d", "in-p", 201),
	})
}
