package privx_test

import (
	"net/http"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure PrivX has its own errors for unknown paths of all its services. Ensure paths of logins
// need no token.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin")
	for _, path := range []string{
		"/local-user-store/api/v1/users", "/local-user-store/api/v1/trusted-clients", "/authorizer/api/v1/accessgroups", "/host-store/api/v1/hosts",
		"/role-store/api/v1/sources", "/vault/api/v1/secrets", "/workflow-engine/api/v1/workflows", "/connection-manager/api/v1/connections",
		"/auth/api/v1/oauth/authorize?client_id=privx-ui", "/auth/api/v1/login", "//authorizer/api/v1/accessgroups",
	} {
		v := admin.Expect(404, "GET", path, "")
		if got := string(value.Append(nil, v)); got != `{"error_code":"OBJECT_NOT_FOUND","error_message":"There is nothing at this address."}` {
			t.Errorf("%s: %s", path, got)
		}
	}
	nobody := servicetest.Caller{Player: admin.Player}
	nobody.Expect(401, "GET", "/authorizer/api/v1/accessgroups", "")
	nobody.Expect(404, "GET", "/auth/api/v1/oauth/authorize", "")
	nobody.Expect(405, "GET", "/auth/api/v1/oauth/token", "")
	for _, path := range []string{"/auth", "/vault", "/settings/x", "/local-user-store", "/authorizers/api/v1/x"} {
		if v := nobody.Expect(404, "GET", path, ""); at(t, v, "/title") != "Not Found" {
			t.Errorf("%s is not the index's: %s", path, value.Append(nil, v))
		}
	}
}

// Ensure the quirks select the settings of a server that no public source states.
func TestSettings(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithQuirks("privx.names-of-api-clients-are-unique", "privx.unknown-roles-are-accepted", "privx.put-without-roles-keeps-them", "privx.fresh-clients-have-no-updated"))
	id := at(t, admin.Expect(201, "POST", apiClients, `{"name":"one","roles":[{"id":"nothing"}]}`), "/id")
	admin.Expect(201, "POST", apiClients, `{"name":"two"}`)
	shown := admin.Expect(200, "GET", apiClients+"/"+id, "")
	if _, ok := value.At(shown, "/updated"); ok {
		t.Error("a fresh client was updated")
	}
	admin.Expect(400, "PUT", apiClients+"/"+id, `{"name":"two"}`)
	admin.Expect(200, "PUT", apiClients+"/"+id, `{"name":"one","roles":null}`)
	if got := at(t, admin.Expect(200, "GET", apiClients+"/"+id, ""), "/roles/0/id"); got != "nothing" {
		t.Errorf("the role is %s", got)
	}
	state := admin.Expect(200, "GET", "/_standin/state/privx", "")
	admin.Expect(http.StatusNoContent, "PUT", "/_standin/state/privx", string(value.Append(nil, state)))
	if again := admin.Expect(200, "GET", "/_standin/state/privx", ""); !value.Equal(state, again) {
		t.Errorf("loaded %s\nfrom   %s", value.Append(nil, again), value.Append(nil, state))
	}
}
