package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
)

// Ensure what a request leaves behind can be dumped and loaded again, and is the same then:
// after every sample that writes, and for those that need another one before, after both.
func TestDumpsLoad(t *testing.T) {
	t.Parallel()
	for _, c := range contracts(t) {
		if c.Service == "control" {
			continue
		}
		for _, op := range c.Operations {
			if op.Method == http.MethodGet {
				continue
			}
			for _, s := range op.Samples {
				if s.Status >= http.StatusBadRequest {
					continue
				}
				t.Run(op.ID+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					fixture := s.Fixture
					if fixture == "" {
						fixture = "default"
					}
					p := newPlayer(t, emulator.WithFixture("documented", fixture))
					p.loose = true
					p.play(op, s)
					p.reloads()
				})
			}
		}
	}
}

// reloads checks that the state loads as it was dumped.
func (p *player) reloads() {
	p.t.Helper()
	const state = "/_standin/state"
	_, first := p.call(http.MethodGet, state, "", "")
	if code, text := p.call(http.MethodPut, state, "", first); code != http.StatusNoContent {
		p.t.Fatalf("%d %s", code, text)
	}
	_, again := p.call(http.MethodGet, state, "", "")
	for i := range min(len(first), len(again)) {
		if first[i] != again[i] {
			p.t.Fatalf("dumped …%.200s, and again …%.200s", first[max(0, i-60):], again[max(0, i-60):])
		}
	}
	if len(first) != len(again) {
		p.t.Errorf("dumped %d bytes, and again %d", len(first), len(again))
	}
}

// Ensure loading one section loses nothing that others write to the others meanwhile.
func TestSectionsLoadBesideWrites(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	done := make(chan error)
	go func() {
		for range 100 {
			if _, _, err := call(t.Context(), s.Client(), "PUT", s.URL+"/_standin/state/devops", `{"devops":{"images":[{"id":"a","provider":"b","remote_user":"c"}]}}`); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	const clients = 300
	c := s.Client()
	for i := range clients {
		if status, body, err := call(t.Context(), c, "POST", s.URL+"/v1/clients", fmt.Sprintf(`{"client_id":"c%d","hostname":"h"}`, i)); err != nil || status != 201 {
			t.Fatal(status, body, err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(dump(t, s), `"client_id":"c`); n != clients {
		t.Errorf("%d clients are left of %d", n, clients)
	}
}

// Ensure a long dump, which is sent while it is written, is a whole fixture: it loads, and
// what was loaded is dumped the same.
func TestLongDumps(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture("documented"))
	load := func(fixture string) {
		t.Helper()
		if code, text := p.call(http.MethodPut, "/_standin/state", "", fixture); code != http.StatusNoContent {
			t.Fatalf("%d %s", code, text)
		}
	}
	load(`{"extends":"default","freezer":{"generate":{"clients":{"count":3000}}},"privx":{"generate":{"api_clients":{"count":10}}}}`)
	for _, path := range []string{"/_standin/state", "/_standin/state/freezer", "/_standin/state/privx"} {
		req, err := http.NewRequest(http.MethodGet, "http://localhost:9311"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, first := p.do(req)
		if long := resp.ContentLength < 0; long == strings.HasSuffix(path, "privx") {
			t.Errorf("%s: sent while it was written: %t", path, long)
		}
		if code, text := p.call(http.MethodPut, path, "", string(first)); code != http.StatusNoContent {
			t.Fatalf("%s: %d %s", path, code, text)
		}
		if _, second := p.call(http.MethodGet, path, "", ""); second != string(first) {
			t.Errorf("%s: %d bytes, then %d", path, len(first), len(second))
		}
	}
}

// Ensure what belongs to a secret or a container goes with it, as far as the dump tells, and does
// not come back with another one.
func TestDumpsAfterDeletes(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture(matrixFixture))
	_, body := p.call(http.MethodPost, "/v1/secrets", "creator", `{"name": "s"}`)
	ref, _ := parse(t, []byte(body)).(interface{ Get(string) (any, bool) }).Get("secret_ref")
	secret := ref.(string)[len("http://localhost:9311"):]
	for _, path := range []string{secret, matrixContainer} {
		if code, text := p.call(http.MethodPut, path+"/acl", "creator", `{"read": {"users": ["stranger"]}}`); code != http.StatusOK {
			t.Fatalf("ACL of %s: %d %s", path, code, text)
		}
	}
	if code, text := p.call(http.MethodPost, secret+"/consumers", "creator", `{"service": "a", "resource_type": "b", "resource_id": "c"}`); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	if code, text := p.call(http.MethodPost, matrixContainer+"/consumers", "creator", `{"name": "n", "URL": "u"}`); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	p.reloads()
	for _, path := range []string{secret, matrixContainer} {
		if code, text := p.call(http.MethodDelete, path, "admin", ""); code != http.StatusNoContent {
			t.Fatalf("%s: %d %s", path, code, text)
		}
	}
	p.reloads()
}

// Ensure tokens are good at the services of their login only, and end with it.
func TestTokensOfOtherLogins(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture("default"))
	create := p.byID["keystone.tokens.create"]
	resp, _ := p.play(create, create.Samples[0])
	ours := resp.Header.Get("X-Subject-Token")
	login := p.byID["privx.oauth.token"]
	_, body := p.play(login, login.Samples[0])
	v, _ := parse(t, body).(interface{ Get(string) (any, bool) }).Get("access_token")
	theirs := v.(string)
	for _, at := range []struct {
		path, header, token string
		status              int
	}{
		{"/v3/auth/projects", "X-Auth-Token", ours, 200},
		{"/v3/auth/projects", "X-Auth-Token", theirs, 401},
		{"/v1/clients", "X-Auth-Token", theirs, 401},
		{"/v1/secrets", "X-Auth-Token", theirs, 401},
		{"/role-store/api/v1/roles", "Authorization", "Bearer " + theirs, 200},
		{"/role-store/api/v1/roles", "Authorization", "Bearer " + ours, 401},
		{"/role-store/api/v1/roles", "Authorization", "Bearer demo-token", 200},
	} {
		req, err := http.NewRequest(http.MethodGet, "http://localhost:9311"+at.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(at.header, at.token)
		if resp, body := p.do(req); resp.StatusCode != at.status {
			t.Errorf("%s: %d %s, want %d", at.path, resp.StatusCode, body, at.status)
		}
	}
}
