package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/internal/value"
)

const (
	demoID      = "0cd44caf6db5486b94a04b33256a5ff4"
	demoProject = "b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f"
	credentials = "/v3/users/" + demoID + "/application_credentials"
)

// An api is one who calls a service of an emulator, with headers of their own.
type api struct {
	*player
	header map[string]string
}

// send sends a request; the answer is a JSON value, or nil.
func (a api) send(method, path, body string) (*http.Response, any) {
	a.t.Helper()
	req, err := http.NewRequest(method, "http://localhost:9311"+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	for name, v := range a.header {
		req.Header.Set(name, v)
	}
	resp, text := a.do(req)
	if len(text) == 0 || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return resp, nil
	}
	return resp, parse(a.t, text)
}

// expect sends a request and tells if the status is another one.
func (a api) expect(status int, method, path, body string) any {
	a.t.Helper()
	resp, v := a.send(method, path, body)
	if resp.StatusCode != status {
		a.t.Errorf("%s %s %s: %d %s, want %d", method, path, body, resp.StatusCode, value.Append(nil, v), status)
	}
	return v
}

// with is the same caller with one more header.
func (a api) with(name, v string) api {
	header := map[string]string{name: v}
	for n, old := range a.header {
		if n != name {
			header[n] = old
		}
	}
	a.header = header
	return a
}

// login logs in at Keystone and returns who then calls.
func (a api) login(identity string) api {
	a.t.Helper()
	resp, v := api{player: a.player}.send(http.MethodPost, "/v3/auth/tokens", `{"auth":{"identity":`+identity+`}}`)
	if resp.StatusCode != http.StatusCreated {
		a.t.Fatalf("login: %d %s", resp.StatusCode, value.Append(nil, v))
	}
	return a.with("X-Auth-Token", resp.Header.Get("X-Subject-Token"))
}

// at is what a JSON pointer finds, as text.
func at(t *testing.T, v any, pointer string) string {
	t.Helper()
	found, ok := value.At(v, pointer)
	if !ok {
		t.Fatalf("no %s in %s", pointer, value.Append(nil, v))
	}
	if s, ok := found.(string); ok {
		return s
	}
	return string(value.Append(nil, found))
}

func keystone(t *testing.T, caller string) api {
	t.Helper()
	return api{newPlayer(t), map[string]string{"X-Auth-Token": caller + "-token", "Content-Type": "application/json"}}
}

