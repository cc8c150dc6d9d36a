package keystone_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure the credentials of a user share an access rule: it has one id, is listed and shown.
// Ensure it stays without them and can be deleted only then.
func TestAccessRules(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	const rule = `{"path":"/v1/secrets/**","method":"GET","service":"key-manager"}`
	create := func(name, rules string) (credential, id string) {
		made := demo.Expect(201, "POST", credentials, `{"application_credential":{"name":"`+name+`","access_rules":`+rules+`}}`)
		return at(t, made, "/application_credential/id"), at(t, made, "/application_credential/access_rules/0/id")
	}
	one, id := create("one", "["+rule+"]")
	two, same := create("two", "["+rule+"]")
	three, byID := create("three", `[{"id":"`+id+`"}]`)
	if same != id || byID != id {
		t.Errorf("the rule has the ids %s, %s and %s", id, same, byID)
	}
	shown := demo.Expect(200, "GET", credentials+"/"+three, "")
	if got := at(t, shown, "/application_credential/access_rules/0/path"); got != "/v1/secrets/**" {
		t.Errorf("by its id: %s", got)
	}
	if got := at(t, demo.Expect(200, "GET", accessRules+"?service=key-manager", ""), "/access_rules"); got != `[{"id":"`+id+`","service":"key-manager","path":"/v1/secrets/**","method":"GET","links":{"self":"http://localhost:9311/v3/access_rules/`+id+`"}}]` {
		t.Errorf("listed: %s", got)
	}
	demo.Expect(200, "GET", accessRules+"/"+id, "")
	for _, credential := range []string{one, two, three} {
		refused := demo.Expect(403, "DELETE", accessRules+"/"+id, "")
		if got := at(t, refused, "/error/message"); got != "May not delete access rule in use" {
			t.Error(got)
		}
		demo.Expect(204, "DELETE", credentials+"/"+credential, "")
	}
	demo.Expect(200, "GET", accessRules+"/"+id, "")
	demo.Expect(204, "DELETE", accessRules+"/"+id, "")
	demo.Expect(404, "DELETE", accessRules+"/"+id, "")
	demo.Expect(404, "GET", accessRules+"/"+id, "")
	demo.With("X-Auth-Token", "admin-token").Expect(403, "GET", accessRules, "") // an admin of a project is not an admin of the system
}

// Ensure a token with access rules is valid only for services that send
// Openstack-Identity-Access-Rules.
func TestTokensWithAccessRules(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	made := demo.Expect(201, "POST", credentials, `{"application_credential":{"name":"ruled","secret":"s","access_rules":[{"path":"/x","method":"GET","service":"backup"}]}}`)
	program := login(t, demo, `{"methods":["application_credential"],"application_credential":{"id":"`+at(t, made, "/application_credential/id")+`","secret":"s"}}`)
	program.Expect(200, "GET", accessRules, "")
	asked := program.With("X-Subject-Token", program.Header["X-Auth-Token"])
	asked.Expect(404, "GET", "/v3/auth/tokens", "")
	asked.With("OpenStack-Identity-Access-Rules", "0.9").Expect(404, "GET", "/v3/auth/tokens", "")
	shown := asked.With("OpenStack-Identity-Access-Rules", "1.0").Expect(200, "GET", "/v3/auth/tokens", "")
	if got := at(t, shown, "/token/application_credential/access_rules/0/path"); got != "/x" {
		t.Error(got)
	}
	program.Expect(200, "GET", "/v1/clients/", "") // Standin refuses nothing because of rules
}

// Ensure rules that a fixture has only in a credential are listed and dumped. Without an id they
// get the same id each time.
func TestAccessRulesOfFixtures(t *testing.T) {
	t.Parallel()
	cast, err := os.ReadFile("../../../fixtures/cast.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(cast), "      roles: [{name: member}, {name: creator}]\n",
		"      roles: [{name: member}, {name: creator}]\n      access_rules: [{service: key-manager, path: /v1/orders, method: GET}]\n", 1)
	name := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list := func(opts ...emulator.Option) (servicetest.Caller, string) {
		demo := servicetest.Caller{Player: servicetest.NewPlayer(t, opts...), Header: map[string]string{"X-Auth-Token": "demo-token", "Content-Type": "application/json"}}
		return demo, at(t, demo.Expect(200, "GET", accessRules, ""), "/access_rules")
	}
	demo, first := list(emulator.WithFixture(name))
	if _, again := list(emulator.WithFixture(name)); again != first || strings.Count(first, "/v1/orders") != 1 || strings.Contains(first, `"id":""`) {
		t.Errorf("%s, then %s", first, again)
	}
	demo.Expect(204, "DELETE", credentials+"/6e1d2c3b4a594877869504a3b2c1d0ef", "")
	if got := at(t, demo.Expect(200, "GET", accessRules, ""), "/access_rules"); strings.Count(got, "/v1/orders") != 1 {
		t.Errorf("without the credential: %s", got)
	}
	dump := demo.Expect(200, "GET", "/_standin/state/identity", "")
	if err := os.WriteFile(name, value.Append(nil, dump), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, got := list(emulator.WithFixture(name)); strings.Count(got, "/v1/orders") != 1 {
		t.Errorf("loaded again: %s", got)
	}
}
