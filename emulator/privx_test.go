package emulator_test

import (
	"net/http"
	"testing"

	"standin/emulator"
	"standin/emulator/value"
)

const (
	apiClients = "/local-user-store/api/v1/api-clients"
	roleStore  = "/role-store/api/v1/roles"
)

func privx(t *testing.T, caller string, opts ...emulator.Option) api {
	t.Helper()
	return api{newPlayer(t, opts...), map[string]string{"Authorization": "Bearer " + caller + "-token"}}
}

// as is who calls with the token that a login brings.
func (a api) as(path, body string) api {
	a.t.Helper()
	v := a.expect(200, "POST", path, body)
	return a.with("Authorization", "Bearer "+at(a.t, v, "/access_token"))
}

const clientLogin = "/auth/api/v1/oauth/clientcredentials/privx-external/token"

// Ensure an API client's roles are those of the role store: what they permit it may
// do, and a role that is deleted stays as a handle without power.
func TestRolesOfAPIClients(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	role := at(t, admin.expect(201, "POST", roleStore, `{"name":"keepers","permissions":["api-clients-manage"],"access_group_id":"g","created":"x"}`), "/id")
	admin.expect(400, "POST", roleStore, `{"name":"keepers"}`)
	id := at(t, admin.expect(201, "POST", apiClients, `{"name":"c","roles":[{"id":"`+role+`","name":"another"}]}`), "/id")
	shown := admin.expect(200, "GET", apiClients+"/"+id, "")
	if got := at(t, shown, "/roles/0/name"); got != "keepers" {
		t.Errorf("the role is called %s", got)
	}
	login := `{"grant_type":"client_credentials","client_id":"` + id + `","client_secret":"` + at(t, shown, "/secret") + `"}`
	client := admin.as(clientLogin, login)
	client.expect(200, "GET", apiClients, "")
	client.expect(403, "GET", roleStore, "")

	admin.expect(200, "PUT", roleStore+"/"+role, `{"name":"viewers","permissions":["roles-view"]}`)
	client = admin.as(clientLogin, login)
	client.expect(403, "GET", apiClients, "")
	client.expect(200, "GET", roleStore, "")
	client.expect(403, "DELETE", roleStore+"/"+role, "")
	if got := at(t, admin.expect(200, "GET", roleStore+"/"+role, ""), "/access_group_id"); got == "g" {
		t.Error("PUT keeps what was not sent")
	}

	admin.expect(200, "DELETE", roleStore+"/"+role, "")
	admin.expect(404, "GET", roleStore+"/"+role, "")
	admin.expect(404, "DELETE", roleStore+"/"+role, "")
	shown = admin.expect(200, "GET", apiClients+"/"+id, "")
	if got := at(t, shown, "/roles/0"); got != `{"id":"`+role+`","name":"viewers","deleted":true}` {
		t.Errorf("the handle of the deleted role is %s", got)
	}
	if got := at(t, admin.expect(200, "POST", roleStore+"/resolve", `["viewers"]`), "/count"); got != "0" {
		t.Errorf("%s deleted roles are found by name", got)
	}
	admin.expect(201, "POST", roleStore, `{"name":"viewers"}`)
	admin.as(clientLogin, login).expect(403, "GET", roleStore, "")
}

