package freezer_test

import (
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure Freezer sends in the observed profile what freezer-api was seen to send, request by
// request.
func TestObserved(t *testing.T) {
	t.Parallel()
	const clients = "/v1/clients"
	const crash = `{"title":"500 Internal Server Error"}`
	const demo = `"user_id":"0cd44caf6db5486b94a04b33256a5ff4"`
	const tooLarge = `{"title":"Internal Storage Error","description":"Mysql operation failed Python int too large to convert to SQLite INTEGER"}`
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "POST", Path: clients, Body: `[1]`, Status: 500, Want: has(crash)},
		{Method: "POST", Path: clients, Body: `"a uuid"`, Status: 400, Want: has(`'a uuid' is not of type 'object'`)},
		{Method: "POST", Path: clients, Body: `["uuid",1]`, Status: 400, Want: has(`['uuid', 1] is not of type 'object'`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"n2"}`, Status: 500, Want: has(`NOT NULL constraint failed: clients.hostname\n[SQL: INSERT`, `, None, '0cd44caf6db5486b94a04b33256a5ff4', 'n2', None, None, '`)},
		{Method: "POST", Path: clients, Body: `{"client":{"hostname":"h"},"client_id":"n3"}`, Status: 500, Want: has("NOT NULL")},
		{Method: "POST", Path: clients, Body: `{"client_id":"bad id!"}`, Status: 400, Want: has("does not match")}, // checked before the database
		{Method: "POST", Path: clients, Body: `{"client_id":"a","hostname":"h","uuid":"u1","zz":1}`, Status: 201},
		{Method: "GET", Path: clients + "/a", Status: 200, Want: has(`{"project_id":null,` + demo + `,"client":{"uuid":"u1","hostname":"h","client_id":"a","description":null}}`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"b","hostname":"it's","uuid":"u1"}`, Status: 500, Want: has("UNIQUE constraint failed: clients.id", `'b', \"it's\", None, 'u1')`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"b","hostname":"h","uuid":"u1"}`, Caller: "stranger", Status: 500, Want: has("UNIQUE")},
		{Method: "POST", Path: clients, Body: `{"client_id":"b","uuid":"u1"}`, Status: 500, Want: has("NOT NULL")},                       // reported first
		{Method: "POST", Path: clients, Body: `{"client_id":"a","hostname":"h","uuid":"u1"}`, Status: 409, Want: has("registered with")}, // reported before that
		{Method: "DELETE", Path: clients + "/a", Status: 204},
		{Method: "POST", Path: clients, Body: `{"client_id":"a","hostname":"h","uuid":"u1"}`, Status: 500, Want: has("UNIQUE")},
		{Method: "POST", Path: clients, Body: `{"client_id":"a","hostname":"h","description":""}`, Status: 201},
		{Method: "GET", Path: clients + "?offset=a", Status: 400, Want: has(`The \"offset\"`)},
		{Method: "GET", Path: clients + "?limit=x&offset=y", Status: 400, Want: has(`The \"offset\"`)},
		{Method: "GET", Path: clients + "?limit=x", Body: "{", Status: 400, Want: has(`The \"limit\"`)},
		{Method: "GET", Path: clients + "?limit=100000000000000000000", Status: 500, Want: has(tooLarge)},
		{Method: "GET", Path: clients + "?offset=100000000000000000000", Status: 500, Want: has(tooLarge)},
		{Method: "GET", Path: clients + "?limit=-9223372036854775809", Status: 500, Want: has(tooLarge)},
		{Method: "GET", Path: clients + "?limit=100000000000000000000", Body: `{"match":[{"hostname":"h"}]}`, Status: 200, Want: has(`"client_id":"a"`)},
		{Method: "GET", Path: clients + "?offset=-100000000000000000000", Body: `{"match":[{"hostname":"h"}]}`, Status: 200, Want: has(`"client_id":"a"`)},
		{Method: "GET", Path: clients + "?search=%7B", Status: 200, Want: has(`"description":""`)},
		{Method: "GET", Path: clients, Body: `{"match":[{"zz":null,"project_id":null}]}`, Status: 200, Want: has(`"client_id":"a"`)},
		{Method: "POST", Path: clients, Body: `{"client_id":"c","hostname":"h"}`, Caller: "nobody", Status: 201},
		{Method: "GET", Path: clients, Caller: "nobody", Status: 200, Want: has(`"client_id":"c"`)},
		{Method: "POST", Path: "/v1/jobs", Body: `[1]`, Caller: "nobody", Status: 500, Want: has(crash)},
		{Method: "POST", Path: "/v2/p/clients", Body: `{"client_id":"d"}`, Status: 500, Want: has(`, 'p', '0cd44caf6db5486b94a04b33256a5ff4', 'd', None,`)},
	}, emulator.WithProfile("observed"))
}
