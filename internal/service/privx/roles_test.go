package privx_test

import (
	"fmt"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/value"
)

// Ensure an API client has the permissions of its roles in the role store. Ensure a deleted role
// stays as a handle without permissions.
func TestRolesOfAPIClients(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	role := at(t, admin.Expect(201, "POST", roleStore, `{"name":"keepers","permissions":["api-clients-manage"],"access_group_id":"g","created":"x"}`), "/id")
	admin.Expect(400, "POST", roleStore, `{"name":"keepers"}`)
	id := at(t, admin.Expect(201, "POST", apiClients, `{"name":"c","roles":[{"id":"`+role+`","name":"another"}]}`), "/id")
	shown := admin.Expect(200, "GET", apiClients+"/"+id, "")
	if got := at(t, shown, "/roles/0/name"); got != "keepers" {
		t.Errorf("the role is called %s", got)
	}
	login := `{"grant_type":"client_credentials","client_id":"` + id + `","client_secret":"` + at(t, shown, "/secret") + `"}`
	client := as(t, admin, clientLogin, login)
	client.Expect(200, "GET", apiClients, "")
	client.Expect(403, "GET", roleStore, "")

	admin.Expect(200, "PUT", roleStore+"/"+role, `{"name":"viewers","permissions":["roles-view"]}`)
	client = as(t, admin, clientLogin, login)
	client.Expect(403, "GET", apiClients, "")
	client.Expect(200, "GET", roleStore, "")
	client.Expect(403, "DELETE", roleStore+"/"+role, "")
	if got := at(t, admin.Expect(200, "GET", roleStore+"/"+role, ""), "/access_group_id"); got == "g" {
		t.Error("PUT keeps what was not sent")
	}

	admin.Expect(200, "DELETE", roleStore+"/"+role, "")
	admin.Expect(404, "GET", roleStore+"/"+role, "")
	admin.Expect(404, "DELETE", roleStore+"/"+role, "")
	shown = admin.Expect(200, "GET", apiClients+"/"+id, "")
	if got := at(t, shown, "/roles/0"); got != `{"id":"`+role+`","name":"viewers","deleted":true}` {
		t.Errorf("the handle of the deleted role is %s", got)
	}
	if got := at(t, admin.Expect(200, "POST", roleStore+"/resolve", `["viewers"]`), "/count"); got != "0" {
		t.Errorf("%s deleted roles are found by name", got)
	}
	admin.Expect(201, "POST", roleStore, `{"name":"viewers"}`)
	as(t, admin, clientLogin, login).Expect(403, "GET", roleStore, "")
}

// Ensure roles are paged, sorted and searched as the SDKs request it.
func TestRolesPage(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	for _, name := range []string{"beta", "alpha", "gamma one"} {
		admin.Expect(201, "POST", roleStore, `{"name":"`+name+`"}`)
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
		if got := at(t, admin.Expect(200, c.method, roleStore+c.path, c.body), c.pointer); got != c.want {
			t.Errorf("%s %s: %s is %s, want %s", c.method, c.path, c.pointer, got, c.want)
		}
	}
	for path, body := range map[string]string{"": `{"name":5}`, "/search": `[]`, "/resolve": `{}`, "?": `{"name":"x","source_rules":5}`, "?x": `{"name":"x","permit_agent":"yes"}`} {
		admin.Expect(400, "POST", roleStore+path, body)
	}
}

// Ensure a search for roles reads the names that the Go SDK sends.
func TestRolesByName(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	for _, c := range []struct {
		body  string
		names string
	}{
		{`{"name":["auditor"]}`, "auditor"},
		{`{"name":["auditor","api-clients-admin"]}`, "api-clients-admin auditor"},
		{`{"name":["audit"]}`, ""},      // the whole name must match
		{`{"name":["contractor"]}`, ""}, // a deleted role
		{`{"name":["auditor"],"keywords":"ADMIN"}`, ""},
		{`{"name":["auditor"],"keywords":"AUDIT"}`, "auditor"},
		{`{"name":null}`, "api-clients-admin auditor"}, // sent by the SDK without names
		{`{"name":[]}`, "api-clients-admin auditor"},
		{`{}`, "api-clients-admin auditor"},
		{``, "api-clients-admin auditor"},
	} {
		v := admin.Expect(200, "POST", roleStore+"/search", c.body)
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
		v := admin.Expect(400, "POST", roleStore+"/search", body)
		if got := at(t, v, "/details/0/error_message"); got != code || at(t, v, "/property") != "name" {
			t.Errorf("%s: %s", body, got)
		}
	}
	paged := admin.Expect(200, "POST", roleStore+"/search?limit=1&offset=1&sortkey=name", `{"name":["auditor","api-clients-admin"]}`)
	if got := at(t, paged, "/count") + " " + at(t, paged, "/items/0/name"); got != "2 auditor" {
		t.Errorf("the second page: %s", got)
	}
}
