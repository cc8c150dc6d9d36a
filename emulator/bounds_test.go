package emulator_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure a body far beyond the limit gets an answer, and the connection is not cut.
func TestHugeBodiesAreAnswered(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithFixture("documented"))
	c := s.Client()
	defer c.CloseIdleConnections()
	huge := strings.Repeat("x", 10<<20)
	for path, want := range map[string]int{
		"/v1/clients": http.StatusRequestEntityTooLarge,
		"/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers": http.StatusBadRequest,
		"/v3/auth/tokens": http.StatusRequestEntityTooLarge,
		"/nothing":        http.StatusNotFound,
	} {
		for _, expect := range []string{"", "100-continue"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(huge))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Auth-Token", "demo-token")
			r.Header.Set("Content-Type", "application/json")
			if expect != "" {
				r.Header.Set("Expect", expect)
			}
			resp, err := c.Do(r)
			if err != nil {
				t.Errorf("%s, expecting %q: %v", path, expect, err)
				continue
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: %s, want %d", path, resp.Status, want)
			}
		}
	}
}

// Ensure a body that an operation does not read may have any size.
func TestBodiesNobodyLooksAt(t *testing.T) {
	t.Parallel()
	huge := `"` + strings.Repeat("x", 2<<20) + `"`
	servicetest.Tell(t, "freezer", "documented", []step{
		{Method: "GET", Path: "/v1/clients/n2", Body: huge, Status: 404},
		{Method: "DELETE", Path: "/v1/clients/n2", Body: huge, Status: 404},
	})
	servicetest.Tell(t, "privx", "documented", []step{{Method: "GET", Path: "/local-user-store/api/v1/api-clients", Body: huge, Status: 200}})
}

// Ensure numbers of a million digits cost little.
func TestHugeNumbers(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("9", 1_000_000)
	servicetest.Tell(t, "freezer", "empty", []step{
		{Method: "POST", Path: "/v1/clients", Body: `{"client_id":"a","hostname":"h","n":` + digits + `}`, Status: 201},
		{Method: "GET", Path: "/v1/clients", Body: `{"match":[{"n":` + digits + `}]}`, Status: 200, Want: has(`"a"`)},
		{Method: "GET", Path: "/v1/clients", Body: `{"match":[{"n":1` + digits[1:] + `}]}`, Status: 200, Not: has(`"a"`)},
		{Method: "POST", Path: "/v1/clients", Body: digits, Status: 400},
	})
	servicetest.Tell(t, "privx", "empty", []step{
		{Method: "POST", Path: "/local-user-store/api/v1/api-clients/search", Body: `{"limit":` + digits + `}`, Status: 200, Want: has(`{"count":0,"items":[]}`)},
		{Method: "POST", Path: "/local-user-store/api/v1/api-clients/search", Body: `{"limit":-` + digits + `}`, Status: 400, Want: has("VALUE_OUT_OF_BOUNDS")},
	})
}

// Ensure queries that are not well formed are read as the servers read them.
func TestOddQueries(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "freezer", "documented", []step{
		{Method: "GET", Path: "/v1/clients?limit=%zz", Status: 400},
		{Method: "GET", Path: "/v1/clients?limit=5%", Status: 400},
		{Method: "GET", Path: "/v1/clients?limit=1;x", Status: 400},
		{Method: "GET", Path: "/v1/clients?&&=5&limit=1&x", Status: 200, Want: has("szaher01"), Not: has(`"szaher"`)},
		{Method: "GET", Path: `/v1/clients?search={"match":[{"hostname":"szaher;"}]}`, Status: 200, Want: has(`{"clients":[]}`)},
	})
	servicetest.Tell(t, "devops", "documented", []step{{Method: "GET", Path: "/v3/images?provider=provider%zzid", Status: 404, Want: has("Invalid provider 'provider%zzid'")}})
}

// Ensure several Accept headers are read as one list.
func TestSeveralAcceptHeaders(t *testing.T) {
	t.Parallel()
	w := dial(t, emulator.RunT(t))
	if line, _ := w.send("GET /v1/clients HTTP/1.1\n"+demoHead+"Accept: text/html\nAccept: application/json", ""); line != "HTTP/1.1 200 OK" {
		t.Errorf("got %q", line)
	}
}

