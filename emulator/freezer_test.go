package emulator_test

import (
	"net/http"
	"testing"

	"standin/emulator"
)

// Ensure Freezer answers in the observed profile what freezer-api was seen to
// answer, request by request.
func TestFreezerObservedStory(t *testing.T) {
	t.Parallel()
	const clients = "/v1/clients"
	const crash = `{"title":"500 Internal Server Error"}`
	const demo = `"user_id":"0cd44caf6db5486b94a04b33256a5ff4"`
	const tooLarge = `{"title":"Internal Storage Error","description":"Mysql operation failed Python int too large to convert to SQLite INTEGER"}`
	tell(t, "freezer", "empty", []step{
		{method: "POST", path: clients, body: `[1]`, status: 500, want: has(crash)},
		{method: "POST", path: clients, body: `"a uuid"`, status: 400, want: has(`'a uuid' is not of type 'object'`)},
		{method: "POST", path: clients, body: `["uuid",1]`, status: 400, want: has(`['uuid', 1] is not of type 'object'`)},
		{method: "POST", path: clients, body: `{"client_id":"n2"}`, status: 500, want: has(`NOT NULL constraint failed: clients.hostname\n[SQL: INSERT`, `, None, '0cd44caf6db5486b94a04b33256a5ff4', 'n2', None, None, '`)},
		{method: "POST", path: clients, body: `{"client":{"hostname":"h"},"client_id":"n3"}`, status: 500, want: has("NOT NULL")},
		{method: "POST", path: clients, body: `{"client_id":"bad id!"}`, status: 400, want: has("does not match")}, // before the database
		{method: "POST", path: clients, body: `{"client_id":"a","hostname":"h","uuid":"u1","zz":1}`, status: 201},
		{method: "GET", path: clients + "/a", status: 200, want: has(`{"project_id":null,` + demo + `,"client":{"uuid":"u1","hostname":"h","client_id":"a","description":null}}`)},
		{method: "POST", path: clients, body: `{"client_id":"b","hostname":"it's","uuid":"u1"}`, status: 500, want: has("UNIQUE constraint failed: clients.id", `'b', \"it's\", None, 'u1')`)},
		{method: "POST", path: clients, body: `{"client_id":"b","hostname":"h","uuid":"u1"}`, caller: "stranger", status: 500, want: has("UNIQUE")},
		{method: "POST", path: clients, body: `{"client_id":"b","uuid":"u1"}`, status: 500, want: has("NOT NULL")},                       // told first
		{method: "POST", path: clients, body: `{"client_id":"a","hostname":"h","uuid":"u1"}`, status: 409, want: has("registered with")}, // told before that
		{method: "DELETE", path: clients + "/a", status: 204},
		{method: "POST", path: clients, body: `{"client_id":"a","hostname":"h","uuid":"u1"}`, status: 500, want: has("UNIQUE")},
		{method: "POST", path: clients, body: `{"client_id":"a","hostname":"h","description":""}`, status: 201},
		{method: "GET", path: clients + "?offset=a", status: 400, want: has(`The \"offset\"`)},
		{method: "GET", path: clients + "?limit=x&offset=y", status: 400, want: has(`The \"offset\"`)},
		{method: "GET", path: clients + "?limit=x", body: "{", status: 400, want: has(`The \"limit\"`)},
		{method: "GET", path: clients + "?limit=100000000000000000000", status: 500, want: has(tooLarge)},
		{method: "GET", path: clients + "?offset=100000000000000000000", status: 500, want: has(tooLarge)},
		{method: "GET", path: clients + "?limit=-9223372036854775809", status: 500, want: has(tooLarge)},
		{method: "GET", path: clients + "?limit=100000000000000000000", body: `{"match":[{"hostname":"h"}]}`, status: 200, want: has(`"client_id":"a"`)},
		{method: "GET", path: clients + "?offset=-100000000000000000000", body: `{"match":[{"hostname":"h"}]}`, status: 200, want: has(`"client_id":"a"`)},
		{method: "GET", path: clients + "?search=%7B", status: 200, want: has(`"description":""`)},
		{method: "GET", path: clients, body: `{"match":[{"zz":null,"project_id":null}]}`, status: 200, want: has(`"client_id":"a"`)},
		{method: "POST", path: clients, body: `{"client_id":"c","hostname":"h"}`, caller: "nobody", status: 201},
		{method: "GET", path: clients, caller: "nobody", status: 200, want: has(`"client_id":"c"`)},
		{method: "POST", path: "/v1/jobs", body: `[1]`, caller: "nobody", status: 500, want: has(crash)},
		{method: "POST", path: "/v2/p/clients", body: `{"client_id":"d"}`, status: 500, want: has(`, 'p', '0cd44caf6db5486b94a04b33256a5ff4', 'd', None,`)},
	}, emulator.WithProfile("observed"))
}

