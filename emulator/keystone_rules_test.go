package emulator_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/value"
)

const accessRules = "/v3/users/" + demoID + "/access_rules"

// Ensure an access rule is one thing that the credentials of a user share: it has one id,
// is listed and shown, stays when they go, and is deleted only then.
func TestAccessRules(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	const rule = `{"path":"/v1/secrets/**","method":"GET","service":"key-manager"}`
	create := func(name, rules string) (credential, id string) {
		made := demo.expect(201, "POST", credentials, `{"application_credential":{"name":"`+name+`","access_rules":`+rules+`}}`)
		return at(t, made, "/application_credential/id"), at(t, made, "/application_credential/access_rules/0/id")
	}
	one, id := create("one", "["+rule+"]")
	two, same := create("two", "["+rule+"]")
	three, byID := create("three", `[{"id":"`+id+`"}]`)
	if same != id || byID != id {
		t.Errorf("the rule has the ids %s, %s and %s", id, same, byID)
	}
	shown := demo.expect(200, "GET", credentials+"/"+three, "")
	if got := at(t, shown, "/application_credential/access_rules/0/path"); got != "/v1/secrets/**" {
		t.Errorf("by its id: %s", got)
	}
	if got := at(t, demo.expect(200, "GET", accessRules+"?service=key-manager", ""), "/access_rules"); got != `[{"id":"`+id+`","service":"key-manager","path":"/v1/secrets/**","method":"GET","links":{"self":"http://localhost:9311/v3/access_rules/`+id+`"}}]` {
		t.Errorf("listed: %s", got)
	}
	demo.expect(200, "GET", accessRules+"/"+id, "")
	for _, credential := range []string{one, two, three} {
		refused := demo.expect(403, "DELETE", accessRules+"/"+id, "")
		if got := at(t, refused, "/error/message"); got != "May not delete access rule in use" {
			t.Error(got)
		}
		demo.expect(204, "DELETE", credentials+"/"+credential, "")
	}
	demo.expect(200, "GET", accessRules+"/"+id, "")
	demo.expect(204, "DELETE", accessRules+"/"+id, "")
	demo.expect(404, "DELETE", accessRules+"/"+id, "")
	demo.expect(404, "GET", accessRules+"/"+id, "")
	demo.with("X-Auth-Token", "admin-token").expect(403, "GET", accessRules, "") // an admin of a project is none of the system
}

// Ensure a token with access rules is shown only to servers that say that they hold
// requests to them.
func TestTokensWithAccessRules(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	made := demo.expect(201, "POST", credentials, `{"application_credential":{"name":"ruled","secret":"s","access_rules":[{"path":"/x","method":"GET","service":"backup"}]}}`)
	program := demo.login(`{"methods":["application_credential"],"application_credential":{"id":"` + at(t, made, "/application_credential/id") + `","secret":"s"}}`)
	program.expect(200, "GET", accessRules, "")
	asked := program.with("X-Subject-Token", program.header["X-Auth-Token"])
	asked.expect(404, "GET", "/v3/auth/tokens", "")
	asked.with("OpenStack-Identity-Access-Rules", "0.9").expect(404, "GET", "/v3/auth/tokens", "")
	shown := asked.with("OpenStack-Identity-Access-Rules", "1.0").expect(200, "GET", "/v3/auth/tokens", "")
	if got := at(t, shown, "/token/application_credential/access_rules/0/path"); got != "/x" {
		t.Error(got)
	}
	program.expect(200, "GET", "/v1/clients/", "") // rules hold nothing back here
}