// Ensure roles page, sort and are found as the SDKs ask for it.
func TestRolesPage(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	for _, name := range []string{"beta", "alpha", "gamma one"} {
		admin.expect(201, "POST", roleStore, `{"name":"`+name+`"}`)
	}
	for _, c := range []struct{ method, path, body, pointer, want string }{
		{"GET", "?limit=1&offset=1&sortkey=name&sortdir=asc", "", "/items/0/name", "beta"},
		{"GET", "?sortkey=name&sortdir=DESC", "", "/items/0/name", "gamma one"},
		{"GET", "?limit=0", "", "/count", "3"},
		{"GET", "?", "", "/items/0/name", "beta"},
		{"POST", "/search?limit=1&sortkey=name&sortdir=DESC", `{"keywords":"ALPHA one"}`, "/items/0/name", "gamma one"},
		{"POST", "/search?limit=1", `{"keywords":"alpha one"}`, "/count", "2"},
		{"POST", "/search", `{"keywords":""}`, "/count", "3"},
		{"POST", "/resolve", `["gamma one","beta",5]`, "/items/1/name", "gamma one"},
	} {
		if got := at(t, admin.expect(200, c.method, roleStore+c.path, c.body), c.pointer); got != c.want {
			t.Errorf("%s %s: %s is %s, want %s", c.method, c.path, c.pointer, got, c.want)
		}
	}
	for path, body := range map[string]string{"": `{"name":5}`, "/search": `[]`, "/resolve": `{}`, "?": `{"name":"x","source_rules":5}`, "?x": `{"name":"x","permit_agent":"yes"}`} {
		admin.expect(400, "POST", roleStore+path, body)
	}
}

// Ensure the three ways to log in give tokens that work and can be refreshed, also
// by the client that has no secret.
func TestPrivXLogins(t *testing.T) {
	t.Parallel()
	anybody := api{newPlayer(t), map[string]string{}}
	external := anybody.expect(200, "POST", "/auth/api/v1/token/login", `{"token":"demo-external-token"}`)
	anybody.with("Authorization", "Bearer "+at(t, external, "/access_token")).expect(200, "GET", apiClients, "")
	form := anybody.with("Content-Type", "application/x-www-form-urlencoded")
	refresh := "grant_type=refresh_token&client_id=privx-ui&redirect_uri=/privx/oauth-callback&refresh_token=" + at(t, external, "/refresh_token")
	again := form.as("/auth/api/v1/oauth/token", refresh)
	again.expect(200, "GET", apiClients, "")
	form.expect(400, "POST", "/auth/api/v1/oauth/token", refresh)
	form.expect(400, "POST", "/auth/api/v1/oauth/token", "grant_type=password&client_id=privx-ui&username=demo-client&password=demo-secret")
	anybody.as(clientLogin, `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`).expect(200, "GET", apiClients, "")
	for _, service := range []string{"auth", "local-user-store", "role-store"} {
		v := anybody.expect(200, "GET", "/"+service+"/api/v1/status", "")
		if got := at(t, v, "/server-mode"); got == "" {
			t.Errorf("%s: no mode", service)
		}
	}
}

// Ensure the settings of a server whose choice nobody has published can be had.
func TestPrivXSettings(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithQuirks("privx.names-of-api-clients-are-unique", "privx.unknown-roles-are-accepted", "privx.put-without-roles-keeps-them", "privx.fresh-clients-have-no-updated"))
	id := at(t, admin.expect(201, "POST", apiClients, `{"name":"one","roles":[{"id":"nothing"}]}`), "/id")
	admin.expect(201, "POST", apiClients, `{"name":"two"}`)
	shown := admin.expect(200, "GET", apiClients+"/"+id, "")
	if _, ok := value.At(shown, "/updated"); ok {
		t.Error("a fresh client was updated")
	}
	admin.expect(400, "PUT", apiClients+"/"+id, `{"name":"two"}`)
	admin.expect(200, "PUT", apiClients+"/"+id, `{"name":"one","roles":null}`)
	if got := at(t, admin.expect(200, "GET", apiClients+"/"+id, ""), "/roles/0/id"); got != "nothing" {
		t.Errorf("the role is %s", got)
	}
	state := admin.expect(200, "GET", "/_standin/state/privx", "")
	admin.expect(http.StatusNoContent, "PUT", "/_standin/state/privx", string(value.Append(nil, state)))
	if again := admin.expect(200, "GET", "/_standin/state/privx", ""); !value.Equal(state, again) {
		t.Errorf("loaded %s\nfrom   %s", value.Append(nil, again), value.Append(nil, state))
	}
}
