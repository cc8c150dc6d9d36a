package emulator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
)

// Ensure two hundred tests at once see nothing of each other, each in its own sandbox with its own
// fixture and faults.
func TestParallelSandboxes(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	for i := range 200 {
		t.Run(itoa(i), func(t *testing.T) {
			t.Parallel()
			fixture := []string{"empty", "default", "documented"}[i%3]
			box := s.Sandbox(t, emulator.WithFixture(fixture), emulator.WithSeed(int64(i)), emulator.WithFault(fault.Rule{
				Name: "mine", Where: fault.Where{Operation: "freezer.clients.list"}, When: fault.When{Skip: i % 5, Times: new(1)}, What: fault.What{Status: 500 + i},
			}))
			c := box.Client()
			defer c.CloseIdleConnections()
			id := "node-" + itoa(i)
			if code, body, err := call(t.Context(), c, "POST", box.URL+"/v1/clients", fmt.Sprintf(`{"client_id":"%s","hostname":"h"}`, id)); code != 201 || err != nil {
				t.Fatalf("%d %s %v", code, body, err)
			}
			for n := range 7 {
				want := 200
				if n == i%5 {
					want = 500 + i
				}
				code, body, err := call(t.Context(), c, "GET", box.URL+"/v1/clients?limit=100", "")
				if code != want || err != nil {
					t.Fatalf("request %d: %d %v, want %d", n, code, err, want)
				}
				if code == 200 && (strings.Count(body, `"node-`) != 1 || !strings.Contains(body, id)) {
					t.Fatalf("sees others: %s", body)
				}
			}
			if n := len(box.Requests()); n != 8 {
				t.Errorf("%d exchanges in the journal", n)
			}
			if v := box.Verify(journal.Expectation{Pattern: journal.Pattern{Fault: "mine"}, Requests: journal.Exactly(1)}); !v.Passed {
				t.Errorf("%+v", v)
			}
		})
	}
}

const login = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"demo","domain":{"id":"default"}}}},"scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}`

// Ensure a sandbox is reached by path, by header and by a token issued in it. Ensure the links in
// its answers lead to the sandbox.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	box := s.Sandbox(t)
	c := s.Client()
	defer c.CloseIdleConnections()
	create := func(url, id string, header ...string) {
		t.Helper()
		if code, body, err := call(t.Context(), c, "POST", url+"/v1/clients", fmt.Sprintf(`{"client_id":"%s","hostname":"h"}`, id), header...); code != 201 || err != nil {
			t.Errorf("%s: %d %s %v", id, code, body, err)
		}
	}
	create(s.URL, "outside")
	create(box.URL, "by-path")
	create(s.URL, "by-header", emulator.SandboxHeader, box.Name())
	w := recorded(s.Emulator(), "POST", "/~"+box.Name()+"/v3/auth/tokens", login)
	token := w.Header().Get("X-Subject-Token")
	create(s.URL, "by-token", "X-Auth-Token", token)
	if !strings.Contains(w.Body.String(), "/~"+box.Name()+"/key-manager") {
		t.Errorf("the catalogue leads outside: %s", w.Body)
	}
	form := recorded(s.Emulator(), "POST", "/~"+box.Name()+"/auth/api/v1/oauth/token", "grant_type=password&username=demo-client&password=demo-secret",
		"Content-Type", "application/x-www-form-urlencoded", "Authorization", "Basic cHJpdngtZXh0ZXJuYWw6cHJpdngtc2VjcmV0")
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(form.Body.Bytes(), &grant); err != nil {
		t.Fatalf("%s: %v", form.Body, err)
	}
	if code, err := fetch(t, c, "GET", s.URL+"/local-user-store/api/v1/api-clients", "", "Authorization", "Bearer "+grant.Token); code != 200 || err != nil {
		t.Errorf("PrivX by token: %d %v", code, err)
	}
	_, inside, _ := call(t.Context(), c, "GET", box.URL+"/v1/clients", "")
	_, outside, _ := call(t.Context(), c, "GET", s.URL+"/v1/clients", "")
	for _, id := range []string{"by-path", "by-header", "by-token"} {
		if !strings.Contains(inside, id) || strings.Contains(outside, id) {
			t.Errorf("%s: inside %s, outside %s", id, inside, outside)
		}
	}
	if strings.Contains(inside, `"outside"`) {
		t.Errorf("inside: %s", inside)
	}
	other := s.Sandbox(t)
	if code, _ := fetch(t, c, "GET", other.URL+"/v1/clients", "", "X-Auth-Token", token); code != 401 {
		t.Errorf("the token of another sandbox: %d", code)
	}
	if other.Name() == box.Name() {
		t.Error("two sandboxes of one test have one name")
	}
	last := box.Requests()[len(box.Requests())-1]
	if last.Sandbox != box.Name() {
		t.Errorf("the journal says %s", last.Sandbox)
	}
}

// Ensure links in a sandbox have its prefix, and links in forks work.
func TestLinksInside(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	box := s.Sandbox(t, emulator.WithFixture("documented"))
	_, body, _ := call(t.Context(), s.Client(), "GET", box.URL+"/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers?limit=1", "")
	if !strings.Contains(body, `"next":"`+box.URL+`/v1/containers/`) {
		t.Errorf("got %s", body)
	}
}

// Ensure options of a whole emulator are not options of a sandbox, and invalid names are refused.
func TestSandboxOptions(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]emulator.Option{"WithAuth": emulator.WithAuth(false), "WithTLS": emulator.WithTLS(), "WithLogger": emulator.WithLogger(nil)} {
		if _, is := o.(emulator.SandboxOption); is {
			t.Errorf("%s is taken for an option of a sandbox", name)
		}
	}
	for _, name := range []string{"", "default", "a/b", "-a"} {
		if _, err := e.NewSandbox(name); err == nil {
			t.Errorf("the name %q was taken", name)
		}
	}
	if _, err := e.NewSandbox("a"); err != nil {
		t.Error(err)
	}
	if _, err := e.NewSandbox("a"); err == nil {
		t.Error("a name was taken twice")
	}
	if !e.DeleteSandbox("a") || e.DeleteSandbox("a") || e.DeleteSandbox("default") {
		t.Error("deleting")
	}
}

// Ensure sandboxes of tests with long names have different names, and expired ones can be created
// again.
func TestSandboxNames(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	for i := range 50 {
		t.Run(strings.Repeat("long", 40)+itoa(i), func(t *testing.T) {
			t.Parallel()
			if box := s.Sandbox(t); len(box.Name()) > 100 {
				t.Errorf("the name %s", box.Name())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if w := recorded(e, "POST", "/_standin/sandboxes", `{"name":"t","ttl":"1s"}`); w.Code != 201 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			time.Sleep(2 * time.Second)
		}
	})
}

// Ensure references contain the sandbox if Barbican's host is fixed.
func TestHostHrefInside(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithHostHref("https://:9311"), emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	if body := recorded(e, "GET", "/~box/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90", "").Body.String(); !strings.Contains(body, `"https://:9311/~box/v1/containers/`) {
		t.Errorf("got %s", body)
	}
}
