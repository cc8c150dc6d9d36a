package emulator_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/internal/value"
)

func itoa(n int) string { return strconv.Itoa(n) }

// wire sends raw requests over one connection to a server.
type wire struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, s *emulator.Server) *wire {
	t.Helper()
	return dialTo(t, s.Addr(""))
}

func dialTo(t *testing.T, addr string) *wire {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &wire{t, c, bufio.NewReader(c)}
}

// send sends a request, with \n for line ends, and returns the status line and the body of the
// answer.
func (w *wire) send(head, body string) (line, got string) {
	w.t.Helper()
	head = strings.ReplaceAll(strings.TrimSpace(head), "\n", "\r\n")
	if body != "" {
		head += "\r\nContent-Length: " + itoa(len(body))
	}
	if _, err := io.WriteString(w.c, head+"\r\n\r\n"+body); err != nil {
		w.t.Fatal(err)
	}
	line, err := w.r.ReadString('\n')
	if err != nil {
		w.t.Fatal(err)
	}
	length := 0
	for {
		l, err := w.r.ReadString('\n')
		if err != nil {
			w.t.Fatal(err)
		}
		if l == "\r\n" {
			break
		}
		if v, ok := strings.CutPrefix(l, "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(v))
		}
	}
	b := make([]byte, length)
	if _, err := io.ReadFull(w.r, b); err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(line), string(b)
}

const demoHead = "Host: localhost:9311\nX-Auth-Token: demo-token\n"

// Ensure the status line of 753 has the documented phrase, and the connection works after it.
func TestReasonPhrase(t *testing.T) {
	t.Parallel()
	w := dial(t, emulator.RunT(t))
	for range 3 {
		if line, body := w.send("POST /v1/clients HTTP/1.1\n"+demoHead, "{"); line != "HTTP/1.1 753 Syntax Error" || body != `{"title":"Malformed JSON"}` {
			t.Errorf("got %q %s", line, body)
		}
		if line, _ := w.send("GET /v1/clients HTTP/1.1\n"+demoHead, ""); line != "HTTP/1.1 200 OK" {
			t.Errorf("got %q", line)
		}
	}
	if line, _ := w.send("POST /v1/clients HTTP/1.0\nConnection: keep-alive\n"+demoHead, "{"); line != "HTTP/1.0 753 Syntax Error" {
		t.Errorf("got %q", line)
	}
}

// Ensure a text that looks like a status line is not changed.
func TestReasonPhraseLeavesBodiesAlone(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	id := "n1"
	text := "HTTP/1.1 753 status code 753\\r\\n"
	w := dial(t, s)
	w.send("POST /v1/clients HTTP/1.1\n"+demoHead, "{")
	if line, body := w.send("POST /v1/clients HTTP/1.1\n"+demoHead, `{"client_id":"`+id+`","hostname":"h","description":"`+text+`"}`); line != "HTTP/1.1 201 Created" {
		t.Fatalf("got %q %s", line, body)
	}
	if _, body := w.send("GET /v1/clients/n1 HTTP/1.1\n"+demoHead, ""); !strings.Contains(body, text) {
		t.Errorf("got %s", body)
	}
}

// Ensure requests without Content-Length for a body are read as each server reads them.
func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithFixture("documented"))
	send := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Auth-Token", "demo-token")
		r.Header.Set("Content-Type", "application/json")
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if code, body := send("POST", "/v1/clients", `{"client_id":"a","hostname":"h"}`); code != 400 || !strings.Contains(body, "Missing request body") {
		t.Errorf("Freezer: %d %s", code, body) // it looks only at Content-Length
	}
	if code, body := send("POST", "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers", `{"name":"a","URL":"h"}`); code != 200 {
		t.Errorf("Barbican: %d %s", code, body)
	}
}

// Ensure very many headers and very long URLs are refused by net/http, and the emulator continues.
func TestFloods(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	w := dial(t, s)
	if line, _ := w.send("GET /v1/clients HTTP/1.1\nHost: localhost\n"+strings.Repeat("X-Flood: "+strings.Repeat("x", 100)+"\n", 1000), ""); !strings.Contains(line, "431") {
		t.Errorf("header flood: %q", line)
	}
	w = dial(t, s)
	if line, _ := w.send("GET /v1/clients?"+strings.Repeat("a", 100_000)+" HTTP/1.1\n"+demoHead, ""); !strings.Contains(line, "431") {
		t.Errorf("URL flood: %q", line)
	}
	w = dial(t, s)
	if line, _ := w.send("GET /v1/clients?"+strings.Repeat("limit=1&", 5000)+" HTTP/1.1\n"+demoHead, ""); line != "HTTP/1.1 200 OK" {
		t.Errorf("query flood: %q", line)
	}
}

