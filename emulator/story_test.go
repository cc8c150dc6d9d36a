package emulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/value"
)

// A step is one exchange of a story. The texts of want must all be in the
// answer, those of not may not.
type step struct {
	method, path, body string
	status             int
	want, not          []string
	caller             string
	header             map[string]string
}

func has(texts ...string) []string { return texts }

// tell plays a story against one emulator.
func tell(t *testing.T, service, fixture string, steps []step, opts ...emulator.Option) {
	t.Helper()
	p := newPlayer(t, append(opts, emulator.WithFixture(fixture))...)
	for i, s := range steps {
		req, err := http.NewRequest(s.method, "http://localhost:9311"+s.path, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		p.login(req, service, s.caller)
		if s.body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		for name, v := range s.header {
			req.Header.Set(name, v)
			if v == "" {
				req.Header.Del(name)
			}
		}
		resp, body := p.do(req)
		if resp.StatusCode != s.status {
			t.Errorf("step %d, %s %s %s: %d %s, want %d", i, s.method, s.path, s.body, resp.StatusCode, body, s.status)
		}
		for _, text := range s.want {
			if !strings.Contains(string(body), text) {
				t.Errorf("step %d, %s %s: no %s in %s", i, s.method, s.path, text, body)
			}
		}
		for _, text := range s.not {
			if strings.Contains(string(body), text) {
				t.Errorf("step %d, %s %s: %s is in %s", i, s.method, s.path, text, body)
			}
		}
	}
}

// Ensure Freezer remembers clients as they were sent, per user.
func TestFreezerStory(t *testing.T) {
	t.Parallel()
	const clients = "/v1/clients/"
	tell(t, "freezer", "empty", []step{
		{method: "GET", path: clients, status: 200, want: has(`{"clients":[]}`)},
		{method: "POST", path: clients, body: `{"client_id":"p_é.x","hostname":"h"}`, status: 400, want: has(`'p_é.x' does not match`)},
		{method: "POST", path: clients, body: `{"client_id":"é_x","hostname":"h","n":1.50,"big":12345678901234567890,"a":1,"a":2}`, status: 201, want: has(`{"client_id":"é_x"}`)},
		{method: "GET", path: "/v1/clients/%C3%A9_x", status: 200, want: has(`{"client":{"client_id":"é_x","hostname":"h","n":1.50,"big":12345678901234567890,"a":2,"uuid":"`, `"user_id":"0cd44caf6db5486b94a04b33256a5ff4"}`)},
		{method: "POST", path: clients, body: `{"client_id":"é_x","hostname":"h"}`, status: 409, want: has("Client already registered with ID é_x")},
		{method: "POST", path: clients, body: `{"client_id":"é_x","hostname":"h"}`, caller: "stranger", status: 201}, // ids are per user
		{method: "POST", path: clients, body: `{"client_id":"n1","hostname":"h","uuid":"mine"}`, status: 201},
		{method: "GET", path: "/v1/clients/n1", status: 200, want: has(`"uuid":"mine"`)},
		{method: "POST", path: clients, body: `{"client_id":"n2","hostname":"h","uuid":"mine"}`, status: 201}, // a uuid used before
		{method: "GET", path: clients + "?limit=1", status: 200, want: has("é_x"), not: has("n1")},
		{method: "GET", path: clients + "?limit=1&offset=n1", status: 200, want: has("n2"), not: has(`"n1"`)},
		{method: "GET", path: clients + "?limit=1&offset=+1_", status: 400},
		{method: "GET", path: clients + "?limit=%202&offset=%2B1", status: 200, want: has("n1", "n2"), not: has("é_x")},
		{method: "GET", path: clients + "?limit=5,1", status: 200, want: has("é_x"), not: has("n1")},
		{method: "GET", path: clients + "?limit=5&limit=1", status: 200, want: has("é_x"), not: has("n1")},
		{method: "GET", path: clients + "?limit=-1&offset=-1", status: 200, want: has("é_x", "n1", "n2")},
		{method: "GET", path: clients + "?offset=9223372036854775807", status: 200, want: has(`{"clients":[]}`)},
		{method: "GET", path: clients + "?limit=9223372036854775807&offset=1", status: 200, want: has("n1", "n2")},
		{method: "GET", path: clients + "?limit=9223372036854775808", status: 400, want: has(`The \"limit\" parameter is invalid.`)},
		{method: "GET", path: clients + "?limit=1&offset=1", body: `{"match":[{"hostname":"h"}]}`, status: 200, want: has("n1"), not: has("é_x", "n2")},
		{method: "GET", path: clients + "?limit=1&offset=é_x", body: `{"match":[{"uuid":"mine"}]}`, status: 200, want: has("n1"), not: has("n2")},
		{method: "GET", path: clients + "?limit=-1", body: `{"match":[{"hostname":"h"}]}`, status: 200, want: has(`{"clients":[]}`)},
		{method: "DELETE", path: "/v1/clients/n1/", status: 204},
		{method: "GET", path: "/v1/clients/n1", status: 404},
		{method: "DELETE", path: "/v1/clients/n1", status: 404, want: has("No Client found with ID:n1")},
		{method: "POST", path: clients, body: `{"client_id":"n1","hostname":"h"}`, status: 201},
	})
}

// Ensure every body that Freezer refuses is told in its order of checks.
func TestFreezerBodies(t *testing.T) {
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
		tell(t, "freezer", "empty", []step{{method: "POST", path: "/v1/clients", body: tt.body, status: tt.status, want: has(tt.want)}})
	}
}

