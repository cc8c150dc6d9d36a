package devops_test

import (
	"net/http"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure a call from a page of another host is refused after it was handled.
func TestForeignReferer(t *testing.T) {
	t.Parallel()
	foreign := map[string]string{"Referer": "https://elsewhere.example/x"}
	servicetest.Tell(t, "devops", "documented", []step{
		{Method: "GET", Path: "/v3/images", Header: map[string]string{"Referer": "http://localhost/x"}, Status: 200},
		{Method: "GET", Path: "/v3/images", Header: map[string]string{"Referer": "https://elsewhere.example/x", "Origin": "https://elsewhere.example"}, Status: 200},
		{Method: "GET", Path: "/v3/images", Header: map[string]string{"Referer": "https://elsewhere.example/x", "X-Requested-With": "XMLHttpRequest"}, Status: 200},
		{Method: "PATCH", Path: "/v3/images", Header: foreign, Status: 404, Want: has("<h1>")}, // not JSON
		{Method: "DELETE", Path: "/v3/image/image%20id", Header: foreign, Status: 403, Want: has("Forbidden")},
		{Method: "GET", Path: "/v3/image/image%20id", Status: 404},
	}, emulator.WithQuirks("devops.foreign-referer-is-403"))
}

// Ensure the refusal of a foreign page has the headers of all responses.
func TestRefererHeaders(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithProfile("observed"))
	dev := servicetest.Caller{Player: p, Header: map[string]string{"Authorization": "Basic ZGVtbzpkZW1v", "Accept": "application/json", "Referer": "https://elsewhere.example/x"}}
	for _, path := range []string{"/v3/images", "/v3/image/none", "/v3/nothing"} {
		resp, _ := dev.Send("GET", path, "")
		if path != "/v3/nothing" && resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		if got := resp.Header["X-Content-Type-Options"]; path != "/v3/nothing" && (len(got) != 1 || got[0] != "nosniff") {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
	}
}