// Ensure a search of each odd shape meets the exception that the server meets, and
// only that.
func TestFreezerOddSearches(t *testing.T) {
	t.Parallel()
	var steps, lenient []step
	for _, tt := range []struct {
		search          string
		observed, usual int
	}{
		{`[1]`, 500, 400},
		{`"x"`, 500, 400},
		{`42`, 500, 400},
		{`{"match":{"a":1}}`, 500, 400},
		{`{"match":"x"}`, 500, 400},
		{`{"match":5}`, 500, 400},
		{`{"match":[1]}`, 500, 400},
		{`{"match":[{"hostname":"h"}],"match_not":null}`, 500, 200},
		{`{"match":[{"hostname":"h"}],"match_not":0}`, 500, 200},
		{`{"match":[{"hostname":"h"}],"match_not":false}`, 500, 200},
		{`{"match":null,"match_not":[{"a":1}]}`, 500, 200},
		{`{"match":{},"match_not":[{"a":1}]}`, 200, 200},
		{`{"match":"","match_not":[{"a":1}]}`, 200, 200},
		{`{"match_not":{"a":1}}`, 500, 400},
		{`{"match":[{"_all":"[1]"}]}`, 500, 400},
		{`{"match":[{"_all":"[]"}]}`, 200, 200},
		{`{"match":[{"_all":5}]}`, 200, 200},
		{`{"match":[{"_all":"[]"}],"match_not":5}`, 200, 200},
	} {
		steps = append(steps, step{method: "GET", path: "/v1/clients", body: tt.search, status: tt.observed})
		lenient = append(lenient, step{method: "GET", path: "/v1/clients", body: tt.search, status: tt.usual})
	}
	tell(t, "freezer", "documented", steps, emulator.WithQuirks("freezer.truthy-non-object-is-500"))
	tell(t, "freezer", "documented", lenient)
	tell(t, "freezer", "documented", []step{ // a search that finds everything is a search
		{method: "GET", path: "/v1/clients?limit=-1", body: `{"match":[{"_all":"[]"}]}`, status: 200, want: has(`{"clients":[]}`)},
	})
}

// Ensure clients of v2 belong to a project and a user, and are none of v1.
func TestFreezerProjectsStory(t *testing.T) {
	t.Parallel()
	const item = `{"project_id":"p1","user_id":"0cd44caf6db5486b94a04b33256a5ff4","client":{"client_id":"n1","hostname":"h","x":[1],"uuid":"u"}}`
	const body = `{"client_id":"n1","hostname":"h","x":[1],"uuid":"u"}`
	tell(t, "freezer", "empty", []step{
		{method: "POST", path: "/v2/p1/clients/", body: body, status: 201, want: has(`{"client_id":"n1"}`)},
		{method: "POST", path: "/v2/p1/clients", body: body, status: 409, want: has("Client already registered with ID n1")},
		{method: "POST", path: "/v2/p2/clients", body: body, status: 201},
		{method: "POST", path: "/v2/p1/clients", body: body, caller: "stranger", status: 201}, // in whatever project
		{method: "POST", path: "/v2/p1/clients", body: `{"client_id":"n0","hostname":"h"}`, status: 201},
		{method: "POST", path: "/v2/b%20d/clients", body: `{"client_id":"bad id!"}`, status: 400, want: has("'bad id!' does not match")},
		{method: "POST", path: "/v2/b%20d/clients", body: body, status: 400, want: has(`'b d' does not match '^[\\\\w-]+$'`)},
		{method: "GET", path: "/v2/p1/clients?limit=1", status: 200, want: has(`{"clients":[` + item + `]}`)},
		{method: "GET", path: "/v2/p1/clients?offset=n1", status: 200, want: has(`"n0"`), not: has(`"n1"`)},
		{method: "GET", path: "/v2/p1/clients", body: `{"match":[{"project_id":"p2"}]}`, status: 200, want: has(`{"clients":[]}`)},
		{method: "GET", path: "/v2/p1/clients", body: `{"match":[{"hostname":"h","uuid":"u"}]}`, status: 200, want: has(item), not: has(`"n0"`)},
		{method: "GET", path: "/v2/p1/clients/n1", status: 200, want: has(item)},
		{method: "GET", path: "/v1/clients", status: 200, want: has(`{"clients":[]}`)},
		{method: "GET", path: "/v1/clients/n1", status: 404},
		{method: "GET", path: "/_standin/state/freezer", status: 200, want: has(`"project_id":"p2"`)},
		{method: "DELETE", path: "/v2/p1/clients/n1", status: 204},
		{method: "DELETE", path: "/v2/p1/clients/n1", status: 204}, // nobody minds
		{method: "GET", path: "/v2/p1/clients/n1", status: 404},
		{method: "GET", path: "/v2/p2/clients/n1", status: 200},
		{method: "GET", path: "/v2/p1/clients", caller: "stranger", status: 200, want: has(`"n1"`)},
		{method: "PATCH", path: "/v2/p1/clients/n1", status: 405},
		{method: "GET", path: "/backup/v2/p1", status: 404, want: has(`{"title":"404 Not Found"}`)},
	})
}