// Ensure the rules of Barbican's consumers, step by step.
func TestBarbicanStory(t *testing.T) {
	t.Parallel()
	const c = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	tell(t, "barbican", "documented", []step{
		{method: "POST", path: c + "/", body: `{"name":"b","URL":"u"}`, status: 200, want: has(`"consumers":[{"URL":"u","name":"b"}]`)},
		{method: "POST", path: c, body: `{"name":" a ","url":"u"}`, status: 200, want: has(`[{"URL":"u","name":"b"},{"URL":"u","name":"a"}]`)}, // in order of registration
		{method: "GET", path: c, status: 200, want: has(`"total":2`, `"name":"a","created":"2015-10-15T17:56:18.626724"},{`)},                  // by name
		{method: "POST", path: c, body: `{"name":"a","URL":"wins","url":"loses"}`, status: 200, want: has("wins"), not: has("loses")},
		{method: "POST", path: c, body: `{"name":"B","URL":"u"}`, status: 200}, // case counts
		{method: "POST", path: c, body: `{"name":"ab","URL":"c"}`, status: 200},
		{method: "POST", path: c, body: `{"name":"a","URL":"bc"}`, status: 200, want: has(`{"URL":"c","name":"ab"}`, `{"URL":"bc","name":"a"}`)},
		{method: "GET", path: c + "?limit=2&offset=1", status: 200, want: has(
			`"next":"http://localhost:9311/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers?limit=2&offset=3"`,
			`"previous":"http://localhost:9311/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers?limit=2&offset=0"`)},
		{method: "GET", path: c + "?limit=0", status: 200, want: has("limit=1&offset=1"), not: has("previous")},
		{method: "GET", path: c + "?limit=-5", status: 200, want: has("limit=1&offset=1")},
		{method: "GET", path: c + "?limit=99999999999999999999999", status: 200, want: has(`"total":6`), not: has("next")},
		{method: "GET", path: c + "?limit=3_0&offset=%D9%A3", status: 200, want: has("limit=30&offset=0")}, // Arabic 3
		{method: "GET", path: c + "?limit=1&limit=2", status: 200, want: has("limit=2&offset=2")},
		{method: "GET", path: c + `?limit=1\&offset=1`, status: 200, want: has("limit=10&offset=0")},
		{method: "GET", path: c + "?offset=6", status: 200, want: has(`"consumers":[]`, `"total":6`), not: has("next", "previous")},
		{method: "GET", path: c + "?offset=99999999999999999999", status: 200, want: has(`"name":"a"`)},
		{method: "DELETE", path: c, body: `{"name":"b","URL":"u"}`, status: 200, not: has(`"name":"b"`)},
		{method: "DELETE", path: c, body: `{"name":"b","URL":"u"}`, status: 404, want: has("Consumer not found.")},
		{method: "POST", path: c, body: `{"name":"b","URL":"u"}`, status: 200, want: has(`"consumers":[{"URL":"u","name":"b"},`)}, // back in its place
		{method: "GET", path: c + ".json", status: 200},
		{method: "DELETE", path: "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9", caller: "admin", status: 204},
		{method: "GET", path: c, status: 404, want: has("Secrets container not found.")},
	})
}