// Ensure a user's own contract answers with its examples, wherever its parameters are, and that
// paths without parameters take precedence.
func TestOwnContract(t *testing.T) {
	t.Parallel()
	operation := func(id string) string {
		return `{operationId: ` + id + `, x-stateless: true, responses: {"200": {description: ok, content: {application/json: {example: ` + id + `}}}}}`
	}
	file := filepath.Join(t.TempDir(), "zoo.yaml")
	text := `{openapi: 3.1.0, x-service: zoo, info: {title: Zoo, version: "1"}, paths: {
		/pets: {get: ` + operation("zoo.list") + `},
		"/pets/{id}": {get: ` + operation("zoo.show") + `},
		/pets/best: {get: ` + operation("zoo.best") + `},
		"/{house}/cages/{x}": {get: ` + operation("zoo.cage") + `}}}`
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "\t", "  ")), 0o600); err != nil {
		t.Fatal(err)
	}
	s := emulator.RunT(t, emulator.WithContract(file))
	for path, want := range map[string]string{
		"/pets": `"zoo.list"`, "/pets/5": `"zoo.show"`, "/pets/best": `"zoo.best"`, "/lions/cages/1": `"zoo.cage"`,
	} {
		if line, body := dial(t, s).send("GET "+path+" HTTP/1.1\nHost: h", ""); line != "HTTP/1.1 200 OK" || body != want {
			t.Errorf("%s: %s %s", path, line, body)
		}
	}
	if line, _ := dial(t, s).send("GET /pets/5/toys HTTP/1.1\nHost: h", ""); line != "HTTP/1.1 404 Not Found" {
		t.Errorf("got %s", line)
	}
	if line, _ := dial(t, s).send("GET / HTTP/1.1\nHost: h", ""); line != "HTTP/1.1 200 OK" {
		t.Errorf("the index: %s", line)
	}
	if _, err := emulator.New(emulator.WithContract(file, file)); err == nil {
		t.Error("a service may be there twice")
	}
	for from, to := range map[string]string{"/pets/best": "/v1/clients", "/pets: {": "pets: {", "x-stateless: true, responses: {": "responses: {bad: ", `"200": {`: `"404": {`} {
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(strings.ReplaceAll(text, "\t", "  "), from, to)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := emulator.New(emulator.WithContract(file)); err == nil {
			t.Errorf("%s for %s was accepted", to, from)
		}
	}
}

// Ensure addresses are those of the server that is asked, while it runs.
func TestServersKnowTheirOwnAddresses(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	one, err := e.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	two, err := e.Start(context.Background(), "barbican=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if one.Addr("barbican") == two.Addr("barbican") || "http://"+one.Addr("") != one.URL || two.Addr("freezer") != "" {
		t.Errorf("one %s, two %s and %q", one.Addr("barbican"), two.Addr("barbican"), two.Addr("freezer"))
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if one.Addr("") != "" {
		t.Error("a closed server has an address")
	}
}

// Ensure a server ends with the context that started it.
func TestContextEndsServer(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := e.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	url := s.URL
	cancel()
	_ = s.Close() // waits until it has ended
	if resp, err := http.Get(url); err == nil {
		_ = resp.Body.Close()
		t.Error("the server goes on")
	}
}

// Ensure bodies beyond the limit are refused if there is a limit.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	huge := `{"x":"` + strings.Repeat("x", 1<<20) + `"}`
	payload := `{"payload_content_type":"text/plain","payload":"` + strings.Repeat("x", 20001) + `"}`
	for _, c := range servicetest.Contracts(t) {
		for _, op := range c.Operations {
			if op.Response(http.StatusRequestEntityTooLarge) == nil || c.Service == "control" {
				continue
			}
			p := servicetest.NewPlayer(t, emulator.WithFixture("documented"))
			s := op.Samples[0]
			s.Body, s.Request = &huge, ""
			if op.ID == "barbican.secrets.create" { // it limits a member, not the body
				s.Body = &payload
			}
			if resp, body := p.Play(op, s); resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d %.200s", op.ID, resp.StatusCode, body)
			}
		}
	}
}
