package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// transcript sends a list of requests, including writes and errors. It returns all answers as they
// came, with their headers.
func transcript(t *testing.T, opts ...emulator.Option) string {
	t.Helper()
	p := servicetest.NewPlayer(t, append([]emulator.Option{emulator.WithFixture("documented")}, opts...)...)
	var b strings.Builder
	for _, r := range []struct{ method, path, caller, service, contentType, body string }{
		{"POST", "/v3/auth/tokens", "none", "keystone", "", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"id":"default"}}}}}}`},
		{"POST", "/v1/clients", "", "freezer", "", `{"client_id":"a","hostname":"h"}`},
		{"POST", "/v1/clients", "", "freezer", "", `{`},
		{"POST", "/v1/clients", "", "freezer", "", `{"client_id":"b","hostname":"h"}`},
		{"GET", "/v1/clients", "", "freezer", "", ""},
		{"POST", "/v1/containers", "", "barbican", "application/json", `{"type":"generic"}`},
		{"POST", "/v1/containers", "", "barbican", "application/json", `{"type":"generic","name":"second"}`},
		{"GET", "/v1/containers", "", "barbican", "", ""},
		{"POST", "/local-user-store/api/v1/api-clients", "", "privx", "", `{"name":"new"}`},
		{"GET", "/local-user-store/api/v1/api-clients?sortkey=name&limit=3", "", "privx", "", ""},
		{"POST", "/auth/api/v1/oauth/token", "none", "privx", "application/x-www-form-urlencoded", "grant_type=password&username=demo-client&password=demo-secret"},
		{"POST", "/v3/image", "", "devops", "application/json", `{"id":"x","provider":"p","remote_user":"u"}`},
		{"GET", "/v3/images", "", "devops", "", ""},
		{"GET", "/_standin/state", "", "control", "", ""},
	} {
		req, err := http.NewRequest(r.method, "http://localhost:9311"+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		p.Login(req, r.service, r.caller)
		if r.contentType != "" {
			req.Header.Set("Content-Type", r.contentType)
		}
		if r.path == "/auth/api/v1/oauth/token" {
			req.SetBasicAuth("privx-external", "privx-secret")
		}
		resp, body := p.Do(req)
		fmt.Fprintf(&b, "%s %s\n%v\n%s\n", r.method, r.path, resp.Header, body)
		if resp.StatusCode >= 400 && r.body != "{" {
			t.Errorf("%s %s: %d %s", r.method, r.path, resp.StatusCode, body)
		}
	}
	return b.String()
}

// Ensure the same seed and the same requests give the same bytes: ids, secrets, tokens and times.
// Ensure another seed gives other bytes.
func TestRepeatability(t *testing.T) {
	t.Parallel()
	first := transcript(t, emulator.WithSeed(7))
	if second := transcript(t, emulator.WithSeed(7)); first != second {
		t.Errorf("two runs differ:\n%s\n%s", first, second)
	}
	if first == transcript(t, emulator.WithSeed(8)) {
		t.Error("another seed gives the same bytes")
	}
	if zero := transcript(t, emulator.WithSeed(0)); zero != transcript(t, emulator.WithSeed(0)) || zero == first {
		t.Error("0 is not a seed like any other")
	}
}

// Ensure each line of the transcript with generated values changes with the seed. Otherwise a seed
// that reaches only one service would pass.
func TestSeedReachesEveryService(t *testing.T) {
	t.Parallel()
	a := strings.Split(transcript(t, emulator.WithSeed(1)), "\n")
	b := strings.Split(transcript(t, emulator.WithSeed(2)), "\n")
	differs := map[string]bool{}
	request := ""
	for i := range a {
		if strings.HasPrefix(a[i], "GET ") || strings.HasPrefix(a[i], "POST ") {
			request = a[i]
		}
		if a[i] != b[i] {
			differs[request] = true
		}
	}
	for _, want := range []string{
		"POST /v3/auth/tokens", "GET /v1/clients", "POST /v1/containers", "POST /local-user-store/api/v1/api-clients",
		"GET /local-user-store/api/v1/api-clients?sortkey=name&limit=3", "POST /auth/api/v1/oauth/token",
	} {
		if !differs[want] {
			t.Errorf("%s does not depend on the seed", want)
		}
	}
}

// Ensure a reset gives the same bytes again.
func TestResetRepeats(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t)
	create := func() string {
		req, _ := http.NewRequest(http.MethodPost, "http://h/local-user-store/api/v1/api-clients", strings.NewReader(`{"name":"n"}`))
		p.Login(req, "privx", "")
		resp, body := p.Do(req)
		return fmt.Sprint(resp.StatusCode, string(body))
	}
	first, second := create(), create()
	req, _ := http.NewRequest(http.MethodPost, "http://h/_standin/reset", nil)
	if resp, body := p.Do(req); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if again := create(); again != first || first == second {
		t.Errorf("first %s, second %s, after reset %s", first, second, again)
	}
}

// Ensure a dump is loaded as it was, and continues as the world would have.
func TestDumpGoesOn(t *testing.T) {
	t.Parallel()
	step := func(p *servicetest.Player) string {
		req, _ := http.NewRequest(http.MethodPost, "http://h/local-user-store/api/v1/api-clients", strings.NewReader(`{"name":"n"}`))
		p.Login(req, "privx", "")
		_, body := p.Do(req)
		return string(body)
	}
	dump := func(p *servicetest.Player) string {
		req, _ := http.NewRequest(http.MethodGet, "http://h/_standin/state", nil)
		_, body := p.Do(req)
		return string(body)
	}
	one, two := servicetest.NewPlayer(t, emulator.WithFixture("default")), servicetest.NewPlayer(t)
	step(one)
	state := dump(one)
	req, _ := http.NewRequest(http.MethodPut, "http://h/_standin/state", strings.NewReader(state))
	if resp, body := two.Do(req); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if again := dump(two); again != state {
		t.Errorf("dumped %s\nthen   %s", state, again)
	}
	if a, b := step(one), step(two); a != b {
		t.Errorf("the original goes on with %s, the copy with %s", a, b)
	}
}

// Ensure a request that fails leaves nothing in the world, not even the id that it drew before it
// was refused.
func TestFailuresLeaveNothing(t *testing.T) {
	t.Parallel()
	create := func(p *servicetest.Player, body string) int {
		req, _ := http.NewRequest(http.MethodPost, "http://h/v1/clients", strings.NewReader(body))
		p.Login(req, "freezer", "")
		resp, _ := p.Do(req)
		return resp.StatusCode
	}
	show := func(p *servicetest.Player) string {
		req, _ := http.NewRequest(http.MethodGet, "http://h/v1/clients/a", nil)
		p.Login(req, "freezer", "")
		_, body := p.Do(req)
		return string(body)
	}
	smooth, rough := servicetest.NewPlayer(t), servicetest.NewPlayer(t)
	if code := create(rough, `{"client_id":"no id!","hostname":"h"}`); code != http.StatusBadRequest {
		t.Fatalf("got %d", code)
	}
	for _, p := range []*servicetest.Player{smooth, rough} {
		if code := create(p, `{"client_id":"a","hostname":"h"}`); code != http.StatusCreated {
			t.Fatalf("got %d", code)
		}
	}
	if a, b := show(smooth), show(rough); a != b {
		t.Errorf("without a failure %s, after one %s", a, b)
	}
}
