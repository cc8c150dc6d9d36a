package barbican_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure the quotas that a service admin sets limit a project.
func TestQuotas(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture))
	set := func(quotas string) {
		t.Helper()
		code, body := p.Call("PUT", "/v1/project-quotas/demo", "keeper", `{"project_quotas": `+quotas+`}`)
		if code != 204 {
			t.Fatalf("%s: %d %s", quotas, code, body)
		}
	}
	make := func(name string) int {
		code, _ := p.Call("POST", "/v1/containers", "creator", fmt.Sprintf(`{"type": "generic", "name": %q}`, name))
		return code
	}
	register := func(name string) int {
		code, _ := p.Call("POST", matrixContainer+"/consumers", "creator", fmt.Sprintf(`{"name": %q, "URL": "u"}`, name))
		return code
	}
	set(`{"containers": 2.0, "consumers": 1}`)
	if got := fmt.Sprint(make("a"), make("b"), register("a"), register("a"), register("b")); got != "201 403 200 403 403" {
		t.Error(got)
	}
	set(`{"containers": -7, "consumers": -1}`)
	if got := fmt.Sprint(make("b"), make("c"), register("b")); got != "201 201 200" {
		t.Error(got)
	}
	set(`{"consumers": 0}`)
	if got := fmt.Sprint(register("c")); got != "403" {
		t.Error(got)
	}
}

// Ensure the consumers of a secret are deleted with it and no longer count.
func TestSecretConsumersGo(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture))
	if code, body := p.Call(http.MethodPut, "/v1/project-quotas/demo", "keeper", `{"project_quotas": {"consumers": 1}}`); code != http.StatusNoContent {
		t.Fatalf("%d %s", code, body)
	}
	for range 2 {
		_, body := p.Call(http.MethodPost, "/v1/secrets", "creator", "{}")
		secret := strings.TrimSuffix(body[strings.Index(body, "/v1/"):], `"}`)
		if code, text := p.Call(http.MethodPost, secret+"/consumers", "creator", `{"service": "a", "resource_type": "b", "resource_id": "c"}`); code != http.StatusOK {
			t.Errorf("%d %s", code, text)
		}
		if code, text := p.Call(http.MethodDelete, secret, "creator", ""); code != http.StatusNoContent {
			t.Errorf("%d %s", code, text)
		}
	}
}