// Ensure rules that a fixture has in a credential only are listed, stay with the dump, and
// get the same id each time where they have none.
func TestAccessRulesOfFixtures(t *testing.T) {
	t.Parallel()
	cast, err := os.ReadFile("../fixtures/cast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(cast), "      roles: [{name: member}, {name: creator}]\n",
		"      roles: [{name: member}, {name: creator}]\n      access_rules: [{service: key-manager, path: /v1/orders, method: GET}]\n", 1)
	name := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list := func(opts ...emulator.Option) (api, string) {
		demo := api{newPlayer(t, opts...), map[string]string{"X-Auth-Token": "demo-token", "Content-Type": "application/json"}}
		return demo, at(t, demo.expect(200, "GET", accessRules, ""), "/access_rules")
	}
	demo, first := list(emulator.WithFixture(name))
	if _, again := list(emulator.WithFixture(name)); again != first || strings.Count(first, "/v1/orders") != 1 || strings.Contains(first, `"id":""`) {
		t.Errorf("%s, then %s", first, again)
	}
	demo.expect(204, "DELETE", credentials+"/6e1d2c3b4a594877869504a3b2c1d0ef", "")
	if got := at(t, demo.expect(200, "GET", accessRules, ""), "/access_rules"); strings.Count(got, "/v1/orders") != 1 {
		t.Errorf("without the credential: %s", got)
	}
	dump := demo.expect(200, "GET", "/_standin/state/identity", "")
	if err := os.WriteFile(name, value.Append(nil, dump), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, got := list(emulator.WithFixture(name)); strings.Count(got, "/v1/orders") != 1 {
		t.Errorf("loaded again: %s", got)
	}
}

// Ensure an admin of the system logs in to it, and that the token is good for what
// Keystone has, not for a project.
func TestSystemScope(t *testing.T) {
	t.Parallel()
	login := func(a api, user, scope string) (*http.Response, any) {
		return a.send("POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"`+user+`","domain":{"id":"default"},"password":"`+user+`"}}},"scope":`+scope+`}}`)
	}
	a := keystone(t, "none")
	resp, body := login(a, "admin", `{"system":{"all":true}}`)
	if resp.StatusCode != 201 || at(t, body, "/token/system") != `{"all":true}` || at(t, body, "/token/roles/0/name") != "admin" || len(at(t, body, "/token/catalog")) < 100 {
		t.Fatalf("%d %s", resp.StatusCode, value.Append(nil, body))
	}
	if _, ok := value.At(body, "/token/project"); ok {
		t.Error("the token has a project")
	}
	if resp, _ := login(a, "demo", `{"system":{"all":true}}`); resp.StatusCode != 401 {
		t.Errorf("demo has no role in the system: %d", resp.StatusCode)
	}
	if resp, _ := login(a, "admin", `{"system":{"all":"yes"}}`); resp.StatusCode != 400 {
		t.Errorf("a text: %d", resp.StatusCode)
	}
	token := resp.Header.Get("X-Subject-Token")
	admin := a.with("X-Auth-Token", token)
	for _, path := range []string{"/v3/users", "/v3/groups", "/v3/credentials", "/v3/OS-TRUST/trusts", "/v3/auth/system", accessRules, "/v1/clients/"} {
		admin.expect(200, "GET", path, "")
	}
	for _, path := range []string{"/v1/secrets", "/v1/orders", "/v1/project-quotas"} { // of a project
		admin.expect(403, "GET", path, "")
	}
	if got := at(t, admin.expect(200, "GET", "/v3/role_assignments?scope.system=all", ""), "/role_assignments/0/scope"); got != `{"system":{"all":true}}` {
		t.Error(got)
	}
	a.expect(403, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+token+`"}},"scope":{"project":{"id":"`+demoProject+`"}}}}`)
}

// Ensure what Keystone has none of is asked a token for, and then empty.
func TestKeystoneNeighbours(t *testing.T) {
	t.Parallel()
	admin := keystone(t, "admin")
	for path, empty := range map[string]string{
		"/v3/groups": "/groups", "/v3/credentials": "/credentials", "/v3/OS-TRUST/trusts": "/trusts",
		"/v3/users/" + demoID + "/groups": "/groups",
	} {
		if got := at(t, admin.expect(200, "GET", path, ""), empty); got != "[]" {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, path := range []string{
		"/v3/groups", "/v3/groups/x", "/v3/groups/x/users", "/v3/credentials", "/v3/credentials/x", "/v3/OS-TRUST/trusts", "/v3/OS-TRUST/trusts/x",
		"/v3/auth/system", accessRules, accessRules + "/x", "/identity/v3/policies", "/identity/v3/users/x/credentials/OS-EC2", "/identity/v3/projects/x/tags",
	} {
		admin.with("X-Auth-Token", "").expect(401, "GET", path, "")
	}
	for _, path := range []string{"/v3/groups/x", "/v3/groups/x/users", "/v3/credentials/x", "/v3/OS-TRUST/trusts/x", "/identity/v3/policies"} {
		admin.expect(404, "GET", path, "")
	}
	admin.with("X-Auth-Token", "").expect(404, "GET", "/identity/v3/nothing", "") // an unknown path needs no token
}
