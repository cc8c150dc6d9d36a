package keystone_test

import (
	"strings"
	"testing"

	"standin/internal/value"
)

// Ensure a program with an application credential may do what its roles allow. Ensure its secret
// is shown once, and its tokens end with it.
func TestApplicationCredentials(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	made := demo.Expect(201, "POST", credentials, `{"application_credential":{"name":"ci","roles":[{"name":"member"}]}}`)
	id, secret := at(t, made, "/application_credential/id"), at(t, made, "/application_credential/secret")
	if _, told := value.At(demo.Expect(200, "GET", credentials+"/"+id, ""), "/application_credential/secret"); told {
		t.Error("the secret is told again")
	}
	program := login(t, demo, `{"methods":["application_credential"],"application_credential":{"id":"`+id+`","secret":"`+secret+`"}}`)
	shown := program.With("X-Subject-Token", program.Header["X-Auth-Token"]).Expect(200, "GET", "/v3/auth/tokens", "")
	for pointer, want := range map[string]string{
		"/token/project/id":                        demoProject,
		"/token/roles/0/name":                      "member",
		"/token/roles/1/name":                      "reader", // an implied role
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
	program.Expect(200, "GET", "/v1/clients", "")
	program.Expect(403, "DELETE", credentials+"/"+id, "")
	keystone(t, "demo").Expect(401, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"6e1d2c3b4a594877869504a3b2c1d0ef","secret":"wrong"}}}}`)
	demo.Expect(204, "DELETE", credentials+"/"+id, "")
	program.Expect(401, "GET", "/v1/clients", "")
	program.Expect(401, "GET", "/v3/auth/projects", "")
}

// Ensure an unrestricted credential can create others, with its own roles at most.
func TestUnrestrictedCredential(t *testing.T) {
	t.Parallel()
	demo := keystone(t, "demo")
	demo.Expect(201, "POST", credentials, `{"application_credential":{"name":"manager","secret":"s","unrestricted":true,"roles":[{"name":"creator"}]}}`)
	manager := login(t, demo, `{"methods":["application_credential"],"application_credential":{"name":"manager","secret":"s","user":{"id":"`+demoID+`"}}}`)
	made := manager.Expect(201, "POST", credentials, `{"application_credential":{"name":"child"}}`)
	if roles := at(t, made, "/application_credential/roles"); strings.Contains(roles, "member") || !strings.Contains(roles, "creator") {
		t.Errorf("the child has %s", roles)
	}
	manager.Expect(400, "POST", credentials, `{"application_credential":{"name":"more","roles":[{"name":"member"}]}}`)
	manager.Expect(204, "DELETE", credentials+"/"+at(t, made, "/application_credential/id"), "")
}