// Ensure an application credential lets a program do what its roles let it, tells its
// secret once, and takes its tokens with it.
func TestApplicationCredentials(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	made := demo.expect(201, "POST", credentials, `{"application_credential":{"name":"ci","roles":[{"name":"member"}]}}`)
	id, secret := at(t, made, "/application_credential/id"), at(t, made, "/application_credential/secret")
	if _, told := value.At(demo.expect(200, "GET", credentials+"/"+id, ""), "/application_credential/secret"); told {
		t.Error("the secret is told again")
	}
	program := demo.login(`{"methods":["application_credential"],"application_credential":{"id":"` + id + `","secret":"` + secret + `"}}`)
	shown := program.with("X-Subject-Token", program.header["X-Auth-Token"]).expect(200, "GET", "/v3/auth/tokens", "")
	for pointer, want := range map[string]string{
		"/token/project/id":                        demoProject,
		"/token/roles/0/name":                      "member",
		"/token/roles/1/name":                      "reader", // implied
		"/token/methods":                           `["application_credential"]`,
		"/token/application_credential/restricted": "true",
		"/token/application_credential/name":       "ci",
	} {
		if got := at(t, shown, pointer); got != want {
			t.Errorf("%s: %s, want %s", pointer, got, want)
		}
	}
	if _, more := value.At(shown, "/token/roles/2"); more {
		t.Error("the token has roles that the credential has not")
	}
	program.expect(200, "GET", "/v1/clients", "")
	program.expect(403, "DELETE", credentials+"/"+id, "")
	keystone(t, "demo").expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"6e1d2c3b4a594877869504a3b2c1d0ef","secret":"wrong"}}}}`)
	demo.expect(204, "DELETE", credentials+"/"+id, "")
	program.expect(401, "GET", "/v1/clients", "")
	program.expect(401, "GET", "/v3/auth/projects", "")
}

// Ensure a credential that may manage others makes them, with no more than its
// own roles.
func TestUnrestrictedCredential(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	demo.expect(201, "POST", credentials, `{"application_credential":{"name":"manager","secret":"s","unrestricted":true,"roles":[{"name":"creator"}]}}`)
	manager := demo.login(`{"methods":["application_credential"],"application_credential":{"name":"manager","secret":"s","user":{"id":"` + demoID + `"}}}`)
	made := manager.expect(201, "POST", credentials, `{"application_credential":{"name":"child"}}`)
	if roles := at(t, made, "/application_credential/roles"); strings.Contains(roles, "member") || !strings.Contains(roles, "creator") {
		t.Errorf("the child has %s", roles)
	}
	manager.expect(400, "POST", credentials, `{"application_credential":{"name":"more","roles":[{"name":"member"}]}}`)
	manager.expect(204, "DELETE", credentials+"/"+at(t, made, "/application_credential/id"), "")
}

// Ensure credentials and their tokens end at their time, and that a token which has
// expired is shown to those who allow it, for two days.
func TestKeystoneExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New(emulator.WithContractCheck(emulator.CheckAlways))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		demo := api{&player{t: t, client: e.Client()}, map[string]string{"X-Auth-Token": "demo-token", "Content-Type": "application/json"}}
		admin := demo.with("X-Auth-Token", "admin-token")
		soon := time.Now().Add(10 * time.Minute).UTC().Format("2006-01-02T15:04:05")
		demo.expect(201, "POST", credentials, `{"application_credential":{"name":"soon","secret":"s","expires_at":"`+soon+`"}}`)
		const identity = `{"methods":["application_credential"],"application_credential":{"name":"soon","secret":"s","user":{"id":"` + demoID + `"}}}`
		program := demo.login(identity)
		program.expect(200, "GET", "/v3/auth/projects", "")
		time.Sleep(11 * time.Minute)
		program.expect(401, "GET", "/v3/auth/projects", "")
		program.expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":`+identity+`}}`)
		about := admin.with("X-Subject-Token", program.header["X-Auth-Token"])
		about.expect(404, "GET", "/v3/auth/tokens", "")
		about.expect(200, "GET", "/v3/auth/tokens?allow_expired=1", "")
		time.Sleep(48 * time.Hour)
		about.expect(404, "GET", "/v3/auth/tokens?allow_expired=1", "")
	})
}

// Ensure a revoked token is no longer good, whoever shows it and wherever, and
// that a chain of logins by token keeps its first audit id and its end.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	const byPassword = `{"methods":["password"],"password":{"user":{"id":"` + demoID + `","password":"demo"}}}`
	first, second := demo.login(byPassword), demo.login(byPassword)
	token := func(a api) string { return a.header["X-Auth-Token"] }
	chained := `{"methods":["token"],"token":{"id":"` + token(first) + `"}}`
	child := demo.login(chained)
	grandchild := demo.login(`{"methods":["token"],"token":{"id":"` + token(child) + `"}}`)
	shown := func(a api) any {
		return demo.with("X-Subject-Token", token(a)).expect(200, "GET", "/v3/auth/tokens", "")
	}
	root := at(t, shown(first), "/token/audit_ids/0")
	for _, a := range []api{child, grandchild} {
		if got := at(t, shown(a), "/token/audit_ids/1"); got != root {
			t.Errorf("the chain begins with %s, want %s", got, root)
		}
	}
	second.with("X-Subject-Token", token(first)).expect(204, "DELETE", "/v3/auth/tokens", "")
	first.expect(401, "GET", "/v3/auth/projects", "")
	for _, about := range []string{"", "?allow_expired=1"} {
		v := second.with("X-Subject-Token", token(first)).expect(404, "GET", "/v3/auth/tokens"+about, "")
		if got := at(t, v, "/error/message"); got != "Failed to validate token" {
			t.Errorf("a revoked token: %s", got)
		}
	}
	demo.expect(404, "POST", "/v3/auth/tokens", `{"auth":{"identity":`+chained+`}}`)
	child.expect(200, "GET", "/v3/auth/projects", "")
}

