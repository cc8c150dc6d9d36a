package barbican_test

import (
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure a dump has secrets with everything that belongs to them.
func TestSecretsAreDumpedWhole(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture("default", fixtureFile(t, strings.Replace(ownSecrets, "extends: empty\n", "", 1))))
	state := func(method, body string) string {
		req, _ := http.NewRequest(method, "http://h/_standin/state", strings.NewReader(body))
		resp, got := p.Do(req)
		if resp.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%d %s", resp.StatusCode, got)
		}
		return string(got)
	}
	before := state("GET", "")
	for _, text := range []string{`"payload":"correct horse battery staple"`, `"payload_content_encoding":"base64"`, `"metadata":{"environment":"staging"}`, `"resource_type":"server"`, `"expiration":"2027-01-01T00:00:00"`} {
		if !strings.Contains(before, text) {
			t.Errorf("no %s in %s", text, before)
		}
	}
	state("PUT", before)
	if after := state("GET", ""); after != before {
		t.Errorf("dumped %s\nthen   %s", before, after)
	}
}

// Ensure what belongs to a secret or container is deleted with it. It must not be in a dump, and
// must not come back with a new record.
func TestDumpsAfterDeletes(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture))
	_, body := p.Call(http.MethodPost, "/v1/secrets", "creator", `{"name": "s"}`)
	ref, _ := servicetest.Parse(t, []byte(body)).(interface{ Get(string) (any, bool) }).Get("secret_ref")
	secret := ref.(string)[len("http://localhost:9311"):]
	for _, path := range []string{secret, matrixContainer} {
		if code, text := p.Call(http.MethodPut, path+"/acl", "creator", `{"read": {"users": ["stranger"]}}`); code != http.StatusOK {
			t.Fatalf("ACL of %s: %d %s", path, code, text)
		}
	}
	if code, text := p.Call(http.MethodPost, secret+"/consumers", "creator", `{"service": "a", "resource_type": "b", "resource_id": "c"}`); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	if code, text := p.Call(http.MethodPost, matrixContainer+"/consumers", "creator", `{"name": "n", "URL": "u"}`); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	p.Reload()
	for _, path := range []string{secret, matrixContainer} {
		if code, text := p.Call(http.MethodDelete, path, "admin", ""); code != http.StatusNoContent {
			t.Fatalf("%s: %d %s", path, code, text)
		}
	}
	p.Reload()
}
