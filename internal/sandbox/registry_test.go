package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/internal/core"
	"standin/internal/sandbox"
	"standin/internal/service"
	"standin/internal/servicetest"
)

// Ensure sandboxes are created on first use, are limited in number, and expire.
func TestFirstUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := begin(t, core.Options{Sandboxes: sandbox.Options{Max: new(2), TTL: new(time.Minute)}})
		create := func(name string) int {
			return servicetest.Recorded(e, "POST", "/v1/clients", `{"client_id":"a","hostname":"h"}`, service.SandboxHeader, name).Code
		}
		for _, tt := range []struct {
			name string
			want int
		}{{"one", 201}, {"two", 201}, {"one", 409}, {"three", 429}, {"a b", 400}, {strings.Repeat("x", 101), 400}, {"default", 201}} {
			if got := create(tt.name); got != tt.want {
				t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
			}
		}
		w := servicetest.Recorded(e, "GET", "/~four/v1/clients", "")
		if !strings.Contains(w.Body.String(), "too many sandboxes: the limit is 2") || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("past the bound: %s", w.Body)
		}
		time.Sleep(50 * time.Second)
		if got := create("one"); got != 409 {
			t.Errorf("used in time: %d", got)
		}
		time.Sleep(50 * time.Second)
		if got := create("three"); got != 201 { // the sandbox two has expired by now
			t.Errorf("after its time: %d", got)
		}
		time.Sleep(2 * time.Minute)
		if got := create("one"); got != 201 {
			t.Errorf("anew: %d", got)
		}
		if code := servicetest.Recorded(e, "GET", "/_standin/sandboxes/three", "").Code; code != 404 {
			t.Errorf("one that is gone: %d", code)
		}
	})
}

// Ensure the use of a sandbox that does not exist is refused if lost ones are, however it is named.
// Ensure tokens of the default sandbox and of fixtures do not pass for those of a lost one.
func TestLostSandboxesAreRefused(t *testing.T) {
	t.Parallel()
	o := core.Options{Plan: sandbox.Plan{Fixtures: []string{"default"}}, Sandboxes: sandbox.Options{RefuseLost: true}}
	e, restarted := begin(t, o), begin(t, o)
	login := func(at string) string {
		w := servicetest.Recorded(e, "POST", at+"/identity/v3/auth/tokens", `{"auth":{"identity":{"methods":["password"],`+
			`"password":{"user":{"name":"demo","password":"demo","domain":{"id":"default"}}}},"scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}`)
		return w.Header().Get("X-Subject-Token")
	}
	if w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", `{"name":"box"}`); w.Code != 201 {
		t.Fatalf("creating one: %d %s", w.Code, w.Body)
	}
	inside, outside := login("/~box"), login("")
	for _, tt := range []struct {
		h            http.Handler
		method, path string
		header       []string
		want         int
	}{
		{e, "GET", "/~box/v1/clients", []string{"X-Auth-Token", inside}, 200},
		{e, "GET", "/v1/clients", []string{"X-Auth-Token", inside}, 200},
		{e, "GET", "/~other/v1/clients", nil, 410},
		{restarted, "GET", "/~box/v1/clients", []string{"X-Auth-Token", inside}, 410},
		{restarted, "GET", "/v1/clients", []string{service.SandboxHeader, "box"}, 410},
		{restarted, "GET", "/v1/clients", []string{"X-Auth-Token", inside}, 410},
		{restarted, "GET", "/v1/clients", []string{"Authorization", "Bearer " + inside}, 410},
		{restarted, "GET", "/v1/clients", []string{"X-Auth-Token", outside}, 401},
		{restarted, "GET", "/v1/clients", []string{"X-Auth-Token", "demo-token"}, 200},
		{restarted, "GET", "/v1/clients", []string{"X-Auth-Token", strings.Repeat("gAAAAAB", 30)}, 401},
		{restarted, "POST", "/~box/_standin/reset", nil, 410},
		{restarted, "GET", "/~box/_standin/requests", nil, 410},
		{restarted, "GET", "/_standin/sandboxes/box/requests", nil, 410},
		{restarted, "GET", "/_standin/sandboxes/box", nil, 410},
		{restarted, "GET", "/_standin/health", []string{"X-Auth-Token", inside}, 200},
		{restarted, "GET", "/", []string{"X-Auth-Token", inside}, 200},
		{restarted, "GET", "/_standin/sandboxes", []string{"X-Auth-Token", inside}, 200},
		{restarted, "GET", "/_standin/requests", []string{"X-Auth-Token", inside}, 410},
		{restarted, "GET", "/_standin/sandboxes/bad%20name", nil, 400},
		{restarted, "GET", "/~bad%20name/v1/clients", nil, 400},
		{restarted, "GET", "/~default/v1/clients", []string{"X-Auth-Token", "demo-token"}, 200},
		{restarted, "DELETE", "/_standin/sandboxes/box", nil, 404},
		{restarted, "POST", "/_standin/sandboxes", []string{"X-Auth-Token", inside}, 201},
		{e, "DELETE", "/_standin/sandboxes/box", nil, 204},
		{e, "GET", "/v1/clients", []string{"X-Auth-Token", inside}, 410},
	} {
		body := ""
		if tt.path == "/_standin/sandboxes" && tt.method == "POST" {
			body = "{}"
		}
		w := servicetest.Recorded(tt.h, tt.method, tt.path, body, tt.header...)
		if w.Code != tt.want || w.Code == 410 && !strings.Contains(w.Body.String(), "create it with POST /_standin/sandboxes") {
			t.Errorf("%s %s %.30q: %d %s, want %d", tt.method, tt.path, tt.header, w.Code, w.Body, tt.want)
		}
	}
}

