package privx_test

import (
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure PrivX sorts, searches, returns secrets and ignores members that only the server sets.
func TestAPIClients(t *testing.T) {
	t.Parallel()
	const c = "/local-user-store/api/v1/api-clients"
	const id = "a3b4c5d6-e7f8-4901-b2c3-d4e5f6a7b8c9"
	servicetest.Tell(t, "privx", "default", []step{
		{Method: "POST", Path: c, Body: `{"name":"Zeta","roles":null}`, Status: 201},
		{Method: "POST", Path: c, Body: `{"name":"Zeta","roles":[{"id":"d2c3e4f5-0617-4283-a495-b6c7d8e9f001","name":"ignored"}]}`, Status: 201},
		{Method: "GET", Path: c + "?sortkey=name&limit=1", Status: 200, Want: has(`"count":4`, `"Zeta"`)}, // by code point: upper case first
		{Method: "GET", Path: c + "?sortkey=name&sortdir=desc&limit=1", Status: 200, Want: has(`"terraform"`)},
		{Method: "GET", Path: c + "?sortkey=created&sortdir=DESC&offset=3", Status: 200, Want: has(`"terraform"`)},
		{Method: "GET", Path: c + "?offset=9223372036854775807&limit=9223372036854775807", Status: 200, Want: has(`{"count":4,"items":[]}`)},
		{Method: "GET", Path: c + "?limit=0", Status: 200, Want: has(`{"count":4,"items":[]}`)},
		{Method: "GET", Path: c + "?limit=9223372036854775808", Status: 200, Want: has(`"count":4`, "terraform")},
		{Method: "GET", Path: c + "?limit=1.5", Status: 400, Want: has("VALUE_INCORRECT_TYPE")},
		{Method: "POST", Path: c + "/search", Body: `{"keywords":"TERRA, log","sortdir":"","sortkey":""}`, Status: 200, Want: has(`"count":2`, "terraform", "log collector")},
		{Method: "POST", Path: c + "/search?limit=1", Body: `{"keywords":"zeta","limit":2}`, Status: 200, Want: has(`"contractor","deleted":true`)}, // the body overrides the query
		{Method: "POST", Path: c + "/search?offset=1", Body: `{"keywords":"zeta"}`, Status: 200, Want: has(`"count":2`, "contractor")},
		{Method: "POST", Path: c + "/search", Body: `{"sortkey":"name","sortdir":"DESC","limit":1}`, Status: 200, Want: has(`"count":4`, "terraform")},
		{Method: "POST", Path: c + "/search", Body: `{"keywords":["a"]}`, Status: 400},
		{Method: "POST", Path: c + "/search", Body: `{"limit":"a"}`, Status: 400},
		{Method: "PUT", Path: c + "/" + id, Body: `{"id":"","secret":"","name":"renamed","roles":null,"created":"","author":5}`, Status: 200},
		{Method: "GET", Path: c + "/" + id, Status: 200, Want: has(`"id":"`+id+`"`, `"secret":"Zm9ydHkt`, `"renamed"`, `"roles":[]`, `"author":"4f6ce1d0-`, `"updated_by":"0cd44caf-6db5-486b-94a0-4b33256a5ff4"`)},
		{Method: "PUT", Path: c + "/" + id, Body: `{"name":""}`, Status: 400, Want: has("REQUIRED_VALUE_MISSING")},
		{Method: "POST", Path: c, Body: `{"name":"x","roles":[{"name":"y"}]}`, Status: 400, Want: has(`"property":"roles.id"`)},
		{Method: "POST", Path: c, Body: `{"name":"x","roles":[{"id":5}]}`, Status: 400},
		{Method: "POST", Path: c, Body: `{"name":"x","roles":["a"]}`, Status: 400},
		{Method: "POST", Path: c, Body: `{"name":5}`, Status: 400, Want: has("VALUE_INCORRECT_TYPE")},
		{Method: "DELETE", Path: "//local-user-store/api/v1/api-clients/" + id, Status: 200},
		{Method: "GET", Path: c + "/" + id, Status: 404, Want: has("OBJECT_NOT_FOUND")},
		{Method: "GET", Path: c + "/a%2Fb%20c%3Fd", Status: 404},
	})
}

// Ensure an update in the second of the creation is shown, also after a dump.
func TestFreshClients(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithQuirks("privx.fresh-clients-have-no-updated"), emulator.WithTime(newYear))
	id := at(t, admin.Expect(201, "POST", apiClients, `{"name":"a"}`), "/id")
	other := at(t, admin.Expect(201, "POST", apiClients, `{"name":"b"}`), "/id")
	admin.Expect(200, "PUT", apiClients+"/"+id, `{"name":"a"}`)
	check := func(when string) {
		t.Helper()
		if got, _ := value.At(admin.Expect(200, "GET", apiClients+"/"+id, ""), "/updated"); got != "2026-01-01T00:00:00Z" {
			t.Errorf("%s: the client that was updated has updated %v", when, got)
		}
		for _, name := range []string{"/updated", "/updated_by"} {
			if got, ok := value.At(admin.Expect(200, "GET", apiClients+"/"+other, ""), name); ok {
				t.Errorf("%s: the fresh client has %s %v", when, name, got)
			}
		}
	}
	check("at once")
	state := admin.Expect(200, "GET", "/_standin/state/privx", "")
	admin.Expect(204, "PUT", "/_standin/state/privx", string(value.Append(nil, state)))
	check("after a dump")
	if again := admin.Expect(200, "GET", "/_standin/state/privx", ""); !value.Equal(state, again) {
		t.Errorf("loaded %s\nfrom   %s", value.Append(nil, again), value.Append(nil, state))
	}
	plain := privx(t, "admin", emulator.WithTime(newYear))
	id = at(t, plain.Expect(201, "POST", apiClients, `{"name":"a"}`), "/id")
	shown := plain.Expect(200, "GET", apiClients+"/"+id, "")
	if at(t, shown, "/updated") != at(t, shown, "/created") || at(t, shown, "/updated_by") != at(t, shown, "/author") {
		t.Errorf("without the quirk: %s", value.Append(nil, shown))
	}
}

