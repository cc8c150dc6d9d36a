package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/value"
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

// Ensure a search for roles looks at the names that the Go SDK sends.
func TestRolesByName(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	for _, c := range []struct {
		body  string
		names string
	}{
		{`{"name":["auditor"]}`, "auditor"},
		{`{"name":["auditor","api-clients-admin"]}`, "api-clients-admin auditor"},
		{`{"name":["audit"]}`, ""},      // a name, not a part of one
		{`{"name":["contractor"]}`, ""}, // deleted
		{`{"name":["auditor"],"keywords":"ADMIN"}`, ""},
		{`{"name":["auditor"],"keywords":"AUDIT"}`, "auditor"},
		{`{"name":null}`, "api-clients-admin auditor"}, // what the SDK sends without names
		{`{"name":[]}`, "api-clients-admin auditor"},
		{`{}`, "api-clients-admin auditor"},
		{``, "api-clients-admin auditor"},
	} {
		v := admin.expect(200, "POST", roleStore+"/search", c.body)
		var names []string
		for i := range 9 {
			if name, ok := value.At(v, fmt.Sprintf("/items/%d/name", i)); ok {
				names = append(names, name.(string))
			}
		}
		if got := strings.Join(names, " "); got != c.names || at(t, v, "/count") != fmt.Sprint(len(names)) {
			t.Errorf("%s finds %q of %s, want %q", c.body, got, at(t, v, "/count"), c.names)
		}
	}
	for body, code := range map[string]string{`{"name":"auditor"}`: "Expected an array.", `{"name":["auditor",5]}`: "Expected an array of strings."} {
		v := admin.expect(400, "POST", roleStore+"/search", body)
		if got := at(t, v, "/details/0/error_message"); got != code || at(t, v, "/property") != "name" {
			t.Errorf("%s: %s", body, got)
		}
	}
	paged := admin.expect(200, "POST", roleStore+"/search?limit=1&offset=1&sortkey=name", `{"name":["auditor","api-clients-admin"]}`)
	if got := at(t, paged, "/count") + " " + at(t, paged, "/items/0/name"); got != "2 auditor" {
		t.Errorf("the second page: %s", got)
	}
}

// Ensure PrivX answers below the addresses of all of its services, in its own
// words, and asks for no login where one logs in.
func TestPrivXElsewhere(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	for _, path := range []string{
		"/local-user-store/api/v1/users", "/local-user-store/api/v1/trusted-clients", "/authorizer/api/v1/accessgroups", "/host-store/api/v1/hosts",
		"/role-store/api/v1/sources", "/vault/api/v1/secrets", "/workflow-engine/api/v1/workflows", "/connection-manager/api/v1/connections",
		"/auth/api/v1/oauth/authorize?client_id=privx-ui", "/auth/api/v1/login", "//authorizer/api/v1/accessgroups",
	} {
		v := admin.expect(404, "GET", path, "")
		if got := string(value.Append(nil, v)); got != `{"error_code":"OBJECT_NOT_FOUND","error_message":"There is nothing at this address."}` {
			t.Errorf("%s: %s", path, got)
		}
	}
	nobody := api{admin.player, nil}
	nobody.expect(401, "GET", "/authorizer/api/v1/accessgroups", "")
	nobody.expect(404, "GET", "/auth/api/v1/oauth/authorize", "")
	nobody.expect(405, "GET", "/auth/api/v1/oauth/token", "")
	for _, path := range []string{"/auth", "/vault", "/settings/x", "/local-user-store", "/authorizers/api/v1/x"} {
		if v := nobody.expect(404, "GET", path, ""); at(t, v, "/title") != "Not Found" {
			t.Errorf("%s is not the index's: %s", path, value.Append(nil, v))
		}
	}
}

