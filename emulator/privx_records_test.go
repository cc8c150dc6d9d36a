package emulator_test

import (
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/internal/value"
)

// Ensure an update shows also in the second of the creation, and after a dump.
func TestFreshClients(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithQuirks("privx.fresh-clients-have-no-updated"), emulator.WithClock("2026-01-01T00:00:00Z"))
	id := at(t, admin.expect(201, "POST", apiClients, `{"name":"a"}`), "/id")
	other := at(t, admin.expect(201, "POST", apiClients, `{"name":"b"}`), "/id")
	admin.expect(200, "PUT", apiClients+"/"+id, `{"name":"a"}`)
	check := func(when string) {
		t.Helper()
		if got, _ := value.At(admin.expect(200, "GET", apiClients+"/"+id, ""), "/updated"); got != "2026-01-01T00:00:00Z" {
			t.Errorf("%s: the client that was updated has updated %v", when, got)
		}
		for _, name := range []string{"/updated", "/updated_by"} {
			if got, ok := value.At(admin.expect(200, "GET", apiClients+"/"+other, ""), name); ok {
				t.Errorf("%s: the fresh client has %s %v", when, name, got)
			}
		}
	}
	check("at once")
	state := admin.expect(200, "GET", "/_standin/state/privx", "")
	admin.expect(204, "PUT", "/_standin/state/privx", string(value.Append(nil, state)))
	check("after a dump")
	if again := admin.expect(200, "GET", "/_standin/state/privx", ""); !value.Equal(state, again) {
		t.Errorf("loaded %s\nfrom   %s", value.Append(nil, again), value.Append(nil, state))
	}
	plain := privx(t, "admin", emulator.WithClock("2026-01-01T00:00:00Z"))
	id = at(t, plain.expect(201, "POST", apiClients, `{"name":"a"}`), "/id")
	shown := plain.expect(200, "GET", apiClients+"/"+id, "")
	if at(t, shown, "/updated") != at(t, shown, "/created") || at(t, shown, "/updated_by") != at(t, shown, "/author") {
		t.Errorf("without the quirk: %s", value.Append(nil, shown))
	}
}

// Ensure API clients that are loaded are ones that the API could have made, and that
// the document's own item can be pasted.
func TestLoadedAPIClients(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	load := func(status int, roles, clients string) any {
		t.Helper()
		return admin.expect(status, "PUT", "/_standin/state/privx", `{"privx":{"roles":[`+roles+`],"api_clients":[`+clients+`]}}`)
	}
	const document = `{"id":"5bf77342-221c-11ee-be56-0242ac120002","secret":"string","name":"string","created":"2017-01-01T15:05:05Z","updated":"2017-01-01T15:05:05Z",` +
		`"updated_by":"eef4aefc-d64e-4c2c-aba4-4914c86ce059","author":"eef4aefc-d64e-4c2c-aba4-4914c86ce059","roles":[{"id":"string","name":"string","deleted":true}],` +
		`"oauth_client_id":"string","oauth_client_secret":"string"}`
	load(204, "", document)
	if got := string(value.Append(nil, admin.expect(200, "GET", apiClients+"/5bf77342-221c-11ee-be56-0242ac120002", ""))); got != document {
		t.Errorf("the document's item comes back as %s", got)
	}
	admin.expect(404, "GET", roleStore+"/string", "")
	load(204, "", `{"id":"a","secret":"s","name":"n","roles":[{"id":"live","name":"alive"}]}`)
	if got := at(t, admin.expect(200, "GET", roleStore+"/live", ""), "/name"); got != "alive" {
		t.Errorf("the role of a handle is called %s", got)
	}
	got := admin.expect(200, "GET", apiClients+"/a", "")
	if at(t, got, "/oauth_client_id") != "privx-external" || at(t, got, "/oauth_client_secret") != "privx-secret" {
		t.Errorf("without an OAuth client: %s", value.Append(nil, got))
	}
	state := admin.expect(200, "GET", "/_standin/state/privx", "")
	admin.expect(204, "PUT", "/_standin/state/privx", string(value.Append(nil, state)))
	if again := admin.expect(200, "GET", "/_standin/state/privx", ""); !value.Equal(state, again) {
		t.Errorf("loaded %s\nfrom   %s", value.Append(nil, again), value.Append(nil, state))
	}
	for roles, want := range map[string]string{
		`{"id":"r"},{"id":"r"}`:          `the role \"r\" is in the list twice`,
		`{"id":"r"},{"id":"x"}`:          `there is no role \"x\"`,
		`{"id":"x","name":"one"}`:        `another role \"one\"`,
		`{"id":"a/b","name":"x"}`:        `cannot be reached`,
		`{"id":"search","deleted":true}`: `cannot be reached`,
	} {
		v := load(400, `{"id":"r","name":"one"}`, `{"id":"a","secret":"s","name":"n","roles":[`+roles+`]}`)
		if text := string(value.Append(nil, v)); !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", roles, text, want)
		}
	}
	load(400, "", `{"id":"a","secret":"s","name":" "}`)
	load(400, `{"id":"r","name":"\t"}`, "")
}

