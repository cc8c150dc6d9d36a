// Package servicetest has helpers for the tests of services. A test calls the service as clients
// do: over HTTP, through a whole emulator in memory. Only tests import this package.
//
// Samples and Quirks replay the samples of a contract. Tell plays a story. A Player sends single
// requests. A Caller sends requests with its own headers and reads JSON.
//
// The tests of a service must be in an external test package (package freezer_test), because this
// package imports all services.
package servicetest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/contract"
)

// origin is the address of the requests. It is the address in the samples of the documents.
const origin = "http://localhost:9311"

// A Player sends requests to an emulator in memory. NewPlayer and PlayerOf return one. It does
// not follow redirects.
type Player struct {
	// Loose allows failures of samples that another sample needs before it. Without it, Play ends
	// the test if one of them has another status than expected.
	Loose bool

	t      *testing.T
	client *http.Client
	byID   map[string]*contract.Operation
}

// NewPlayer starts an emulator in memory and closes it when the test ends. It checks every
// response against its contract. A violation fails the test.
func NewPlayer(t *testing.T, opts ...emulator.Option) *Player {
	t.Helper()
	bugs := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	opts = append([]emulator.Option{emulator.WithContractCheck(emulator.CheckAlways), emulator.WithLogger(bugs)}, opts...)
	e, err := emulator.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := e.Violations(); n != 0 {
			t.Errorf("%d answers broke their contract", n)
		}
		_ = e.Close()
	})
	return PlayerOf(t, e)
}

// PlayerOf returns a player for an emulator that the test has created and closes itself.
func PlayerOf(t *testing.T, e *emulator.Emulator) *Player {
	t.Helper()
	p := &Player{t: t, client: e.Client(), byID: map[string]*contract.Operation{}}
	for _, c := range Contracts(t) {
		for _, op := range c.Operations {
			p.byID[op.ID] = op
		}
	}
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

// Operation returns the operation of that id, or nil.
func (p *Player) Operation(id string) *contract.Operation { return p.byID[id] }

// Play sends the request of a sample. It first plays the samples that this one needs. It returns
// the response and its body.
func (p *Player) Play(op *contract.Operation, s contract.Sample) (*http.Response, []byte) {
	p.t.Helper()
	for _, before := range s.After {
		id, name, _ := strings.Cut(before, "/")
		first := p.byID[id]
		i := slices.IndexFunc(first.Samples, func(o contract.Sample) bool { return o.Name == name })
		if i < 0 {
			p.t.Fatalf("no sample %s", before)
		}
		if resp, body := p.Play(first, first.Samples[i]); resp.StatusCode != first.Samples[i].Status && !p.Loose {
			p.t.Fatalf("%s before: %d %s", before, resp.StatusCode, body)
		}
	}
	body := []byte{}
	switch {
	case s.Body != nil:
		body = []byte(*s.Body)
	case s.Request != "":
		var ok bool
		if body, ok = op.Request(s.Request); !ok {
			p.t.Fatalf("no example %q of the request body", s.Request)
		}
	}
	method := s.Method
	if method == "" {
		method = op.Method
	}
	req, err := http.NewRequest(method, origin+s.Target(op), bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	p.Login(req, op.Service, s.Caller)
	for name, v := range s.Headers {
		req.Header.Set(name, v)
	}
	return p.Do(req)
}

// Do sends a request. It returns the response, whose body is closed, and the body. An error ends
// the test.
func (p *Player) Do(req *http.Request) (*http.Response, []byte) {
	p.t.Helper()
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, got
}

// Call sends JSON with the fixed token CALLER-token. It returns the status and the body. An empty
// caller sends no token, and an empty body no Content-Type.
func (p *Player) Call(method, path, caller, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequest(method, origin+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if caller != "" {
		req.Header.Set("X-Auth-Token", caller+"-token")
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, text := p.Do(req)
	return resp.StatusCode, string(text)
}

// Reload dumps the state, loads the dump, and dumps again. It fails the test if the two dumps
// differ.
func (p *Player) Reload() {
	p.t.Helper()
	const state = "/_standin/state"
	_, first := p.Call(http.MethodGet, state, "", "")
	if code, text := p.Call(http.MethodPut, state, "", first); code != http.StatusNoContent {
		p.t.Fatalf("%d %s", code, text)
	}
	_, again := p.Call(http.MethodGet, state, "", "")
	for i := range min(len(first), len(again)) {
		if first[i] != again[i] {
			p.t.Fatalf("dumped …%.200s, and again …%.200s", first[max(0, i-60):], again[max(0, i-60):])
		}
	}
	if len(first) != len(again) {
		p.t.Errorf("dumped %d bytes, and again %d", len(first), len(again))
	}
}

// Login adds the credentials of a caller to a request, as the function Login does. The caller
// "unscoped" first logs in to Keystone without a project.
func (p *Player) Login(req *http.Request, service, caller string) {
	p.t.Helper()
	if caller != "unscoped" || service == "control" {
		Login(req, service, caller)
		return
	}
	create := p.byID["keystone.tokens.create"]
	i := slices.IndexFunc(create.Samples, func(s contract.Sample) bool { return s.Name == "unscoped" })
	resp, _ := p.Play(create, create.Samples[i])
	req.Header.Set("X-Auth-Token", resp.Header.Get("X-Subject-Token"))
}

// Login adds the fixed credentials of a caller to a request, in the form that the service
// expects. An empty caller is demo; "none" adds nothing. Requests to the service "control" need
// none.
func Login(req *http.Request, service, caller string) {
	if caller == "" {
		caller = "demo"
	}
	switch {
	case caller == "none" || service == "control":
	case service == "devops" && caller == "root":
		req.SetBasicAuth("root", "")
	case service == "devops":
		req.SetBasicAuth(caller, caller)
	case service == "privx":
		req.Header.Set("Authorization", "Bearer "+caller+"-token")
	default:
		req.Header.Set("X-Auth-Token", caller+"-token")
	}
}

// Recorded sends JSON to a handler without a client, as demo, and returns the recorded response.
// header alternates names and values. They replace the headers that Recorded sets.
func Recorded(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Auth-Token", "demo-token")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

// Status returns the status of a GET that Recorded sends.
func Status(h http.Handler, path string, header ...string) int {
	return Recorded(h, http.MethodGet, path, "", header...).Code
}

// Fetch sends a request through a client, as demo for every service. It returns the status and
// the part of the body that arrived. header alternates names and values. They replace the headers
// that Fetch sets.
func Fetch(ctx context.Context, c *http.Client, method, url, body string, header ...string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body == "" {
		r.Body = http.NoBody
		r.ContentLength = 0
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	if strings.Contains(url, "/local-user-store/") {
		r.Header.Set("Authorization", "Bearer demo-token")
	}
	if strings.Contains(url, "/v3/image") {
		r.SetBasicAuth("demo", "demo")
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}