// Ensure the order of Barbican's checks.
func TestBarbicanOrderOfChecks(t *testing.T) {
	t.Parallel()
	const c = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	const unknown = "/v1/containers/00000000-0000-4000-8000-000000000000/consumers"
	text := map[string]string{"Accept": "text/plain", "Content-Type": "text/plain"}
	tell(t, "barbican", "documented", []step{
		{method: "OPTIONS", path: unknown, caller: "none", status: 200},
		{method: "PUT", path: unknown, caller: "none", header: text, status: 401},
		{method: "PUT", path: unknown, caller: "nobody", header: text, status: 404},
		{method: "PUT", path: c, caller: "nobody", header: text, status: 406, want: has(`"description":null`)},
		{method: "PUT", path: c, caller: "nobody", body: "{", status: 405},
		{method: "POST", path: c, caller: "nobody", body: "{", header: map[string]string{"Content-Type": "text/plain"}, status: 403},
		{method: "POST", path: c, body: "{", header: map[string]string{"Content-Type": "Application/JSON"}, status: 415},
		{method: "POST", path: c, body: "{", header: map[string]string{"Content-Type": "application/json; charset=x"}, status: 400},
		{method: "DELETE", path: c + "?name=a&URL=b", status: 415},
		{method: "GET", path: c, header: map[string]string{"Accept": "complete garbage"}, status: 200},
		{method: "GET", path: c, header: map[string]string{"Accept": "text/html, */*"}, status: 200},
		{method: "GET", path: "/v1/containers/74BBD3FD-9BA8-42EE-B87E-2EECF10E47B9/consumers", status: 404, want: has("Provided container id is invalid")},
	})
	tell(t, "barbican", "default", []step{
		{method: "POST", path: "/v1/containers/5e9d2f1c-7a3b-4d8e-b6c0-1f2a3b4c5d6e/consumers", caller: "stranger", body: `{}`, status: 400},
		{method: "POST", path: "/v1/containers/5e9d2f1c-7a3b-4d8e-b6c0-1f2a3b4c5d6e/consumers", caller: "stranger", body: `{"name":"mail","URL":"https://mail.example.com"}`, status: 403, want: has("quota")},
	})
}

