package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
)

// matrixFixture has one user for each role of Barbican in the project of the container, and a
// stranger who is admin elsewhere. Tokens are ROLE-token.
const matrixFixture = "testdata/roles.yaml"

const matrixContainer = "/v1/containers/16fdec85-583e-4cd4-bf94-bc38b9a84abc"

// matrix is what the real server answered to each of the callers.
var matrix = []struct {
	name, acl string
	enforced  bool
	answers   map[string]string // by caller: the statuses of matrixCalls
}{
	{"shipped", "", false, map[string]string{
		"admin": "200 200 200 400 400 200 400 400 404", "creator": "200 200 200 400 400 200 400 400 404",
		"creator2": "200 200 200 400 400 200 400 400 404", "observer": "200 200 403 403 403 200 400 400 404",
		"audit": "200 403 403 403 403 200 400 400 404", "member": "403 403 403 403 403 403 403 403 403",
		"reader": "403 403 403 403 403 403 403 403 403", "other": "403 403 403 403 403 403 403 403 403",
		"keeper": "200 403 403 403 403 200 400 400 404", "stranger": "403 403 403 403 403 403 403 403 404",
	}},
	{"private", `{"read": {"project-access": false}}`, false, map[string]string{
		"admin": "200 200 200 400 400 200 400 400 404", "creator": "200 200 200 400 400 200 400 400 404",
		"creator2": "403 200 200 403 403 403 403 403 404", "observer": "403 200 403 403 403 403 403 403 404",
		"audit": "403 403 403 403 403 403 403 403 404", "keeper": "403 403 403 403 403 403 403 403 403",
	}},
	{"shared with the stranger", `{"read": {"users": ["stranger"]}}`, false, map[string]string{
		"stranger": "200 403 403 403 403 200 400 400 404", "member": "403 403 403 403 403 403 403 403 403",
	}},
	{"new defaults", "", true, map[string]string{
		"admin": "200 200 200 400 400 200 400 400 404", "creator": "403 403 403 403 403 403 403 403 403",
		"observer": "403 403 403 403 403 403 403 403 403", "audit": "403 403 403 403 403 403 403 403 403",
		"reader": "403 403 403 403 403 403 403 403 403", "keeper": "403 403 403 403 403 403 403 403 403",
		"stranger": "403 403 403 403 403 403 403 403 403",
	}},
}

var matrixCalls = []struct{ method, below, body string }{
	{"GET", "", ""}, {"GET", "/acl", ""}, {"PATCH", "/acl", "{}"}, {"POST", "/secrets", "{}"}, {"DELETE", "/secrets", "{}"},
	{"GET", "/consumers", ""}, {"POST", "/consumers", "{}"}, {"DELETE", "/consumers", "{}"},
	{"GET", "/consumers/16fdec85-583e-4cd4-bf94-bc38b9a84abc", ""},
}

// Ensure each role may do with a container what the real server let it do.
func TestBarbicanRoles(t *testing.T) {
	t.Parallel()
	for _, m := range matrix {
		for caller, want := range m.answers {
			t.Run(m.name+"/"+caller, func(t *testing.T) {
				t.Parallel()
				opts := []emulator.Option{emulator.WithFixture(matrixFixture)}
				if m.enforced {
					opts = append(opts, emulator.WithQuirks("barbican.new-defaults-are-enforced"))
				}
				p := newPlayer(t, opts...)
				if m.acl != "" {
					if code, body := p.call("PUT", matrixContainer+"/acl", "creator", m.acl); code != 200 {
						t.Fatalf("ACL: %d %s", code, body)
					}
				}
				var got []string
				for _, c := range matrixCalls {
					code, _ := p.call(c.method, matrixContainer+c.below, caller, c.body)
					got = append(got, itoa(code))
				}
				if s := strings.Join(got, " "); s != want {
					t.Errorf("got  %s\nwant %s", s, want)
				}
			})
		}
	}
}

// call sends JSON as a member of the fixture.
func (p *player) call(method, path, caller, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(method, "http://localhost:9311"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if caller != "" {
		req.Header.Set("X-Auth-Token", caller+"-token")
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, text := p.do(req)
	return resp.StatusCode, string(text)
}

// Ensure a stranger whom an ACL names registers consumers, and removes only those that
// his own project registered.
func TestBarbicanSharing(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture(matrixFixture))
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
		code, body := p.call(step.method, step.path, step.caller, step.body)
		status, text, _ := strings.Cut(step.want, " ")
		if itoa(code) != status || !strings.Contains(body, text) {
			t.Errorf("%d: %s %s: %d %s, want %s", i, step.method, step.path, code, body, step.want)
		}
	}
}