// Ensure services on their own listeners answer everything there, and that the links of the
// catalogue work between them.
func TestListenersOfTheirOwn(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(context.Background(), "keystone=127.0.0.1:0", "barbican=127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	get := func(url string, header ...string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		c := s.Client()
		defer c.CloseIdleConnections()
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	keystone, barbican := "http://"+s.Addr("keystone"), "http://"+s.Addr("barbican")
	if code, body := get(keystone + "/"); code != 300 || !strings.Contains(body, keystone+"/v3/") {
		t.Errorf("keystone /: %d %s", code, body)
	}
	if code, _ := get(barbican + "/v1/nothing"); code != 401 { // before 404
		t.Errorf("barbican, unknown path: %d", code)
	}
	if code, _ := get("http://" + s.Addr("") + "/v1/nothing"); code != 404 {
		t.Errorf("root, unknown path: %d", code)
	}
	_, body := get(keystone+"/v3/auth/catalog", "X-Auth-Token", "demo-token")
	for _, want := range []string{`"` + keystone + `/v3"`, `"` + barbican + `"`, `"http://` + s.Addr("freezer") + `/backup"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in the catalogue %s", want, body)
		}
	}
	if code, _ := get(barbican + "/_standin/health"); code != 200 {
		t.Errorf("health on barbican's listener: %d", code)
	}
	if _, err := e.Start(context.Background(), "nothing=127.0.0.1:0"); err == nil {
		t.Error("an unknown service got a listener")
	}
}

// Ensure references, links and catalogues have the address by which the caller came.
func TestAddresses(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithFixture("documented"))
	const page = "/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers?limit=1"
	tests := []struct{ name, path, head, want string }{
		{"host", page, "Host: example.test:1234", "http://example.test:1234/v1/containers/"},
		{"prefix", "/key-manager" + page, "Host: h", "http://h/key-manager/v1/containers/"},
		{"double slashes", "//key-manager/" + page, "Host: h", "http://h/key-manager/v1/containers/"},
		{"behind a proxy", page, "Host: h\nX-Forwarded-Proto: https\nX-Forwarded-Host: api.example.com\nX-Forwarded-Prefix: /a/b/", "https://api.example.com/a/b/v1/containers/"},
		{"behind one that shouts", page, "Host: h\nX-Forwarded-Proto: HTTPS\nX-Forwarded-Host: api.example.com:8443", "https://api.example.com:8443/v1/containers/"},
		{"behind several", page, "Host: h\nX-Forwarded-Proto: https, http\nX-Forwarded-Host: a.example, b.example", "https://a.example/v1/containers/"},
		{"IPv6", page, "Host: [::1]:9311", "http://[::1]:9311/v1/containers/"},
		{"IPv6 without a port", page, "Host: [::1]", "http://[::1]/v1/containers/"},
		{"markup for a host", page, "Host: h\nX-Forwarded-Host: a\"b<script>", "http://h/v1/containers/"},
		{"a path for a host", page, "Host: h\nX-Forwarded-Host: a/b", "http://h/v1/containers/"},
		{"a user for a host", page, "Host: h\nX-Forwarded-Host: u@a", "http://h/v1/containers/"},
		{"no number for a port", page, "Host: h\nX-Forwarded-Host: a:b", "http://h/v1/containers/"},
		{"a host that is too long", page, "Host: h\nX-Forwarded-Host: " + strings.Repeat("a", 301), "http://h/v1/containers/"},
		{"markup for a prefix", page, "Host: h\nX-Forwarded-Prefix: /<script>", "http://h/v1/containers/"},
		{"a host for a prefix", page, "Host: h\nX-Forwarded-Prefix: //evil.example", "http://h/v1/containers/"},
		{"a word for a prefix", page, "Host: h\nX-Forwarded-Prefix: cloud", "http://h/v1/containers/"},
		{"another scheme", page, "Host: h\nX-Forwarded-Proto: javascript", "http://h/v1/containers/"},
		{"the Chinese page", page, "Host: :9311\nX-Forwarded-Proto: https", "https://:9311/v1/containers/"},
		{"catalogue", "/identity/v3/auth/catalog", "Host: h", `"http://h/key-manager"`},
	}
	for _, tt := range tests {
		_, body := dial(t, s).send("GET "+tt.path+" HTTP/1.1\nX-Auth-Token: demo-token\n"+tt.head, "")
		if !strings.Contains(body, tt.want) {
			t.Errorf("%s: no %s in %s", tt.name, tt.want, body)
		}
	}
}

// Ensure a listener of one service links to the others by the address by which the caller came,
// also through a proxy.
func TestAddressesOfNamedListeners(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(t.Context(), "keystone=127.0.0.1:0", "barbican=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Addr("barbican"))
	for head, want := range map[string]string{
		"Host: 127.0.0.1:5000": "http://127.0.0.1:",
		"Host: [::1]:5000":     "http://[::1]:",
		"Host: [::1]":          "http://[::1]:",
		"Host: h\nX-Forwarded-Proto: HTTPS\nX-Forwarded-Host: cloud.example.com:5000\nX-Forwarded-Prefix: /a": "https://cloud.example.com:",
	} {
		_, body := dialTo(t, s.Addr("keystone")).send("GET /v3/auth/catalog HTTP/1.1\nX-Auth-Token: demo-token\n"+head, "")
		if !strings.Contains(body, `"`+want+port) {
			t.Errorf("%s: no %s in %s", head, want+port, body)
		}
	}
}