// Ensure the texts for bodies that do not match Barbican's schemas.
func TestBarbicanBodies(t *testing.T) {
	t.Parallel()
	const c = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	long, emoji := strings.Repeat("x", 37), strings.Repeat("😀", 36)
	schema := func(message, property string) string {
		return `"Provided object does not match schema 'Consumer': ` + message + `. Invalid property: '` + property + `'"`
	}
	var steps []step
	for _, tt := range []struct {
		body   string
		status int
		want   string
	}{
		{"\ufeff{}", 400, `"Malformed JSON"`},
		{"{}{}", 400, `"Malformed JSON"`},
		{"\"\xff\"", 400, `"description":""`},
		{"[]", 400, schema("[] is not of type 'object'", "None")},
		{"{}", 400, schema("'name' is a required property", "None")},
		{`{"NAME":"a","URL":"b"}`, 400, schema("'name' is a required property", "None")},
		{`{"name":1}`, 400, schema("'URL' is a required property", "None")},
		{`{"name":1,"URL":""}`, 400, schema("1 is not of type 'string'", "name")},
		{`{"name":null,"URL":["u"]}`, 400, schema("['u'] is not of type 'string'", "URL")},
		{`{"name":"","URL":" "}`, 400, schema("'' is too short", "URL")},
		{`{"name":"` + long + `","URL":"u"}`, 400, schema("'"+long+"' is too long", "name")},
		{`{"name":"` + emoji + `","URL":"u"}`, 200, emoji},
		{`{"name":"n","URL":"` + strings.Repeat("u", 256) + `"}`, 400, "is too long"},
		{`{"name":"twice","name":"last","URL":"u","external_project_id":"x","inst":1}`, 200, "last"},
		{`{"name":"p","URL":"u"}` + strings.Repeat(" ", 30_000), 200, `"name":"p"`}, // beyond the limit only blanks are lost
		{`{"name":"p","URL":"u","x":"` + strings.Repeat("x", 30_000) + `"}`, 400, `"Malformed JSON"`},
	} {
		steps = append(steps, step{method: "POST", path: c, body: tt.body, status: tt.status, want: has(tt.want)})
	}
	for _, tt := range []struct{ body, want string }{
		{`{"type":5}`, "5 is not of type 'string'. Invalid property: 'type'"},
		{`{"type":"rsa","secret_refs":[{"name":"a","secret_ref":"http://x/v1/secrets/b61613fc-be53-4696-ac01-c3a789e87973"}]}`, "for RSA type"},
		{`{"type":"generic","secret_refs":[{"name":"a","secret_ref":"x/1"},{"name":"a","secret_ref":"x/2"}]}`, "Duplicate reference names"},
		{`{"type":"generic","secret_refs":[{"name":"a","secret_ref":"x/1"},{"name":"b","secret_ref":"y/1"}]}`, "Duplicate secret ids"},
		{`{"type":"generic","secret_refs":{}}`, "{} is not of type 'array'. Invalid property: 'secret_refs'"},
		{`{"type":"generic","name":5}`, "5 is not of type 'string', 'null'. Invalid property: 'name'"},
	} {
		steps = append(steps, step{method: "POST", path: "/v1/containers/", body: tt.body, status: 400, want: has(tt.want)})
	}
	steps = append(steps,
		step{method: "POST", path: "/v1/containers", body: `{"type":"rsa"}`, status: 201},
		step{method: "POST", path: "/v1/containers", body: `{"type":"generic","secret_refs":[{"name":null,"secret_ref":"https://other.example/v1/secrets/b61613fc-be53-4696-ac01-c3a789e87973"}]}`, status: 201})
	tell(t, "barbican", "documented", steps)
}

// Ensure devops-service strips, keeps, refuses and forgets as it should.
func TestDevopsStory(t *testing.T) {
	t.Parallel()
	tell(t, "devops", "empty", []step{
		{method: "GET", path: "/v3/images?", status: 200, want: has("[]")},
		{method: "POST", path: "/v3/image", body: `{"id":" a b ","provider":" ec2 ","remote_user":" root ","name":null,"bootstrap_template":null,"zzz":1}`, status: 200, want: has(`{"id":"a b","message":"Created"}`)},
		{method: "GET", path: "//v3//image/a%20b", status: 200, want: has(`{"id":"a b","provider":"ec2","remote_user":"root","name":""}`)},
		{method: "PUT", path: "/v3/image/a%20b", body: `{"name":"n","id":[]}`, header: map[string]string{"Content-Type": ""}, status: 200, want: has(`{"image":{"id":"a b","provider":"ec2","remote_user":"root","name":"n"},"message":"Updated"}`)},
		{method: "PUT", path: "/v3/image/a%20b", body: `{}`, status: 200, want: has(`"name":"n"`)},
		{method: "PUT", path: "/v3/image/a%20b", body: `{"remote_user":null}`, status: 400, want: has("Parameter(s) 'remote_user' can not be undefined")},
		{method: "PUT", path: "/v3/image/a%20b", body: `{"remote_user":" "}`, status: 400, want: has("Parameter(s) 'remote_user' can not be empty")},
		{method: "PUT", path: "/v3/image/a%20b", status: 400, want: has("Invalid JSON")},
		{method: "POST", path: "/v3/image", body: `{"id":"a b","provider":"p","remote_user":[]}`, status: 400, want: has("have invalid type(s)")},
		{method: "POST", path: "/v3/image", body: `{"id":"a b","provider":"p","remote_user":"r"}`, status: 400, want: has("Duplicate key error: image with id 'a b'")},
		{method: "POST", path: "/v3/image", body: `{"id":"second","provider":"p","remote_user":"r"}`, status: 200},
		{method: "GET", path: "/v3/images?provider=p&x=y", status: 200, want: has(`[{"id":"second"`), not: has("a b")},
		{method: "GET", path: "/v3/image/a%2Fb", status: 404, want: has("<h1>Not Found</h1>")},
		{method: "DELETE", path: "/v3/image/a%20b", body: "{}", status: 200, want: has(`{"id":"a b","message":"Deleted"}`)},
		{method: "DELETE", path: "/v3/image/a%20b", status: 404, want: has("Image 'a b' not found")},
		{method: "GET", path: "/v3/image/a%20b", status: 404, want: has("Image 'a b' does not exist")},
		{method: "GET", path: "/v3/images", header: map[string]string{"Accept": "text/html, application/json;q=0.5"}, status: 200},
		{method: "GET", path: "/v3/images", header: map[string]string{"Accept": "application/json;q=0"}, status: 406},
	})
}