// Ensure the quotas that a service admin sets bound what a project may have.
func TestBarbicanQuotas(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture(matrixFixture))
	set := func(quotas string) {
		t.Helper()
		code, body := p.call("PUT", "/v1/project-quotas/demo", "keeper", `{"project_quotas": `+quotas+`}`)
		if code != 204 {
			t.Fatalf("%s: %d %s", quotas, code, body)
		}
	}
	make := func(name string) int {
		code, _ := p.call("POST", "/v1/containers", "creator", fmt.Sprintf(`{"type": "generic", "name": %q}`, name))
		return code
	}
	register := func(name string) int {
		code, _ := p.call("POST", matrixContainer+"/consumers", "creator", fmt.Sprintf(`{"name": %q, "URL": "u"}`, name))
		return code
	}
	set(`{"containers": 2.0, "consumers": 1}`)
	if got := fmt.Sprint(make("a"), make("b"), register("a"), register("a"), register("b")); got != "201 403 200 403 403" {
		t.Error(got)
	}
	set(`{"containers": -7, "consumers": -1}`)
	if got := fmt.Sprint(make("b"), make("c"), register("b")); got != "201 201 200" {
		t.Error(got)
	}
	set(`{"consumers": 0}`)
	if got := fmt.Sprint(register("c")); got != "403" {
		t.Error(got)
	}
}

// Ensure the consumers of a secret go with it: they no longer count.
func TestSecretConsumersGo(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture(matrixFixture))
	if code, body := p.call(http.MethodPut, "/v1/project-quotas/demo", "keeper", `{"project_quotas": {"consumers": 1}}`); code != http.StatusNoContent {
		t.Fatalf("%d %s", code, body)
	}
	for range 2 {
		_, body := p.call(http.MethodPost, "/v1/secrets", "creator", "{}")
		secret := strings.TrimSuffix(body[strings.Index(body, "/v1/"):], `"}`)
		if code, text := p.call(http.MethodPost, secret+"/consumers", "creator", `{"service": "a", "resource_type": "b", "resource_id": "c"}`); code != http.StatusOK {
			t.Errorf("%d %s", code, text)
		}
		if code, text := p.call(http.MethodDelete, secret, "creator", ""); code != http.StatusNoContent {
			t.Errorf("%d %s", code, text)
		}
	}
}

