package keystone_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure a token without a role has no access. Ensure tokens of all users can be validated if
// authentication is off.
func TestTokens(t *testing.T) {
	t.Parallel()
	own := func(caller string) map[string]string { return map[string]string{"X-Subject-Token": caller + "-token"} }
	servicetest.Tell(t, "keystone", "empty", []step{
		{Method: "GET", Path: "/v3/auth/catalog", Caller: "nobody", Status: 403},
		{Method: "GET", Path: "/v3/auth/tokens", Caller: "nobody", Header: own("nobody"), Status: 403},
		{Method: "DELETE", Path: "/v3/auth/tokens", Caller: "nobody", Header: own("nobody"), Status: 403},
		{Method: "POST", Path: "/v3/auth/tokens", Caller: "none", Body: `{"auth":{"identity":{"methods":["token"],"token":{"id":"nobody-token"}}}}`, Status: 201, Not: has("project", "catalog")},
		{Method: "POST", Path: "/v3/auth/tokens", Caller: "none", Body: `{"auth":{"identity":{"methods":["token"],"token":{"id":"demo-token"}},"scope":{"project":{"id":"b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f"}}}}`, Status: 201, Want: has(`"name":"demo"`, `"methods":["token","password"]`, "/key-manager")},
		{Method: "POST", Path: "/v3/auth/tokens", Caller: "none", Body: `{"auth":{"identity":{"methods":["password","token"],"token":{"id":"demo-token"},"password":{"user":{"id":"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d","password":"reader"}}}}}`, Status: 401},
		{Method: "POST", Path: "/v3/auth/tokens", Caller: "none", Body: `{"auth":{"identity":{"methods":["magic"]}}}`, Status: 400},
		{Method: "POST", Path: "/v3/auth/tokens", Caller: "none", Body: `{"auth":{"identity":{"methods":[]}}}`, Status: 401},
		{Method: "POST", Path: "/v3/auth/tokens", Caller: "none", Body: `{"auth":5}`, Status: 400},
		{Method: "DELETE", Path: "/v3/auth/tokens", Caller: "admin", Header: own("demo"), Status: 204},
		{Method: "GET", Path: "/v3/auth/catalog", Status: 401},
	})
	p := servicetest.NewPlayer(t, emulator.WithAuth(false))
	req, _ := http.NewRequest(http.MethodGet, "http://h/v3/auth/tokens", nil)
	req.Header.Set("X-Subject-Token", "demo-token")
	if resp, body := p.Do(req); resp.StatusCode != http.StatusOK {
		t.Errorf("with authentication off: %d %s", resp.StatusCode, body)
	}
}

// Ensure credentials and their tokens expire. Ensure an expired token can be validated with
// allow_expired for two days.
func TestExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New(emulator.WithContractCheck(emulator.CheckAlways))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		demo := servicetest.Caller{Player: servicetest.PlayerOf(t, e), Header: map[string]string{"X-Auth-Token": "demo-token", "Content-Type": "application/json"}}
		admin := demo.With("X-Auth-Token", "admin-token")
		soon := time.Now().Add(10 * time.Minute).UTC().Format("2006-01-02T15:04:05")
		demo.Expect(201, "POST", credentials, `{"application_credential":{"name":"soon","secret":"s","expires_at":"`+soon+`"}}`)
		const identity = `{"methods":["application_credential"],"application_credential":{"name":"soon","secret":"s","user":{"id":"` + demoID + `"}}}`
		program := login(t, demo, identity)
		program.Expect(200, "GET", "/v3/auth/projects", "")
		time.Sleep(11 * time.Minute)
		program.Expect(401, "GET", "/v3/auth/projects", "")
		program.Expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":`+identity+`}}`)
		about := admin.With("X-Subject-Token", program.Header["X-Auth-Token"])
		about.Expect(404, "GET", "/v3/auth/tokens", "")
		about.Expect(200, "GET", "/v3/auth/tokens?allow_expired=1", "")
		time.Sleep(48 * time.Hour)
		about.Expect(404, "GET", "/v3/auth/tokens?allow_expired=1", "")
	})
}

// Ensure a revoked token is invalid everywhere. Ensure a chain of logins by token keeps its first
// audit id and its expiry.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	const byPassword = `{"methods":["password"],"password":{"user":{"id":"` + demoID + `","password":"demo"}}}`
	first, second := login(t, demo, byPassword), login(t, demo, byPassword)
	token := func(a servicetest.Caller) string { return a.Header["X-Auth-Token"] }
	chained := `{"methods":["token"],"token":{"id":"` + token(first) + `"}}`
	child := login(t, demo, chained)
	grandchild := login(t, demo, `{"methods":["token"],"token":{"id":"`+token(child)+`"}}`)
	shown := func(a servicetest.Caller) any {
		return demo.With("X-Subject-Token", token(a)).Expect(200, "GET", "/v3/auth/tokens", "")
	}
	root := at(t, shown(first), "/token/audit_ids/0")
	for _, a := range []servicetest.Caller{child, grandchild} {
		if got := at(t, shown(a), "/token/audit_ids/1"); got != root {
			t.Errorf("the chain begins with %s, want %s", got, root)
		}
	}
	second.With("X-Subject-Token", token(first)).Expect(204, "DELETE", "/v3/auth/tokens", "")
	first.Expect(401, "GET", "/v3/auth/projects", "")
	for _, about := range []string{"", "?allow_expired=1"} {
		v := second.With("X-Subject-Token", token(first)).Expect(404, "GET", "/v3/auth/tokens"+about, "")
		if got := at(t, v, "/error/message"); got != "Failed to validate token" {
			t.Errorf("a revoked token: %s", got)
		}
	}
	demo.Expect(404, "POST", "/v3/auth/tokens", `{"auth":{"identity":`+chained+`}}`)
	child.Expect(200, "GET", "/v3/auth/projects", "")
}

// Ensure an admin of the system can log in to it. Ensure the token is for Keystone only, not for
// a project.
func TestSystemScope(t *testing.T) {
	t.Parallel()
	login := func(a servicetest.Caller, user, scope string) (*http.Response, any) {
		return a.Send("POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"`+user+`","domain":{"id":"default"},"password":"`+user+`"}}},"scope":`+scope+`}}`)
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
	admin := a.With("X-Auth-Token", token)
	for _, path := range []string{"/v3/users", "/v3/groups", "/v3/credentials", "/v3/OS-TRUST/trusts", "/v3/auth/system", accessRules, "/v1/clients/"} {
		admin.Expect(200, "GET", path, "")
	}
	for _, path := range []string{"/v1/secrets", "/v1/orders", "/v1/project-quotas"} { // operations that need a project
		admin.Expect(403, "GET", path, "")
	}
	if got := at(t, admin.Expect(200, "GET", "/v3/role_assignments?scope.system=all", ""), "/role_assignments/0/scope"); got != `{"system":{"all":true}}` {
		t.Error(got)
	}
	a.Expect(403, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+token+`"}},"scope":{"project":{"id":"`+demoProject+`"}}}}`)
}