// Ensure PrivX sorts, searches, keeps secrets and ignores what is the server's.
func TestPrivXStory(t *testing.T) {
	t.Parallel()
	const c = "/local-user-store/api/v1/api-clients"
	const id = "a3b4c5d6-e7f8-4901-b2c3-d4e5f6a7b8c9"
	tell(t, "privx", "default", []step{
		{method: "POST", path: c, body: `{"name":"Zeta","roles":null}`, status: 201},
		{method: "POST", path: c, body: `{"name":"Zeta","roles":[{"id":"d2c3e4f5-0617-4283-a495-b6c7d8e9f001","name":"ignored"}]}`, status: 201},
		{method: "GET", path: c + "?sortkey=name&limit=1", status: 200, want: has(`"count":4`, `"Zeta"`)}, // by code point, upper case first
		{method: "GET", path: c + "?sortkey=name&sortdir=desc&limit=1", status: 200, want: has(`"terraform"`)},
		{method: "GET", path: c + "?sortkey=created&sortdir=DESC&offset=3", status: 200, want: has(`"terraform"`)},
		{method: "GET", path: c + "?offset=9223372036854775807&limit=9223372036854775807", status: 200, want: has(`{"count":4,"items":[]}`)},
		{method: "GET", path: c + "?limit=0", status: 200, want: has(`{"count":4,"items":[]}`)},
		{method: "GET", path: c + "?limit=9223372036854775808", status: 200, want: has(`"count":4`, "terraform")},
		{method: "GET", path: c + "?limit=1.5", status: 400, want: has("VALUE_INCORRECT_TYPE")},
		{method: "POST", path: c + "/search", body: `{"keywords":"TERRA, log","sortdir":"","sortkey":""}`, status: 200, want: has(`"count":2`, "terraform", "log collector")},
		{method: "POST", path: c + "/search?limit=1", body: `{"keywords":"zeta","limit":2}`, status: 200, want: has(`"contractor","deleted":true`)}, // the body wins
		{method: "POST", path: c + "/search?offset=1", body: `{"keywords":"zeta"}`, status: 200, want: has(`"count":2`, "contractor")},
		{method: "POST", path: c + "/search", body: `{"sortkey":"name","sortdir":"DESC","limit":1}`, status: 200, want: has(`"count":4`, "terraform")},
		{method: "POST", path: c + "/search", body: `{"keywords":["a"]}`, status: 400},
		{method: "POST", path: c + "/search", body: `{"limit":"a"}`, status: 400},
		{method: "PUT", path: c + "/" + id, body: `{"id":"","secret":"","name":"renamed","roles":null,"created":"","author":5}`, status: 200},
		{method: "GET", path: c + "/" + id, status: 200, want: has(`"id":"`+id+`"`, `"secret":"Zm9ydHkt`, `"renamed"`, `"roles":[]`, `"author":"4f6ce1d0-`, `"updated_by":"0cd44caf-6db5-486b-94a0-4b33256a5ff4"`)},
		{method: "PUT", path: c + "/" + id, body: `{"name":""}`, status: 400, want: has("REQUIRED_VALUE_MISSING")},
		{method: "POST", path: c, body: `{"name":"x","roles":[{"name":"y"}]}`, status: 400, want: has(`"property":"roles.id"`)},
		{method: "POST", path: c, body: `{"name":"x","roles":[{"id":5}]}`, status: 400},
		{method: "POST", path: c, body: `{"name":"x","roles":["a"]}`, status: 400},
		{method: "POST", path: c, body: `{"name":5}`, status: 400, want: has("VALUE_INCORRECT_TYPE")},
		{method: "DELETE", path: "//local-user-store/api/v1/api-clients/" + id, status: 200},
		{method: "GET", path: c + "/" + id, status: 404, want: has("OBJECT_NOT_FOUND")},
		{method: "GET", path: c + "/a%2Fb%20c%3Fd", status: 404},
	})
}