// Ensure forks copy the world, its ids and its clock, and are then independent.
func TestForks(t *testing.T) {
	t.Parallel()
	e := begin(t, clocked(t, "2026-01-01T00:00:00Z"))
	post := func(path, body string, want int) string {
		t.Helper()
		w := servicetest.Recorded(e, "POST", path, body)
		if w.Code != want {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	post("/v1/clients", `{"client_id":"a","hostname":"h"}`, 201)
	post("/_standin/snapshots", `{"name":"before"}`, 204)
	post("/v1/clients", `{"client_id":"b","hostname":"h"}`, 201)
	e.Advance(time.Hour)
	post("/_standin/sandboxes", `{"name":"fork","fork":"default"}`, 201)
	post("/_standin/sandboxes", `{"name":"past","snapshot":"before"}`, 201)
	post("/_standin/sandboxes", `{"name":"seeded","fork":"fork","seed":9}`, 201)
	one := post("/v1/containers", `{"name":"n","type":"generic","secret_refs":[]}`, 201)
	two := post("/~fork/v1/containers", `{"name":"n","type":"generic","secret_refs":[]}`, 201)
	three := post("/~seeded/v1/containers", `{"name":"n","type":"generic","secret_refs":[]}`, 201)
	if one != strings.Replace(two, "/~fork", "", 1) || one == strings.Replace(three, "/~seeded", "", 1) {
		t.Errorf("ids: %s %s %s", one, two, three)
	}
	for path, want := range map[string]int{"/v1/clients": 2, "/~fork/v1/clients": 2, "/~past/v1/clients": 1} {
		if got := strings.Count(servicetest.Recorded(e, "GET", path, "").Body.String(), `"hostname"`); got != want {
			t.Errorf("%s: %d clients, want %d", path, got, want)
		}
	}
	if body := servicetest.Recorded(e, "GET", "/_standin/sandboxes/fork/clock", "").Body.String(); !strings.Contains(body, "2026-01-01T01:00:00Z") {
		t.Errorf("the fork's clock: %s", body)
	}
	post("/_standin/reset?to=before", "", 204)
	if got := strings.Count(servicetest.Recorded(e, "GET", "/v1/clients", "").Body.String(), `"hostname"`); got != 1 {
		t.Errorf("back to the snapshot: %d clients", got)
	}
}