// Ensure a PUT of Base64 passes over bytes that are not of its alphabet, whatever they
// are, and that a POST of the same is refused: to the server one is bytes, the other text.
func TestBarbicanBase64Bytes(t *testing.T) {
	t.Parallel()
	tests := []struct{ body, payload string }{
		{"YWJj\xff", "abc"}, {"\xffYWJj", "abc"}, {"YW\xff\xfeJj", "abc"}, {"YWäJj", "abc"}, {"YQ=\xff=", "a"}, {"YW-Jj_", "abc"},
	}
	for _, profile := range []string{"documented", "observed"} {
		for _, tt := range tests {
			p := newPlayer(t, emulator.WithFixture(matrixFixture), emulator.WithProfile(emulator.Profile(profile)))
			_, made := p.call("POST", "/v1/secrets", "creator", "{}")
			secret := strings.TrimSuffix(made[strings.Index(made, "/v1/"):], `"}`)
			steps := []step{
				{method: "PUT", path: secret, body: tt.body, status: 204, header: map[string]string{"Content-Type": "application/octet-stream", "Content-Encoding": "base64"}},
				{method: "GET", path: secret + "/payload", status: 200, want: has(tt.payload), header: map[string]string{"Accept": "application/octet-stream"}},
			}
			for _, s := range steps {
				req, err := http.NewRequest(s.method, "http://localhost:9311"+s.path, strings.NewReader(s.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Auth-Token", "creator-token")
				for name, v := range s.header {
					req.Header.Set(name, v)
				}
				if resp, body := p.do(req); resp.StatusCode != s.status || len(s.want) > 0 && string(body) != s.want[0] {
					t.Errorf("%s, %q: %s %d %q", profile, tt.body, s.method, resp.StatusCode, body)
				}
			}
		}
		p := newPlayer(t, emulator.WithFixture(matrixFixture), emulator.WithProfile(emulator.Profile(profile)))
		code, body := p.call("POST", "/v1/secrets", "creator", `{"payload":"YWJjÿ","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`)
		if code != 400 || !strings.Contains(body, "Invalid payload for payload_content_encoding") {
			t.Errorf("%s: %d %s", profile, code, body)
		}
	}
}

// Ensure the users of an ACL that cannot be stored are refused, and nothing is stored.
func TestBarbicanOddUsers(t *testing.T) {
	t.Parallel()
	const acl = matrixContainer + "/acl"
	for profile, status := range map[string]int{"documented": 400, "observed": 500} {
		p := newPlayer(t, emulator.WithFixture(matrixFixture), emulator.WithProfile(emulator.Profile(profile)))
		for _, element := range []string{"null", "[]", "{}", `["b"]`, "9223372036854775808"} {
			for _, method := range []string{"PUT", "PATCH"} {
				code, body := p.call(method, acl, "creator", `{"read":{"users":["a",`+element+`],"project-access":false}}`)
				if code != status {
					t.Errorf("%s: %s %s: %d %s", profile, method, element, code, body)
				}
			}
		}
		if _, body := p.call("GET", acl, "creator", ""); body != `{"read":{"project-access":true}}` {
			t.Errorf("%s: stored %s", profile, body)
		}
		if code, body := p.call("PUT", acl, "creator", `{"read":{"users":["a",5,true,2.5]}}`); code != 200 {
			t.Errorf("%s: %d %s", profile, code, body)
		}
		if _, body := p.call("GET", acl, "creator", ""); !strings.Contains(body, `"users":["1","2.5","5","a"]`) {
			t.Errorf("%s: stored %s", profile, body)
		}
	}
	p := newPlayer(t, emulator.WithFixture(matrixFixture))
	for range 2 {
		if code, body := p.call("PUT", acl, "creator", `{"read":{"users":["a",5,"5"]}}`); code != 200 {
			t.Errorf("%d %s", code, body)
		}
	}
	if _, body := p.call("GET", acl, "creator", ""); !strings.Contains(body, `"users":["5","a"]`) {
		t.Errorf("one user twice: %s", body)
	}
}

// Ensure a query that is not UTF-8 is refused whatever the operation, after what comes
// before it on the real server, and that nothing is done.
func TestBarbicanQueryNotUTF8(t *testing.T) {
	t.Parallel()
	const none = `{"code":400,"title":"Bad Request","description":""}`
	const secret, container = "/v1/secrets/2f6e8c1a-9b4d-4e7f-8a3c-5d6b7c8e9f01", "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9"
	var steps []step
	for _, s := range []step{
		{method: "GET", path: "/v1/secrets?name=caf%E9"}, {method: "GET", path: "/v1/secrets?%FF"}, {method: "GET", path: "/v1/secrets?=%C3%28"},
		{method: "GET", path: secret + "?x=%FF"}, {method: "GET", path: secret + "/payload?x=%FF"}, {method: "GET", path: secret + "/acl?x=%FF"},
		{method: "GET", path: container + "/consumers?x=%ED%A0%80"}, {method: "GET", path: "/v1/quotas?x=%FF"}, {method: "GET", path: "/v1/containers?x=%FF"},
		{method: "POST", path: "/v1/secrets?x=%FF", body: "{}"}, {method: "POST", path: container + "/consumers?x=%FF", body: `{"name":"a","URL":"b"}`},
		{method: "PUT", path: secret + "/acl?x=%FF", body: `{"read":{"project-access":false}}`}, {method: "DELETE", path: secret + "?x=%FF"},
		{method: "PUT", path: "/v1/project-quotas/%FF", body: `{"project_quotas":{"secrets":5}}`, caller: "service-admin"},
		{method: "PATCH", path: "/v1/secrets?x=%FF"},                 // before the method
		{method: "GET", path: "/v1/secrets?x=%FF", caller: "nobody"}, // before the policy
	} {
		s.status, s.want = 400, has(none)
		steps = append(steps, s)
	}
	steps = append(steps,
		step{method: "GET", path: "/v1/secrets?x=%FF", caller: "none", status: 401},
		step{method: "GET", path: "/v1/secrets/nothing?x=%FF", status: 404},
		step{method: "GET", path: "/v1/containers?x=%FF", header: map[string]string{"Accept": "text/plain"}, status: 406},
		step{method: "GET", path: "/key-manager/?x=%FF", caller: "none", status: 400, want: has("400 Bad Request")},
		step{method: "GET", path: "/key-manager/healthcheck?x=%FF", caller: "none", status: 200, want: has("OK")},
		step{method: "GET", path: "/v1/secrets?x=%C3%A9&y=%&z=%25FF", status: 200},
		step{method: "GET", path: secret, status: 200, want: has(secret)},
		step{method: "GET", path: secret + "/acl", status: 200, want: has(`"project-access":true`)},
		step{method: "GET", path: container + "/consumers", status: 200, want: has(`"total":0`)},
		step{method: "GET", path: "/v1/clients?x=%FF", status: 200}, // Freezer does not mind
	)
	tell(t, "barbican", "documented", steps)
}

// Ensure the list of orders answers, empty and by the policy, and that there is no order.
func TestBarbicanOrders(t *testing.T) {
	t.Parallel()
	steps := []step{
		{method: "GET", path: "/v1/orders/?limit=5&offset=5", status: 200, want: has(`{"total":0,"orders":[]}`)},
		{method: "GET", path: "/key-manager/v1/orders", status: 200, want: has(`{"total":0,"orders":[]}`)},
		{method: "GET", path: "/v1/orders", caller: "reader", status: 403, want: has("Order(s) retrieval attempt not allowed")},
		{method: "GET", path: "/v1/orders", caller: "none", status: 401},
		{method: "POST", path: "/v1/orders", body: `{"type":"key","meta":{}}`, status: 405},
	}
	for _, method := range []string{"GET", "DELETE", "PUT", "POST"} {
		steps = append(steps, step{method: method, path: "/v1/orders/x", caller: "nobody", status: 404, want: has("Order not found.")})
	}
	tell(t, "barbican", "default", steps)
}