// Ensure the 404 at the root names where a path exists, and never itself.
func TestNearPaths(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/v1":                             `"near":["/backup/v1","/key-manager/v1"]`,
		"/healthcheck":                    `"near":["/backup/healthcheck","/key-manager/healthcheck"]`,
		"/v1/client":                      `"/v1/clients"`,
		"/" + strings.Repeat("v", 60_000): `"near":[]`,
	} {
		if body := recorded(e, "GET", path, "").Body.String(); !strings.Contains(body, want) || strings.Contains(body, `"near":["`+path+`"`) {
			t.Errorf("%.20s: %.300s", path, body)
		}
	}
}

// Ensure concurrent writers lose nothing and readers see whole worlds.
func TestConcurrentRequests(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	c := s.Client()
	defer c.CloseIdleConnections()
	do := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		r.Header.Set("X-Auth-Token", "demo-token")
		resp, err := c.Do(r)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if code, body := do("POST", "/v1/clients", fmt.Sprintf(`{"client_id":"n-%d-%d","hostname":"h"}`, w, i)); code != 201 {
					t.Errorf("%d %s", code, body)
				}
				if code, body := do("GET", "/v1/clients?limit=1000", ""); code != 200 {
					t.Errorf("%d %s", code, body)
				}
			}
		})
	}
	wg.Wait()
	_, body := do("GET", "/v1/clients?limit=1000", "")
	v, err := value.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	list, _ := v.(*value.Object).Get("clients")
	if n := len(list.([]any)); n != writers*each {
		t.Errorf("%d clients, want %d", n, writers*each)
	}
}

// Ensure tokens expire on virtual time, without a network.
func TestTokensExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := e.Client()
		defer c.CloseIdleConnections()
		login := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"id":"default"}}}},"scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}`
		resp, err := c.Post("http://standin/v3/auth/tokens", "application/json", strings.NewReader(login))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		token := resp.Header.Get("X-Subject-Token")
		list := func() int {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://standin/v1/clients", nil)
			r.Header.Set("X-Auth-Token", token)
			resp, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			return resp.StatusCode
		}
		if code := list(); code != 200 {
			t.Errorf("with a new token: %d", code)
		}
		time.Sleep(59 * time.Minute)
		if code := list(); code != 200 {
			t.Errorf("after 59 minutes: %d", code)
		}
		time.Sleep(2 * time.Minute)
		if code := list(); code != 401 {
			t.Errorf("after 61 minutes: %d", code)
		}
	})
}

// Ensure a closed emulator's client fails at once.
func TestClosedClient(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if resp, err := e.Client().Get("http://standin/"); err == nil {
		_ = resp.Body.Close()
		t.Error("a closed emulator answered")
	}
	if err := e.Close(); err != nil {
		t.Error("closing twice:", err)
	}
}