// Ensure uuids that are spent outlive the dump of a world, and that those of living
// clients are not in it.
func TestFreezerSpentUUIDs(t *testing.T) {
	t.Parallel()
	const world = `{"freezer":{"clients":[{"user_id":"u","client":{"client_id":"a","hostname":"h","uuid":"living"}},{"project_id":"p","user_id":"u","client":{"client_id":"a","hostname":"h","uuid":"in-p"}}],"spent_uuids":[{"uuid":"gone"}]}}`
	create := func(id, uuid string, status int) step {
		return step{method: "POST", path: "/v1/clients", body: `{"client_id":"` + id + `","hostname":"h","uuid":"` + uuid + `"}`, status: status}
	}
	tell(t, "freezer", "empty", []step{
		{method: "PUT", path: "/_standin/state/freezer", body: world, status: 204},
		{method: "GET", path: "/_standin/state/freezer", status: 200, want: has(world)},
		create("b", "gone", 500), create("b", "living", 500), create("b", "in-p", 500), create("b", "new", 201), create("c", "new", 500),
		{method: "DELETE", path: "/v1/clients/b", status: 204},
		create("b", "new", 500),
		{method: "GET", path: "/_standin/state/freezer", status: 200, want: has(`"spent_uuids":[{"uuid":"gone"},{"uuid":"new"}]`), not: has("counted")},
	}, emulator.WithQuirks("freezer.uuid-is-unique-forever"))
	tell(t, "freezer", "empty", []step{
		{method: "PUT", path: "/_standin/state/freezer", body: world, status: 204},
		create("b", "gone", 201), create("c", "living", 201), create("d", "in-p", 201),
	})
}

// Ensure what several services have at their roots is Freezer's under its prefix,
// before or behind the login as on the real server, and the index's at the root.
func TestFreezerDiscoveryStory(t *testing.T) {
	t.Parallel()
	none := map[string]string{"Accept": "text/plain;q=0.5, application/json"}
	tell(t, "freezer", "empty", []step{
		{method: "GET", path: "/backup", caller: "none", status: 300, want: has(`{"versions":[{"id":"v2","status":"CURRENT"`, `"href":"http://localhost:9311/backup/v1/"`)},
		{method: "GET", path: "/~box/backup/", caller: "none", status: 300, want: has(`"http://localhost:9311/~box/backup/v2/"`)},
		{method: "PUT", path: "/backup/", caller: "none", status: 405},
		{method: "HEAD", path: "/backup/", caller: "none", status: 405},
		{method: "OPTIONS", path: "/backup/v1", caller: "none", status: 401},
		{method: "OPTIONS", path: "/backup/v1", status: 200},
		{method: "GET", path: "/backup/healthcheck", caller: "none", status: 200, want: has("OK")},
		{method: "GET", path: "/backup/healthcheck", caller: "none", status: 200, want: has("\"reasons\": [\n        \"OK\""), header: none},
		{method: "GET", path: "/backup/healthcheck/", caller: "none", status: 401},
		{method: "GET", path: "/backup/v1/", status: 200, want: has("{\n    \"resources\": {\n        \"rel/backups\": {\n            \"href-template\": \"/v1/backups/{backup_id}\",\n            \"href-vars\": {\n                \"backup_id\": \"param/backup_id\"\n            },\n            \"hints\": {\n                \"allow\": [\n                    \"GET\"\n                ],\n                \"formats\": {\n                    \"application/json\": {}\n                }\n            }\n        }\n    }\n}")},
		{method: "GET", path: "/backup/v2", status: 200, want: has(`"project_id": "param/project_id",`)},
		{method: "GET", path: "/backup/v1", caller: "none", status: 401},
		{method: "GET", path: "/v1", status: 404, want: has("Nothing answers at /v1")},
		{method: "GET", path: "/healthcheck", status: 404, not: has(`{"title":` + `"404`)},
		{method: "GET", path: "/v2/nothing", status: 404, want: has("Nothing answers at /v2/nothing")},
		{method: "GET", path: "/backup/v2/nothing", status: 404, want: has(`{"title":"404 Not Found"}`)},
	})
}