// Ensure an API client that was created can log in, with what its roles permit,
// and that a token can be refreshed once.
func TestPrivXLogin(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture("default"))
	post := func(path, contentType, body string, login func(*http.Request)) (int, *value.Object) {
		req, err := http.NewRequest(http.MethodPost, "http://h"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		login(req)
		resp, got := p.do(req)
		o, _ := parse(t, got).(*value.Object)
		return resp.StatusCode, o
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	text := func(o *value.Object, name string) string {
		v, _ := o.Get(name)
		s, _ := v.(string)
		return s
	}
	const api = "/local-user-store/api/v1/api-clients"
	create := func(role string) (id, secret string) {
		_, o := post(api, "application/json", `{"name":"n","roles":[{"id":"`+role+`"}]}`, bearer("demo-token"))
		req, _ := http.NewRequest(http.MethodGet, "http://h"+api+"/"+text(o, "id"), nil)
		bearer("demo-token")(req)
		_, body := p.do(req)
		full := parse(t, body).(*value.Object)
		return text(full, "id"), text(full, "secret")
	}
	token := func(form string) (int, *value.Object) {
		return post("/auth/api/v1/oauth/token", "application/x-www-form-urlencoded", form, func(r *http.Request) { r.SetBasicAuth("privx-external", "privx-secret") })
	}
	escape := strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace
	for role, want := range map[string]int{"b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9": 201, "c1b2d3e4-f506-4172-9384-a5b6c7d8e9f0": 403} {
		id, secret := create(role)
		code, o := token("grant_type=password&username=" + id + "&password=" + escape(secret))
		if code != 200 {
			t.Fatalf("login: %d", code)
		}
		if code, _ := post(api, "application/json", `{"name":"made by a client"}`, bearer(text(o, "access_token"))); code != want {
			t.Errorf("role %s: %d, want %d", role, code, want)
		}
		refresh := "grant_type=refresh_token&refresh_token=" + text(o, "refresh_token")
		code, again := token(refresh)
		if code != 200 || text(again, "access_token") == text(o, "access_token") {
			t.Errorf("refresh: %d", code)
		}
		if code, _ := token(refresh); code != 400 {
			t.Errorf("refreshed twice: %d", code)
		}
		if code, _ := post(api, "application/json", `{"name":"x"}`, bearer(text(o, "access_token"))); code != 401 {
			t.Errorf("the old token: %d", code)
		}
		req, _ := http.NewRequest(http.MethodDelete, "http://h"+api+"/"+id, nil)
		bearer("demo-token")(req)
		p.do(req)
		if code, _ := token("grant_type=refresh_token&refresh_token=" + text(again, "refresh_token")); code != 400 {
			t.Errorf("a deleted client refreshes its token: %d", code)
		}
	}
}

// unruled are the operations that answer everybody with a token the same: no policy is
// asked about them.
var unruled = []string{"barbican.version.show", "barbican.orders.show", "barbican.orders.delete"}

// Ensure nobody may do anything, the reader writes nothing, and everybody may
// do what demo may where authentication is off.
func TestWhoMayWhat(t *testing.T) {
	t.Parallel()
	for _, c := range contracts(t) {
		if c.Service == "keystone" || c.Service == "control" {
			continue
		}
		for _, op := range c.Operations {
			if op.Public || slices.Contains(unruled, op.ID) {
				continue
			}
			s := op.Samples[0]
			for _, caller := range []string{"nobody", "reader"} {
				if caller == "reader" && op.Method == http.MethodGet {
					continue
				}
				s.Caller, s.After = caller, nil
				p := newPlayer(t, emulator.WithFixture("documented"))
				if resp, body := p.play(op, s); resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s by %s: %d %s", op.ID, caller, resp.StatusCode, body)
				}
			}
			s.Caller = "none"
			p := newPlayer(t, emulator.WithFixture("documented"), emulator.WithAuth(false))
			if resp, body := p.play(op, s); resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
				t.Errorf("%s with authentication off: %d %s", op.ID, resp.StatusCode, body)
			}
		}
	}
}