// Ensure the lists filter, and that users and projects which are not enabled let
// nobody in.
func TestDisabled(t *testing.T) {
	t.Parallel()
	admin := keystone(t, "admin")
	state, _ := value.At(admin.expect(200, "GET", "/_standin/state/identity", ""), "")
	text := string(value.Append(nil, state))
	text = strings.Replace(text, `"name":"reader","password"`, `"enabled":false,"email":"reader@example.com","name":"reader","password"`, 1)
	text = strings.Replace(text, `"name":"elsewhere"`, `"enabled":false,"description":"far","name":"elsewhere"`, 1)
	admin.expect(204, "PUT", "/_standin/state/identity", text)
	for path, want := range map[string]string{
		"/v3/users?enabled=false":                 "/users/0/name=reader",
		"/v3/users?name__startswith=read":         "/users/0/email=reader@example.com",
		"/v3/projects?enabled=0":                  "/projects/0/description=far",
		"/v3/endpoints?interface=admin":           "/endpoints/2/interface=admin",
		"/v3/services?type=key-manager":           "/services/0/name=barbican",
		"/v3/role_assignments?role.id=nothing":    "/role_assignments=[]",
		"/v3/users/" + demoID + "/projects":       "/projects/0/name=demo",
		"/v3/roles?name__iendswith=SERVICE-admin": "/roles/0/name=key-manager:service-admin",
	} {
		pointer, is, _ := strings.Cut(want, "=")
		if got := at(t, admin.expect(200, "GET", path, ""), pointer); got != is {
			t.Errorf("%s: %s is %s, want %s", path, pointer, got, is)
		}
	}
	admin.with("X-Auth-Token", "reader-token").expect(401, "GET", "/v1/clients", "")
	admin.expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d","password":"reader"}}}}}`)
	admin.expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"7d5a4b3c2e1f40698c7b6a5d4e3f2a1b","password":"stranger"}}},"scope":{"project":{"id":"e4d909c290d04b1aa068ffaddf22cbd0"}}}}`)
}

// Ensure an address of the catalogue is the same one in the lists of services and
// endpoints, and that it answers.
func TestCatalogueAgrees(t *testing.T) {
	t.Parallel()
	admin := keystone(t, "admin")
	v, _ := value.At(admin.expect(200, "GET", "/v3/auth/catalog", ""), "/catalog")
	for _, s := range v.([]any) {
		id := at(t, s, "/id")
		if got := at(t, admin.expect(200, "GET", "/v3/services/"+id, ""), "/service/type"); got != at(t, s, "/type") {
			t.Errorf("service %s: %s", id, got)
		}
		e, _ := value.At(s, "/endpoints/0")
		shown := admin.expect(200, "GET", "/v3/endpoints/"+at(t, e, "/id"), "")
		if at(t, shown, "/endpoint/url") != at(t, e, "/url") || at(t, shown, "/endpoint/service_id") != id {
			t.Errorf("%s: %s", at(t, e, "/url"), value.Append(nil, shown))
		}
		path := strings.TrimPrefix(at(t, e, "/url"), "http://localhost:9311")
		if resp, _ := admin.send(http.MethodGet, path, ""); resp.StatusCode >= 400 && at(t, s, "/type") == "identity" {
			t.Errorf("GET %s: %d", path, resp.StatusCode)
		}
	}
}
