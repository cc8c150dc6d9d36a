package barbican_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// matrix has the statuses that the real server sent to each caller.
var matrix = []struct {
	name, acl string
	enforced  bool
	answers   map[string]string // by caller: the statuses of matrixCalls
}{

	{"shipped", "", false, map[string]string{
		"admin": "200 200 200 400 400 200 400 400 404", "creator": "200 200 200 400 400 200 400 400 404",
		"creator2": "200 200 200 400 400 200 400 400 404", "observer": "200 200 403 403 403 200 400 400 404",
		"audit": "200 403 403 403 403 200 400 400 404", "member": "403 403 403 403 403 403 403 403 403",
		"reader": "403 403 403 403 403 403 403 403 403", "other": "403 403 403 403 403 403 403 403 403",
		"keeper": "200 403 403 403 403 200 400 400 404", "stranger": "403 403 403 403 403 403 403 403 404",
	}},
	{"private", `{"read": {"project-access": false}}`, false, map[string]string{
		"admin": "200 200 200 400 400 200 400 400 404", "creator": "200 200 200 400 400 200 400 400 404",
		"creator2": "403 200 200 403 403 403 403 403 404", "observer": "403 200 403 403 403 403 403 403 404",
		"audit": "403 403 403 403 403 403 403 403 404", "keeper": "403 403 403 403 403 403 403 403 403",
	}},
	{"shared with the stranger", `{"read": {"users": ["stranger"]}}`, false, map[string]string{
		"stranger": "200 403 403 403 403 200 400 400 404", "member": "403 403 403 403 403 403 403 403 403",
	}},
	{"new defaults", "", true, map[string]string{
		"admin": "200 200 200 400 400 200 400 400 404", "creator": "403 403 403 403 403 403 403 403 403",
		"observer": "403 403 403 403 403 403 403 403 403", "audit": "403 403 403 403 403 403 403 403 403",
		"reader": "403 403 403 403 403 403 403 403 403", "keeper": "403 403 403 403 403 403 403 403 403",
		"stranger": "403 403 403 403 403 403 403 403 403",
	}},
}

var matrixCalls = []struct{ method, below, body string }{
	{"GET", "", ""}, {"GET", "/acl", ""}, {"PATCH", "/acl", "{}"}, {"POST", "/secrets", "{}"}, {"DELETE", "/secrets", "{}"},
	{"GET", "/consumers", ""}, {"POST", "/consumers", "{}"}, {"DELETE", "/consumers", "{}"},
	{"GET", "/consumers/16fdec85-583e-4cd4-bf94-bc38b9a84abc", ""},
}

// Ensure each role may do with a container what the real server allows.
func TestContainerRoles(t *testing.T) {
	t.Parallel()
	for _, m := range matrix {
		for caller, want := range m.answers {
			t.Run(m.name+"/"+caller, func(t *testing.T) {
				t.Parallel()
				opts := []emulator.Option{emulator.WithFixture(matrixFixture)}
				if m.enforced {
					opts = append(opts, emulator.WithQuirks("barbican.new-defaults-are-enforced"))
				}
				p := servicetest.NewPlayer(t, opts...)
				if m.acl != "" {
					if code, body := p.Call("PUT", matrixContainer+"/acl", "creator", m.acl); code != 200 {
						t.Fatalf("ACL: %d %s", code, body)
					}
				}
				var got []string
				for _, c := range matrixCalls {
					code, _ := p.Call(c.method, matrixContainer+c.below, caller, c.body)
					got = append(got, strconv.Itoa(code))
				}
				if s := strings.Join(got, " "); s != want {
					t.Errorf("got  %s\nwant %s", s, want)
				}
			})
		}
	}
}

// roleFixture returns a project with a user for each role of the policies, and two secrets of
// another user.
func roleFixture(roles []string) string {
	users, tokens, list := "", "", ""
	for _, role := range roles {
		list += fmt.Sprintf("    - {id: %q, name: %q}\n", role, role)
		users += fmt.Sprintf("    - {id: %q, name: %q, domain_id: default, roles: {p: [%q]}}\n", role, role, role)
		tokens += fmt.Sprintf("    - {id: %q, user_id: %q, project_id: p}\n", role+"-token", role)
	}
	return "identity:\n  domains: [{id: default, name: Default}]\n  projects: [{id: p, name: p, domain_id: default}]\n  roles:\n" + list +
		"  users:\n" + users + "  tokens:\n" + tokens + `
barbican:
  secrets:
    - {secret_ref: 2f6e8c1a-9b4d-4e7f-8a3c-5d6b7c8e9f01, project_id: p, creator_id: another, payload: hello, metadata: {a: b}}
`

}

// Ensure each role may do with another user's secret what the default policy allows.
func TestSecretRoles(t *testing.T) {
	t.Parallel()
	roles := []string{"admin", "creator", "observer", "audit", "key-manager:service-admin", "member", "reader"}
	const consumer = `{"service":"s","resource_type":"t","resource_id":"i"}`
	tests := []struct {
		method, path, body, accept string
		want                       []int // by role
	}{
		{"POST", secretsPath, `{}`, "", []int{201, 201, 403, 403, 403, 403, 403}},
		{"GET", secretsPath, "", "", []int{200, 200, 200, 403, 403, 403, 403}},
		{"GET", greeting, "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"GET", greeting, "", "text/plain", []int{200, 200, 200, 403, 403, 403, 403}},
		{"GET", greeting + "/payload", "", "", []int{200, 200, 200, 403, 403, 403, 403}},
		{"PATCH", greeting + "/payload", "", "", []int{405, 405, 405, 403, 403, 403, 403}},
		{"PUT", greeting, "x", "", []int{409, 409, 403, 403, 403, 403, 403}},
		{"GET", greeting + "/metadata", "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"PUT", greeting + "/metadata", `{"metadata":{"a":"b"}}`, "", []int{201, 201, 403, 403, 403, 403, 403}},
		{"POST", greeting + "/metadata", `{"key":"c","value":"d"}`, "", []int{201, 201, 403, 403, 403, 403, 403}},
		{"GET", greeting + "/metadata/a", "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"PUT", greeting + "/metadata/a", `{"key":"a","value":"d"}`, "", []int{200, 200, 403, 403, 403, 403, 403}},
		{"DELETE", greeting + "/metadata/a", "", "", []int{204, 204, 403, 403, 403, 403, 403}},
		{"GET", greeting + "/consumers", "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"POST", greeting + "/consumers", consumer, "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"DELETE", greeting + "/consumers", consumer, "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"GET", greeting + "/consumers/00000000-0000-4000-8000-000000000000", "", "", []int{404, 404, 404, 404, 403, 403, 403}},
		{"DELETE", greeting, "", "", []int{204, 204, 403, 403, 403, 403, 403}},
	}
	fixture := fixtureFile(t, roleFixture(roles))
	for i, role := range roles {
		p := servicetest.NewPlayer(t, emulator.WithFixture(fixture))
		for _, tt := range tests {
			req, _ := http.NewRequest(tt.method, "http://h"+tt.path, strings.NewReader(tt.body))
			p.Login(req, "barbican", role)
			req.Header.Set("Content-Type", "application/json")
			if tt.body == "x" {
				req.Header.Set("Content-Type", "text/plain")
			}
			if tt.accept != "" {
				req.Header.Set("Accept", tt.accept)
			}
			if resp, body := p.Do(req); resp.StatusCode != tt.want[i] {
				t.Errorf("%s: %s %s %s: %d %s, want %d", role, tt.method, tt.path, tt.accept, resp.StatusCode, body, tt.want[i])
			}
		}
	}
}