// Ensure a token says that it lasts as long as it does, also where the clock stands still.
func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithClock("2026-01-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	w := recorded(e, "POST", clientLogin, `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`)
	v := parse(t, w.Body.Bytes())
	if got := at(t, v, "/expires_in"); got != "300" {
		t.Errorf("expires_in is %s", got)
	}
	bearer := []string{"Authorization", "Bearer " + at(t, v, "/access_token")}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{299 * time.Second, 200}, {time.Second, 401}} {
		e.Advance(c.after)
		if got := status(e, apiClients, bearer...); got != c.want {
			t.Errorf("%s later: %d, want %d", c.after, got, c.want)
		}
	}
}

// Ensure a name is more than blanks.
func TestBlankNames(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	id := at(t, admin.expect(201, "POST", apiClients, `{"name":" a "}`), "/id")
	role := at(t, admin.expect(201, "POST", roleStore, `{"name":"r"}`), "/id")
	for _, name := range []string{"", " ", `\t\n`, `\u00a0`, `\u2003 `} {
		body := `{"name":"` + name + `"}`
		for _, c := range []struct{ method, path string }{{"POST", apiClients}, {"PUT", apiClients + "/" + id}, {"POST", roleStore}, {"PUT", roleStore + "/" + role}} {
			if v := admin.expect(400, c.method, c.path, body); at(t, v, "/details/0/error_code") != "REQUIRED_VALUE_MISSING" {
				t.Errorf("%s %s %s: %s", c.method, c.path, body, value.Append(nil, v))
			}
		}
	}
	if got := at(t, admin.expect(200, "GET", apiClients+"/"+id, ""), "/name"); got != " a " {
		t.Errorf("the name is %q", got)
	}
}

// Ensure an empty role id, which the vendor's command line sends for no role, names none.
func TestEmptyRoleID(t *testing.T) {
	t.Parallel()
	demo := privx(t, "demo", emulator.WithFixture("default"))
	const keepers = "b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9"
	for body, want := range map[string]string{
		`{"name":"c","roles":[{"id":"","name":""}]}`:                "[]",
		`{"name":"c","roles":[{"id":""},{"id":"` + keepers + `"}]}`: `[{"id":"` + keepers + `","name":"api-clients-admin"}]`,
	} {
		id := at(t, demo.expect(201, "POST", apiClients, body), "/id")
		if got := at(t, demo.expect(200, "GET", apiClients+"/"+id, ""), "/roles"); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
	for _, roles := range []string{`{}`, `{"id":null}`, `{"id":5}`, `{"id":" "}`} {
		demo.expect(400, "POST", apiClients, `{"name":"c","roles":[`+roles+`]}`)
	}
}
