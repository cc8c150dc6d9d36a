package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure the world after a request can be dumped and loaded again, and is the same. This holds
// after every sample that writes, and after the samples that it needs.
func TestDumpsLoad(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
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
					p := servicetest.NewPlayer(t, emulator.WithFixture("documented", fixture))
					p.Loose = true
					p.Play(op, s)
					p.Reload()
				})
			}
		}
	}
}

// Ensure loading one section does not lose what others write to other sections at the same time.
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

// Ensure tokens work only at the services of their login, and end with it.
func TestTokensOfOtherLogins(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture("default"))
	create := p.Operation("keystone.tokens.create")
	resp, _ := p.Play(create, create.Samples[0])
	ours := resp.Header.Get("X-Subject-Token")
	login := p.Operation("privx.oauth.token")
	_, body := p.Play(login, login.Samples[0])
	v, _ := servicetest.Parse(t, body).(interface{ Get(string) (any, bool) }).Get("access_token")
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
		if resp, body := p.Do(req); resp.StatusCode != at.status {
			t.Errorf("%s: %d %s, want %d", at.path, resp.StatusCode, body, at.status)
		}
	}
}