// Ensure Keystone gives a token without a role nothing either, and looks after
// everybody's tokens where authentication is off.
func TestKeystoneStory(t *testing.T) {
	t.Parallel()
	own := func(caller string) map[string]string { return map[string]string{"X-Subject-Token": caller + "-token"} }
	tell(t, "keystone", "empty", []step{
		{method: "GET", path: "/v3/auth/catalog", caller: "nobody", status: 403},
		{method: "GET", path: "/v3/auth/tokens", caller: "nobody", header: own("nobody"), status: 403},
		{method: "DELETE", path: "/v3/auth/tokens", caller: "nobody", header: own("nobody"), status: 403},
		{method: "POST", path: "/v3/auth/tokens", caller: "none", body: `{"auth":{"identity":{"methods":["token"],"token":{"id":"nobody-token"}}}}`, status: 201, not: has("project", "catalog")},
		{method: "POST", path: "/v3/auth/tokens", caller: "none", body: `{"auth":{"identity":{"methods":["token"],"token":{"id":"demo-token"}},"scope":{"project":{"id":"b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f"}}}}`, status: 201, want: has(`"name":"demo"`, `"methods":["token","password"]`, "/key-manager")},
		{method: "POST", path: "/v3/auth/tokens", caller: "none", body: `{"auth":{"identity":{"methods":["password","token"],"token":{"id":"demo-token"},"password":{"user":{"id":"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d","password":"reader"}}}}}`, status: 401},
		{method: "POST", path: "/v3/auth/tokens", caller: "none", body: `{"auth":{"identity":{"methods":["magic"]}}}`, status: 400},
		{method: "POST", path: "/v3/auth/tokens", caller: "none", body: `{"auth":{"identity":{"methods":[]}}}`, status: 401},
		{method: "POST", path: "/v3/auth/tokens", caller: "none", body: `{"auth":5}`, status: 400},
		{method: "DELETE", path: "/v3/auth/tokens", caller: "admin", header: own("demo"), status: 204},
		{method: "GET", path: "/v3/auth/catalog", status: 401},
	})
	p := newPlayer(t, emulator.WithAuth(false))
	req, _ := http.NewRequest(http.MethodGet, "http://h/v3/auth/tokens", nil)
	req.Header.Set("X-Subject-Token", "demo-token")
	if resp, body := p.do(req); resp.StatusCode != http.StatusOK {
		t.Errorf("with authentication off: %d %s", resp.StatusCode, body)
	}
}

// Ensure bodies beyond the limit are refused where there is one.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	huge := `{"x":"` + strings.Repeat("x", 1<<20) + `"}`
	payload := `{"payload_content_type":"text/plain","payload":"` + strings.Repeat("x", 20001) + `"}`
	for _, c := range contracts(t) {
		for _, op := range c.Operations {
			if op.Response(http.StatusRequestEntityTooLarge) == nil || c.Service == "control" {
				continue
			}
			p := newPlayer(t, emulator.WithFixture("documented"))
			s := op.Samples[0]
			s.Body, s.Request = &huge, ""
			if op.ID == "barbican.secrets.create" { // which bounds a member, not the body
				s.Body = &payload
			}
			if resp, body := p.play(op, s); resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d %.200s", op.ID, resp.StatusCode, body)
			}
		}
	}
}
