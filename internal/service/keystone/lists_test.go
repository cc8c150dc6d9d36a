package keystone_test

import (
	"net/http"
	"strings"
	"testing"

	"standin/internal/value"
)

// Ensure lists are filtered. Ensure disabled users and projects cannot be used for a login.
func TestDisabled(t *testing.T) {
	t.Parallel()
	admin := keystone(t, "admin")
	state, _ := value.At(admin.Expect(200, "GET", "/_standin/state/identity", ""), "")
	text := string(value.Append(nil, state))
	text = strings.Replace(text, `"name":"reader","password"`, `"enabled":false,"email":"reader@example.com","name":"reader","password"`, 1)
	text = strings.Replace(text, `"name":"elsewhere"`, `"enabled":false,"description":"far","name":"elsewhere"`, 1)
	admin.Expect(204, "PUT", "/_standin/state/identity", text)
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
		if got := at(t, admin.Expect(200, "GET", path, ""), pointer); got != is {
			t.Errorf("%s: %s is %s, want %s", path, pointer, got, is)
		}
	}
	admin.With("X-Auth-Token", "reader-token").Expect(401, "GET", "/v1/clients", "")
	admin.Expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d","password":"reader"}}}}}`)
	admin.Expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"7d5a4b3c2e1f40698c7b6a5d4e3f2a1b","password":"stranger"}}},"scope":{"project":{"id":"e4d909c290d04b1aa068ffaddf22cbd0"}}}}`)
}

// Ensure an address of the catalogue is the same in the lists of services and endpoints, and that
// it responds.
func TestCatalogueAgrees(t *testing.T) {
	t.Parallel()
	admin := keystone(t, "admin")
	v, _ := value.At(admin.Expect(200, "GET", "/v3/auth/catalog", ""), "/catalog")
	for _, s := range v.([]any) {
		id := at(t, s, "/id")
		if got := at(t, admin.Expect(200, "GET", "/v3/services/"+id, ""), "/service/type"); got != at(t, s, "/type") {
			t.Errorf("service %s: %s", id, got)
		}
		e, _ := value.At(s, "/endpoints/0")
		shown := admin.Expect(200, "GET", "/v3/endpoints/"+at(t, e, "/id"), "")
		if at(t, shown, "/endpoint/url") != at(t, e, "/url") || at(t, shown, "/endpoint/service_id") != id {
			t.Errorf("%s: %s", at(t, e, "/url"), value.Append(nil, shown))
		}
		path := strings.TrimPrefix(at(t, e, "/url"), "http://localhost:9311")
		if resp, _ := admin.Send(http.MethodGet, path, ""); resp.StatusCode >= 400 && at(t, s, "/type") == "identity" {
			t.Errorf("GET %s: %d", path, resp.StatusCode)
		}
	}
}

// Ensure resources that Keystone does not have require a token and are empty.
func TestEmptyNeighbours(t *testing.T) {
	t.Parallel()
	admin := keystone(t, "admin")
	for path, empty := range map[string]string{
		"/v3/groups": "/groups", "/v3/credentials": "/credentials", "/v3/OS-TRUST/trusts": "/trusts",
		"/v3/users/" + demoID + "/groups": "/groups",
	} {
		if got := at(t, admin.Expect(200, "GET", path, ""), empty); got != "[]" {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, path := range []string{
		"/v3/groups", "/v3/groups/x", "/v3/groups/x/users", "/v3/credentials", "/v3/credentials/x", "/v3/OS-TRUST/trusts", "/v3/OS-TRUST/trusts/x",
		"/v3/auth/system", accessRules, accessRules + "/x", "/identity/v3/policies", "/identity/v3/users/x/credentials/OS-EC2", "/identity/v3/projects/x/tags",
	} {
		admin.With("X-Auth-Token", "").Expect(401, "GET", path, "")
	}
	for _, path := range []string{"/v3/groups/x", "/v3/groups/x/users", "/v3/credentials/x", "/v3/OS-TRUST/trusts/x", "/identity/v3/policies"} {
		admin.Expect(404, "GET", path, "")
	}
	admin.With("X-Auth-Token", "").Expect(404, "GET", "/identity/v3/nothing", "") // an unknown path needs no token
}
