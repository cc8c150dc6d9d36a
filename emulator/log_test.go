package emulator_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"standin/emulator"
	"standin/emulator/journal"
)

// Ensure messages of net/http go to the logger, in its format.
func TestComplaintsOfNetHTTP(t *testing.T) {
	t.Parallel()
	var out emulator.Buffer
	e, err := emulator.New(emulator.WithLogger(emulator.JSONTo(&out)), emulator.WithLines(func(*journal.Line) { panic("in the log") }))
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Get(s.URL + "/v1/clients")
	if err == nil {
		resp.Body.Close()
	}
	_ = s.Shutdown(t.Context()) // waits for the exchange
	if got := out.String(); !strings.Contains(got, `"level":"WARN","msg":"http: panic serving`) {
		t.Errorf("got %q", got)
	}
}

// Ensure the line of an exchange says what happened, whatever the sandbox and the end.
func TestExchangeLog(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var lines []string
	e, err := emulator.New(emulator.WithFixture("default"), emulator.WithLines(func(l *journal.Line) {
		mu.Lock()
		defer mu.Unlock()
		if l.Took <= 0 || l.Time.IsZero() {
			t.Errorf("%+v", l)
		}
		copied := *l
		copied.Took = 0
		_, text, _ := strings.Cut(copied.String(), " ")
		lines = append(lines, strings.TrimSpace(text))
	}))
	if err != nil {
		t.Fatal(err)
	}
	c := e.Client()
	defer e.Close()
	for _, r := range []struct{ path, fault string }{
		{"/v1/clients", ""}, {"/~box/v1/clients?secret=1", ""}, {"/v1/clients", "connection=empty"}, {"/\x1b[2J%ff", ""}, {"/_standin/health", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://standin/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path, req.URL.RawQuery, _ = strings.Cut(r.path, "?")
		req.URL.Path = strings.ReplaceAll(req.URL.Path, "%ff", "\xff")
		req.Header.Set("X-Auth-Token", "demo-token")
		if r.fault != "" {
			req.Header.Set("X-Standin-Fault", r.fault)
		}
		if resp, err := c.Do(req); err == nil {
			resp.Body.Close()
		}
	}
	_ = e.Close()
	mu.Lock()
	defer mu.Unlock()
	want := []string{
		"default         1  200  GET    /v1/clients  [freezer.clients.list]  demo",
		"box             1  200  GET    /v1/clients  [freezer.clients.list]  demo",
		"default         2  ---  GET    /v1/clients  [freezer.clients.list]  demo  fault=request (connection empty, an interim answer first)  cut",
		`default         3  404  GET    /\x1b[2J\xff  [no operation]  -`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %s", len(lines), strings.Join(lines, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("got  %s\nwant %s", lines[i], want[i])
		}
	}
}
