package emulator_test

import (
	"context"
	"strings"
	"testing"

	"standin/emulator"
)

// Ensure the control API rejects pages, callers without its token, and everybody if it is off or
// has its own address. Health is always served.
func TestControlAccess(t *testing.T) {
	t.Parallel()
	code := func(e *emulator.Emulator, method, path string, header ...string) int {
		return recorded(e, method, path, "", header...).Code
	}
	locked, err := emulator.New(emulator.WithControlToken("let-me-in"))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]struct{ challenge, detail string }{
		"":                  {"Bearer", "The control API needs its token: "},
		"Bearer let-me-out": {`Bearer error="invalid_token"`, "The control API needs its token, and this is another one."},
	} {
		w := recorded(locked, "GET", "/_standin/requests", "", "Authorization", token)
		if !strings.Contains(w.Body.String(), want.detail) || w.Header().Get("Www-Authenticate") != want.challenge {
			t.Errorf("%q: %v %s, want %+v", token, w.Header(), w.Body, want)
		}
	}
	off, err := emulator.New(emulator.WithControl(false))
	if err != nil {
		t.Fatal(err)
	}
	const foreign = "https://example.com"
	for _, tt := range []struct {
		e            *emulator.Emulator
		method, path string
		header       []string
		want         int
	}{
		{locked, "GET", "/_standin/health", nil, 200},
		{locked, "GET", "/", nil, 200},
		{locked, "GET", "/_standin/requests", nil, 401},
		{locked, "GET", "/_standin/nothing", nil, 401},
		{locked, "GET", "/__admin/requests", nil, 401},
		{locked, "GET", "/_standin/requests", []string{"Authorization", "Bearer let-me-out"}, 401},
		{locked, "GET", "/_standin/requests", []string{"Authorization", "Bearer let-me-in"}, 200},
		{locked, "POST", "/_standin/faults", []string{"Origin", foreign, "Authorization", "Bearer let-me-in"}, 403},
		{locked, "GET", "/v1/clients", nil, 200},
		{off, "GET", "/_standin/health", nil, 200},
		{off, "GET", "/_standin/requests", nil, 404},
		{off, "POST", "/__admin/reset", nil, 404},
		{off, "GET", "/v1/clients", nil, 200},
	} {
		if got := code(tt.e, tt.method, tt.path, tt.header...); got != tt.want {
			t.Errorf("%s %s %v: %d, want %d", tt.method, tt.path, tt.header, got, tt.want)
		}
	}
	apart, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := apart.Start(context.Background(), "127.0.0.1:0", "control=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for url, want := range map[string]int{
		s.URL + "/_standin/requests":                         404,
		s.URL + "/_standin/health":                           200,
		"http://" + s.Addr("control") + "/_standin/requests": 200,
		"http://" + s.Addr("control") + "/v1/clients":        404,
	} {
		c := s.Client()
		if got, err := fetch(t, c, "GET", url, ""); got != want || err != nil {
			t.Errorf("%s: %d %v, want %d", url, got, err, want)
		}
		c.CloseIdleConnections()
	}
}

// Ensure pages cannot reach the control API, whatever headers they send.
func TestControlIsNotForPages(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithControlHost("standin.example.com"))
	tests := []struct{ name, head, want string }{
		{"an address", "Host: 127.0.0.1:9311", "200"},
		{"IPv6", "Host: [::1]:9311", "200"},
		{"localhost", "Host: localhost", "200"},
		{"a container", "Host: standin:9311", "200"},
		{"Docker's host", "Host: host.docker.internal:9311", "200"},
		{"Docker's host, shouted, with its dot", "Host: HOST.Docker.Internal.:9311", "200"},
		{"Podman's host", "Host: host.containers.internal", "200"},
		{"Lima's host", "Host: host.lima.internal", "200"},
		{"a service of Kubernetes", "Host: standin.ci.svc.cluster.local:9311", "200"},
		{"localhost with its dot", "Host: localhost.", "200"},
		{"an allowed name", "Host: standin.example.com", "200"},
		{"an allowed name, shouted, with its dot", "Host: STANDIN.example.com.", "200"},
		{"its own origin in another case", "Host: LOCALHOST:9311\nOrigin: http://localhost:9311", "200"},
		{"its own origin", "Host: localhost:9311\nOrigin: http://localhost:9311", "200"},
		{"its own origin behind a proxy", "Host: localhost:9311\nX-Forwarded-Host: dev.example.com\nX-Forwarded-Proto: https\nOrigin: https://dev.example.com", "200"},
		{"somebody's name for this machine", "Host: evil.example.com", "403"},
		{"a name that ends like a private one", "Host: notinternal.example", "403"},
		{"the same, pretending", "Host: evil.example.com\nX-Forwarded-Host: localhost", "403"},
		{"another origin", "Host: localhost\nOrigin: https://evil.example.com", "403"},
		{"another port is another origin", "Host: localhost:9311\nOrigin: http://localhost:3000", "403"},
		{"no origin at all", "Host: localhost\nOrigin: null", "403"},
		{"another site", "Host: localhost\nSec-Fetch-Site: cross-site", "403"},
	}
	for _, tt := range tests {
		line, _ := dial(t, s).send("GET /_standin/state HTTP/1.1\n"+tt.head, "")
		if !strings.Contains(line, " "+tt.want+" ") {
			t.Errorf("%s: %q, want %s", tt.name, line, tt.want)
		}
	}
	if line, _ := dial(t, s).send("GET /_standin/health HTTP/1.1\nHost: evil.example.com", ""); line != "HTTP/1.1 200 OK" {
		t.Errorf("health: %q", line)
	}
}