// Ensure a listener of Freezer's own answers at its root.
func TestFreezerOnItsOwnListener(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s, err := e.Start(t.Context(), "freezer=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Client()
	defer c.CloseIdleConnections()
	for path, want := range map[string]int{"/": 300, "/healthcheck": 200, "/v1": 401, "/v1/clients": 401, "/nothing": 401} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr("freezer")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

// Ensure operations that are answered by examples ask for login, role and JSON.
func TestFreezerExamplesStory(t *testing.T) {
	t.Parallel()
	tell(t, "freezer", "empty", []step{
		{method: "GET", path: "/v1/jobs", caller: "none", status: 401},
		{method: "GET", path: "/v1/jobs", caller: "expired", status: 401},
		{method: "GET", path: "/v1/jobs", caller: "nobody", status: 403},
		{method: "GET", path: "/v1/jobs/", caller: "reader", status: 200, want: has(`{"jobs":[{"job_id":`)},
		{method: "POST", path: "/v1/jobs", body: `{"job_actions":[]}`, caller: "reader", status: 403},
		{method: "POST", path: "/v1/jobs", body: `{"job_actions":[`, status: 753},
		{method: "POST", path: "/v1/jobs", status: 400, want: has("'job_actions' is a required property")},
		{method: "POST", path: "/v1/sessions", body: "{}", status: 400, want: has("Missing request body")},
		{method: "PATCH", path: "/v1/jobs/j", status: 200},
		{method: "PATCH", path: "/v1/jobs/j", body: "{", status: 753},
		{method: "PUT", path: "/v1/sessions/s/jobs/j", status: 204},
		{method: "PATCH", path: "/v1/backups/b", status: 405},
	})
}

// Ensure limit and offset are taken apart at their commas before they are decoded, and
// that empty values are none.
func TestFreezerCommas(t *testing.T) {
	t.Parallel()
	for profile, blank := range map[string]int{"documented": 400, "observed": 500} {
		var steps []step
		for _, id := range []string{"n1", "n2", "n3"} {
			steps = append(steps, step{method: "POST", path: "/v1/clients", body: `{"client_id":"` + id + `","hostname":"h"}`, status: 201})
		}
		for query, want := range map[string]struct {
			status int
			not    string
		}{
			"limit=1%2C2": {400, "clients"}, "limit=%2C": {400, "clients"}, "limit=1,%2C": {400, "clients"}, "offset=1%2C2": {400, "clients"},
			"limit=1,": {200, "n2"}, "limit=2,,1": {200, "n2"}, "limit=,1": {200, "n2"}, "limit=1&limit=": {200, "n2"}, "limit=1&limit": {200, "n2"},
			"limit=1&limit=,": {200, "n2"}, "offset=1&offset=": {200, "n1"}, "offset=1,": {200, "n1"}, "%6Cimit=1,": {200, "n2"},
			"limit=": {200, "title"}, "limit=&offset=": {200, "title"},
			"limit=,": {blank, "clients"}, "limit=,,&limit=": {blank, "clients"}, "offset=,": {blank, "clients"},
		} {
			steps = append(steps, step{method: "GET", path: "/v1/clients?" + query, status: want.status, not: has(want.not)})
		}
		tell(t, "freezer", "empty", steps, emulator.WithProfile(emulator.Profile(profile)))
	}
}

// Ensure freezer-scheduler finds an empty list where it polls for jobs, and that the list
// looks at its query and its search.
func TestFreezerSchedulerPolls(t *testing.T) {
	t.Parallel()
	const jobs = "/v2/" + demoProject + "/jobs"
	const poll = `{"match":[{"client_id":"h"},{"status":"scheduled"}]}`
	tell(t, "freezer", "default", []step{
		{method: "GET", path: jobs + "/?limit=512&offset=0", body: poll, status: 200, want: has(`{"jobs":[]}`)},
		{method: "GET", path: "/backup" + jobs, body: poll, caller: "reader", status: 200, want: has(`{"jobs":[]}`)},
		{method: "GET", path: jobs, caller: "none", status: 401},
		{method: "GET", path: jobs, caller: "nobody", status: 403},
		{method: "GET", path: jobs + "?offset=y", status: 400, want: has(`The \"offset\"`)},
		{method: "GET", path: jobs + "?limit=9223372036854775808", status: 400, want: has(`The \"limit\"`)},
		{method: "GET", path: jobs, body: `{"match":{"a":1}}`, status: 400, want: has("is not of type 'array'")},
		{method: "GET", path: jobs, body: "{", status: 753},
		{method: "POST", path: jobs, body: "{}", status: 405},
	})
}