// Ensure a refreshed token permits what the roles of its API client permit at that
// time, and that no token outlives its client.
func TestRefreshedRights(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	const keepers = "b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9"
	id := at(t, admin.expect(201, "POST", apiClients, `{"name":"c","roles":[{"id":"`+keepers+`"}]}`), "/id")
	secret := at(t, admin.expect(200, "GET", apiClients+"/"+id, ""), "/secret")
	login := func() string {
		v := admin.expect(200, "POST", clientLogin, `{"grant_type":"client_credentials","client_id":"`+id+`","client_secret":"`+secret+`"}`)
		return at(t, v, "/refresh_token")
	}
	form := admin.with("Content-Type", "application/x-www-form-urlencoded").with("Authorization", "")
	const token, grant = "/auth/api/v1/oauth/token", "grant_type=refresh_token&client_id=privx-ui&refresh_token="
	form.as(token, grant+login()).expect(200, "GET", apiClients, "")

	refresh := login()
	admin.expect(200, "PUT", apiClients+"/"+id, `{"name":"c"}`)
	form.as(token, grant+refresh).expect(403, "GET", apiClients, "")

	refresh = login()
	admin.expect(200, "PUT", apiClients+"/"+id, `{"name":"c","roles":[{"id":"`+keepers+`"}]}`)
	form.as(token, grant+refresh).expect(200, "GET", apiClients, "") // and what was given

	refresh = login()
	admin.expect(200, "PUT", roleStore+"/"+keepers, `{"name":"keepers","permissions":["roles-view"]}`)
	form.as(token, grant+refresh).expect(403, "GET", apiClients, "")

	refresh = login()
	admin.expect(200, "DELETE", roleStore+"/"+keepers, "")
	form.as(token, grant+refresh).expect(403, "GET", roleStore, "")

	refresh = login()
	admin.expect(204, "PUT", "/_standin/state/privx", `{"privx":{"api_clients":[]}}`)
	form.expect(400, "POST", token, grant+refresh)
}

// Ensure a user who is disabled cannot log in by any of the ways.
func TestDisabledUserAtPrivX(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	state := string(value.Append(nil, admin.expect(200, "GET", "/_standin/state/identity", "")))
	disabled := strings.Replace(state, `"name":"demo","password"`, `"enabled":false,"name":"demo","password"`, 1)
	if disabled == state {
		t.Fatal("no user demo")
	}
	admin.expect(204, "PUT", "/_standin/state/identity", disabled)
	nobody := api{admin.player, nil}
	nobody.expect(400, "POST", clientLogin, `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`)
	nobody.expect(400, "POST", "/auth/api/v1/token/login", `{"token":"demo-external-token"}`)
}

// Ensure what a search's body leaves open the query says, that numbers of any size
// are taken for what they are, and that a type that is wrong is refused.
func TestPrivXPaging(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	const found, huge = 200, "9223372036854775808"
	for _, c := range []struct {
		query, body string
		status      int
		want        string // the names of the page, or the code of the error
	}{
		{"limit=1", `{"limit":null}`, found, "terraform"},
		{"limit=1&offset=1", `{"limit":null,"offset":null}`, found, "log collector"},
		{"limit=1&sortkey=name", `{"sortkey":"","sortdir":""}`, found, "log collector"},
		{"sortkey=name&sortdir=DESC", `{"sortkey":null,"sortdir":""}`, found, "terraform,log collector"},
		{"limit=1", `{"limit":""}`, found, "terraform"},
		{"limit=1", `{"limit":2}`, found, "terraform,log collector"},
		{"limit=2", `{"limit":0}`, found, ""},
		{"", `{"limit":"1"}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"offset":"1"}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"sortkey":1}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"limit":1.0}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"limit":true}`, 400, "VALUE_INCORRECT_TYPE"},
		{"", `{"limit":` + huge + `}`, found, "terraform,log collector"},
		{"", `{"limit":` + huge + `,"offset":1}`, found, "log collector"},
		{"limit=" + huge, ``, found, "terraform,log collector"},
		{"offset=" + huge, ``, found, ""},
		{"offset=9223372036854775807&limit=9223372036854775807", ``, found, ""},
		{"limit=" + strings.Repeat("9", 5000), ``, found, "terraform,log collector"},
		{"limit=-" + huge, ``, 400, "VALUE_OUT_OF_BOUNDS"},
		{"limit=-" + strings.Repeat("9", 5000), ``, 400, "VALUE_OUT_OF_BOUNDS"},
		{"limit=" + strings.Repeat("x", 5000), ``, 400, "VALUE_INCORRECT_TYPE"},
	} {
		v := admin.expect(c.status, "POST", apiClients+"/search?"+c.query, c.body)
		if c.status != found {
			if got := at(t, v, "/details/0/error_code"); got != c.want {
				t.Errorf("%s %s: %s, want %s", c.query, c.body, got, c.want)
			}
			continue
		}
		var names []string
		for i := range 2 {
			if name, ok := value.At(v, fmt.Sprintf("/items/%d/name", i)); ok {
				names = append(names, name.(string))
			}
		}
		if got := strings.Join(names, ","); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.query, c.body, got, c.want)
		}
	}
	v := admin.expect(400, "GET", roleStore+"?limit="+huge, "")
	if got := at(t, v, "/details/0/error_message"); got != "Expected an integer of 1000 or less." {
		t.Errorf("a huge limit of roles: %s", got)
	}
}
