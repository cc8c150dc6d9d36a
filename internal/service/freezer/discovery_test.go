package freezer_test

import (
	"net/http"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure paths that several services have belong to Freezer under its prefix, and to the index at
// the root. Ensure they need a token where the real server requires one.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	none := map[string]string{"Accept": "text/plain;q=0.5, application/json"}
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "GET", Path: "/backup", Caller: "none", Status: 300, Want: has(`{"versions":[{"id":"v2","status":"CURRENT"`, `"href":"http://localhost:9311/backup/v1/"`)},
		{Method: "GET", Path: "/~box/backup/", Caller: "none", Status: 300, Want: has(`"http://localhost:9311/~box/backup/v2/"`)},
		{Method: "PUT", Path: "/backup/", Caller: "none", Status: 405},
		{Method: "HEAD", Path: "/backup/", Caller: "none", Status: 405},
		{Method: "OPTIONS", Path: "/backup/v1", Caller: "none", Status: 401},
		{Method: "OPTIONS", Path: "/backup/v1", Status: 200},
		{Method: "GET", Path: "/backup/healthcheck", Caller: "none", Status: 200, Want: has("OK")},
		{Method: "GET", Path: "/backup/healthcheck", Caller: "none", Status: 200, Want: has("\"reasons\": [\n        \"OK\""), Header: none},
		{Method: "GET", Path: "/backup/healthcheck/", Caller: "none", Status: 401},
		{Method: "GET", Path: "/backup/v1/", Status: 200, Want: has("{\n    \"resources\": {\n        \"rel/backups\": {\n            \"href-template\": \"/v1/backups/{backup_id}\",\n            \"href-vars\": {\n                \"backup_id\": \"param/backup_id\"\n            },\n            \"hints\": {\n                \"allow\": [\n                    \"GET\"\n                ],\n                \"formats\": {\n                    \"application/json\": {}\n                }\n            }\n        }\n    }\n}")},
		{Method: "GET", Path: "/backup/v2", Status: 200, Want: has(`"project_id": "param/project_id",`)},
		{Method: "GET", Path: "/backup/v1", Caller: "none", Status: 401},
		{Method: "GET", Path: "/v1", Status: 404, Want: has("Nothing answers at /v1")},
		{Method: "GET", Path: "/healthcheck", Status: 404, Not: has(`{"title":` + `"404`)},
		{Method: "GET", Path: "/v2/nothing", Status: 404, Want: has("Nothing answers at /v2/nothing")},
		{Method: "GET", Path: "/backup/v2/nothing", Status: 404, Want: has(`{"title":"404 Not Found"}`)},
	})
}

// Ensure Freezer serves the root of its own listener.
func TestOnItsOwnListener(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s, err := e.Start(t.Context(), "freezer=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Client()
	defer c.CloseIdleConnections()
	for path, want := range map[string]int{"/": 300, "/healthcheck": 200, "/v1": 401, "/v1/clients": 401, "/nothing": 401} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr("freezer")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}
