package exchange_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"standin/internal/core"
	"standin/internal/exchange"
	"standin/internal/route/routetest"
	"standin/internal/service"
	"standin/internal/transport"
)

// begin returns an emulator whose request path has these options.
func begin(t *testing.T, o exchange.Options) *core.Emulator {
	t.Helper()
	c, err := core.New(core.Options{Exchange: o, Transport: transport.Options{Log: o.Log}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// jsonTo returns a logger that writes JSON, with one line for each exchange.
func jsonTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// get sends a GET with the credentials of demo for every service.
func get(e *core.Emulator, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-Auth-Token", "demo-token")
	r.Header.Set("Authorization", "Bearer demo-token")
	e.Path.ServeHTTP(w, r)
	return w
}

// Ensure a panic returns a 500 in the service's error format without the panic's text. The stack
// is logged. The emulator goes on serving, writes included.
func TestPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := begin(t, exchange.Options{Log: jsonTo(&log)})
	boom := func(*service.Call) (service.Reply, error) { panic("a bug of ours") }
	for _, id := range []string{"freezer.clients.list", "freezer.clients.create", "barbican.containers.list", "privx.api-clients.list", "keystone.version.show"} {
		e.Path.Routes = routetest.Replace(t, e.Path.Routes, id, boom)
	}
	for path, want := range map[string]string{
		"/v1/clients":                          `{"title":"500 Internal Server Error"}`,
		"/v1/containers":                       `{"code":500,"title":"Internal Server Error","description":""}`,
		"/local-user-store/api/v1/api-clients": `{"error_code":"GENERAL_ERROR","error_message":"Internal error."}`,
		"/v3":                                  `{"error":{"code":500,"message":"An unexpected error prevented the server from fulfilling your request.","title":"Internal Server Error"}}`,
	} {
		if w := get(e, path); w.Code != http.StatusInternalServerError || w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/v1/clients", strings.NewReader("{}"))
	r.Header.Set("X-Auth-Token", "demo-token")
	e.Path.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("a write: %d", w.Code)
	}
	if w := get(e, "/v1/clients/n1"); w.Code != http.StatusNotFound {
		t.Errorf("afterwards: %d", w.Code)
	}
	if text := log.String(); !strings.Contains(text, "a bug of ours") || !strings.Contains(text, "answer_test.go") {
		t.Errorf("logged %s", text)
	}
}

// Ensure a response that breaks its contract is counted, logged and reported.
func TestViolations(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var reported []error
	e := begin(t, exchange.Options{Log: jsonTo(&log), Report: func(err error) { reported = append(reported, err) }})
	e.Path.Routes = routetest.Replace(t, e.Path.Routes, "freezer.clients.list", func(*service.Call) (service.Reply, error) {
		return service.JSON(http.StatusOK, []byte(`{"clients":5}`)), nil
	})
	const checkedFirst, requests = 100, 100 + 2*1000
	for range requests {
		get(e, "/v1/clients")
	}
	if n := e.Path.Violations(); n != checkedFirst+2 || len(reported) != int(n) {
		t.Errorf("%d violations, %d reported; the first hundred and one in a thousand are checked", n, len(reported))
	}
	if !strings.Contains(log.String(), "breaks the contract") {
		t.Errorf("logged %s", log.String())
	}
	if body := get(e, "/_standin/health").Body.String(); !strings.Contains(body, `"violations":102`) {
		t.Errorf("health %s", body)
	}
}

// Ensure logged exchanges contain no secrets.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := begin(t, exchange.Options{Log: jsonTo(&log)})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/auth/api/v1/oauth/token?password=hidden-one", strings.NewReader("grant_type=password&username=demo-client&password=demo-secret"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("privx-external", "privx-secret")
	e.Path.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	text := log.String()
	if !strings.Contains(text, "privx.oauth.token") {
		t.Errorf("logged %s", text)
	}
	for _, secret := range []string{"hidden-one", "demo-secret", "privx-secret", "eyJ"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in the log: %s", secret, text)
		}
	}
}
