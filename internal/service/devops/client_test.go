package devops_test

import (
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure the requests of devops-client get the responses that its author expects, in both
// profiles. The first request has no credentials. Others have an empty query, templates that are
// null, and a body of a deletion. One updates a missing image and then creates it.
func TestDevopsClient(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"documented", "observed"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			p := servicetest.NewPlayer(t, emulator.WithFixture("default"), emulator.WithProfile(emulator.Profile(profile)))
			send := func(method, path, body string) (int, string) {
				t.Helper()
				req, err := http.NewRequest(method, "http://localhost:9311/v3"+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Accept", "application/json")
				req.Header.Set("Accept-Language", "en")
				if method != http.MethodGet {
					req.Header.Set("Content-Type", "application/json; charset=UTF-8")
				}
				if resp, _ := p.Do(req); resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Www-Authenticate") != `Basic realm=""` {
					t.Fatalf("without credentials: %d %q", resp.StatusCode, resp.Header)
				}
				req.Body, _ = req.GetBody()
				req.Header.Set("Authorization", "Basic cm9vdDo=")
				resp, text := p.Do(req)
				return resp.StatusCode, string(text)
			}
			const image = `{"provider":"ec2","name":"amzn","id":"ami-83e4bcea","remote_user":"ec2-user","bootstrap_template":null}`
			for i, s := range []struct {
				method, path, body string
				ok                 bool
				want               string
			}{
				{"GET", "/providers?", "", true, `["ec2","openstack","static"]`},
				{"GET", "/templates?", "", true, `["chef_freebsd"]`},
				{"GET", "/images/provider/ec2?", "", true, `"ami-83e4bcea"`},
				{"PUT", "/image/ami-83e4bcea", image, false, `{"message":"Image 'ami-83e4bcea' does not exist"}`},
				{"POST", "/image", image, true, `"message":"Created"`},
				{"PUT", "/image/ami-83e4bcea", image, true, "pdated"},
				{"GET", "/images?provider=ec2", "", true, `"name":"amzn"`},
				{"GET", "/image/ami-83e4bcea?", "", true, "ec2-user"},
				{"DELETE", "/image/ami-83e4bcea", "{}", true, "ami-83e4bcea"},
				{"DELETE", "/image/ami-83e4bcea", "{}", false, `{"message":"Image 'ami-83e4bcea' not found"}`},
			} {
				status, text := send(s.method, s.path, s.body)
				if status < 300 != s.ok || !strings.Contains(text, s.want) {
					t.Errorf("step %d, %s %s: %d %s", i, s.method, s.path, status, text)
				}
			}
		})
	}
}