// Ensure fixtures accept only API clients that the API could create. Ensure the document's own
// item can be pasted.
func TestLoadedAPIClients(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	load := func(status int, roles, clients string) any {
		t.Helper()
		return admin.Expect(status, "PUT", "/_standin/state/privx", `{"privx":{"roles":[`+roles+`],"api_clients":[`+clients+`]}}`)
	}
	const document = `{"id":"5bf77342-221c-11ee-be56-0242ac120002","secret":"string","name":"string","created":"2017-01-01T15:05:05Z","updated":"2017-01-01T15:05:05Z",` +
		`"updated_by":"eef4aefc-d64e-4c2c-aba4-4914c86ce059","author":"eef4aefc-d64e-4c2c-aba4-4914c86ce059","roles":[{"id":"string","name":"string","deleted":true}],` +
		`"oauth_client_id":"string","oauth_client_secret":"string"}`
	load(204, "", document)
	if got := string(value.Append(nil, admin.Expect(200, "GET", apiClients+"/5bf77342-221c-11ee-be56-0242ac120002", ""))); got != document {
		t.Errorf("the document's item comes back as %s", got)
	}
	admin.Expect(404, "GET", roleStore+"/string", "")
	load(204, "", `{"id":"a","secret":"s","name":"n","roles":[{"id":"live","name":"alive"}]}`)
	if got := at(t, admin.Expect(200, "GET", roleStore+"/live", ""), "/name"); got != "alive" {
		t.Errorf("the role of a handle is called %s", got)
	}
	got := admin.Expect(200, "GET", apiClients+"/a", "")
	if at(t, got, "/oauth_client_id") != "privx-external" || at(t, got, "/oauth_client_secret") != "privx-secret" {
		t.Errorf("without an OAuth client: %s", value.Append(nil, got))
	}
	state := admin.Expect(200, "GET", "/_standin/state/privx", "")
	admin.Expect(204, "PUT", "/_standin/state/privx", string(value.Append(nil, state)))
	if again := admin.Expect(200, "GET", "/_standin/state/privx", ""); !value.Equal(state, again) {
		t.Errorf("loaded %s\nfrom   %s", value.Append(nil, again), value.Append(nil, state))
	}
	for roles, want := range map[string]string{
		`{"id":"r"},{"id":"r"}`:          `the role \"r\" is in the list twice`,
		`{"id":"r"},{"id":"x"}`:          `there is no role \"x\"`,
		`{"id":"x","name":"one"}`:        `another role \"one\"`,
		`{"id":"a/b","name":"x"}`:        `cannot be reached`,
		`{"id":"search","deleted":true}`: `cannot be reached`,
	} {
		v := load(400, `{"id":"r","name":"one"}`, `{"id":"a","secret":"s","name":"n","roles":[`+roles+`]}`)
		if text := string(value.Append(nil, v)); !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", roles, text, want)
		}
	}
	load(400, "", `{"id":"a","secret":"s","name":" "}`)
	load(400, `{"id":"r","name":"\t"}`, "")
}

// Ensure a name that is only blanks is refused.
func TestBlankNames(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	id := at(t, admin.Expect(201, "POST", apiClients, `{"name":" a "}`), "/id")
	role := at(t, admin.Expect(201, "POST", roleStore, `{"name":"r"}`), "/id")
	for _, name := range []string{"", " ", `\t\n`, `\u00a0`, `\u2003 `} {
		body := `{"name":"` + name + `"}`
		for _, c := range []struct{ method, path string }{{"POST", apiClients}, {"PUT", apiClients + "/" + id}, {"POST", roleStore}, {"PUT", roleStore + "/" + role}} {
			if v := admin.Expect(400, c.method, c.path, body); at(t, v, "/details/0/error_code") != "REQUIRED_VALUE_MISSING" {
				t.Errorf("%s %s %s: %s", c.method, c.path, body, value.Append(nil, v))
			}
		}
	}
	if got := at(t, admin.Expect(200, "GET", apiClients+"/"+id, ""), "/name"); got != " a " {
		t.Errorf("the name is %q", got)
	}
}

// Ensure an empty role id means no role. The vendor's command line sends it.
func TestEmptyRoleID(t *testing.T) {
	t.Parallel()
	demo := privx(t, "demo", emulator.WithFixture("default"))
	const keepers = "b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9"
	for body, want := range map[string]string{
		`{"name":"c","roles":[{"id":"","name":""}]}`:                "[]",
		`{"name":"c","roles":[{"id":""},{"id":"` + keepers + `"}]}`: `[{"id":"` + keepers + `","name":"api-clients-admin"}]`,
	} {
		id := at(t, demo.Expect(201, "POST", apiClients, body), "/id")
		if got := at(t, demo.Expect(200, "GET", apiClients+"/"+id, ""), "/roles"); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
	for _, roles := range []string{`{}`, `{"id":null}`, `{"id":5}`, `{"id":" "}`} {
		demo.Expect(400, "POST", apiClients, `{"name":"c","roles":[`+roles+`]}`)
	}
}
