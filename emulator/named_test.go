package emulator_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// These are paths of PrivX.
const (
	apiClients = "/local-user-store/api/v1/api-clients"
	roleStore  = "/role-store/api/v1/roles"
)

// asked sends a request to an emulator, as demo at every service.
func asked(e *emulator.Emulator, method, path, body string, header ...string) *httptest.ResponseRecorder {
	switch {
	case strings.HasPrefix(path, "/v3/image"), strings.HasPrefix(path, "/v3/filter"):
		header = append([]string{"Authorization", "Basic ZGVtbzpkZW1v"}, header...)
	case strings.Contains(path, "-store/"):
		header = append([]string{"Authorization", "Bearer admin-token"}, header...)
	}
	return recorded(e, method, path, body, header...)
}

// last returns the journal's entry of the last exchange.
func last(t *testing.T, e *emulator.Emulator) journal.Entry {
	t.Helper()
	all := e.Requests()
	if len(all) == 0 {
		t.Fatal("the journal is empty")
	}
	return all[len(all)-1]
}

// Ensure a page is capped wherever its limit comes from. Ensure the journal and the answer report
// the cap only if it had an effect.
func TestPageCap(t *testing.T) {
	t.Parallel()
	const consumers = "/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers"
	e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithFault(fault.Rule{Name: "short", When: fault.When{Times: new(0)}, What: fault.What{PageCap: 2}}))
	if err != nil {
		t.Fatal(err)
	}
	if w := asked(e, "POST", "/v1/clients", `{"client_id":"third","hostname":"h"}`); w.Code != 201 {
		t.Fatal(w.Code)
	}
	tests := []struct {
		method, path, body string
		list               string // the member with the items; empty if the request is refused
		items              int
		did                bool
	}{
		{"POST", apiClients + "/search", `{"keywords":"","limit":50}`, "/items", 2, true},
		{"POST", apiClients + "/search", `{"keywords":"string","limit":50,"offset":1,"sortkey":"","sortdir":""}`, "/items", 2, true},
		{"POST", apiClients + "/search", `{"limit":2}`, "/items", 2, false},
		{"POST", apiClients + "/search", `{"limit":1}`, "/items", 1, false},
		{"POST", apiClients + "/search", `{"limit":0}`, "/items", 0, false},
		{"POST", apiClients + "/search", ``, "/items", 2, true},
		{"POST", apiClients + "/search?limit=40", `{"limit":null}`, "/items", 2, true},
		{"POST", apiClients + "/search?limit=1", `{"limit":40}`, "/items", 2, true},
		{"POST", apiClients + "/search?limit=40", `{"limit":1}`, "/items", 1, false},
		{"POST", apiClients + "/search", `{"limit":99999999999999999999}`, "/items", 2, true},
		{"POST", apiClients + "/search", `{"limit":"many"}`, "", 0, false},
		{"POST", apiClients + "/search", `{"limit":40,"keywords":5}`, "", 0, false},
		{"GET", apiClients, "", "/items", 2, true},
		{"GET", apiClients + "?limit=99999999999999999999", "", "/items", 2, true},
		{"GET", apiClients + "?limit=1&limit=40", "", "/items", 2, true},
		{"GET", apiClients + "?limit=40&limit=1", "", "/items", 1, false},
		{"GET", apiClients + "?limit=many", "", "", 0, false},
		{"POST", roleStore + "/search", `{"limit":40}`, "/items", 0, false}, // there are none
		{"POST", apiClients + "/search", `{"limit":40,"offset":121}`, "/items", 2, false},
		{"POST", apiClients + "/search", `{"limit":40,"offset":120}`, "/items", 2, true},
		{"POST", apiClients + "/search", `{"keywords":"string","offset":121}`, "/items", 2, false},
		{"POST", apiClients + "/search", `{"offset":9223372036854775807}`, "/items", 0, false},
		{"GET", consumers + "?limit=50", "", "/consumers", 2, true},
		{"GET", consumers, "", "/consumers", 2, true},
		{"GET", consumers + "?limit=many", "", "/consumers", 2, true}, // Barbican ignores it
		{"GET", consumers + "?limit=3_0", "", "/consumers", 2, true},
		{"GET", consumers + "?limit=-5", "", "/consumers", 1, false},
		{"GET", consumers + "?limit=1&limit=50", "", "/consumers", 2, true},
		{"GET", consumers + "?limit=50&offset=1", "", "/consumers", 2, false},
		{"GET", consumers + "?limit=50&offset=3", "", "/consumers", 0, false},
		{"GET", "/v1/clients?limit=5,9", "", "/clients", 2, true},
		{"GET", "/v1/clients?limit=0", "", "/clients", 2, true},
		{"GET", "/v1/clients?limit=1", "", "/clients", 1, false},
		{"GET", "/v1/clients?limit=-1", "", "/clients", 2, true},
		{"GET", "/v1/clients?limit=-1&offset=1", "", "/clients", 2, false},
		{"GET", "/v1/clients", `{"match":[{"hostname":"h"}]}`, "/clients", 1, false},
		{"GET", "/v1/clients?limit=-1", `{"match":[{"hostname":"h"}]}`, "/clients", 0, false},
		{"GET", "/v1/clients", `{"match_not":[{"hostname":"x"}]}`, "/clients", 2, true},
		{"GET", "/v1/clients?limit=2.5", "", "", 0, false},
		{"GET", "/v1/backups?limit=50", "", "/backups", 0, false}, // an example, whatever the request is
	}
	for _, tt := range tests {
		w := asked(e, tt.method, tt.path, tt.body)
		name := tt.method + " " + tt.path + " " + tt.body
		entry := last(t, e)
		f := entry.Faults[0]
		if f.Fired != tt.did || slices.Contains(f.Did, "page_cap 2") != tt.did || (w.Header().Get(fault.Header) == "short") != tt.did {
			t.Errorf("%s: fired %t, did %q, header %q; want %t", name, f.Fired, f.Did, w.Header().Get(fault.Header), tt.did)
		}
		if tt.list == "" {
			if w.Code != 400 {
				t.Errorf("%s: %d", name, w.Code)
			}
			continue
		}
		v, ok := value.At(servicetest.Parse(t, w.Body.Bytes()), tt.list)
		items, _ := v.([]any)
		if tt.path == "/v1/backups?limit=50" {
			tt.items = len(items)
		}
		if !ok || len(items) != tt.items {
			t.Errorf("%s: %d items, want %d; %s", name, len(items), tt.items, w.Body)
		}
	}
}

// Ensure the answer names exactly the rules that fired according to the journal.
func TestFaultHeader(t *testing.T) {
	t.Parallel()
	always := func(r fault.Rule) fault.Rule {
		r.When.Times, r.Continue = new(0), true
		return r
	}
	tests := []struct {
		name, path, token string
		rules             []fault.Rule
		want              string
	}{
		{"a token that cannot expire", "/v1/clients", "none", []fault.Rule{{Name: "expire", What: fault.What{ExpireToken: true}}}, ""},
		{"a token that can", "/v1/clients", "demo-token", []fault.Rule{{Name: "expire", What: fault.What{ExpireToken: true}}}, "expire"},
		{"no page", "/v1/clients/none", "demo-token", []fault.Rule{{Name: "cap", What: fault.What{PageCap: 1}}}, ""},
		{"a page that is short", "/v1/clients?limit=1", "demo-token", []fault.Rule{{Name: "cap", What: fault.What{PageCap: 1}}}, ""},
		{"a page of who may not", "/v1/clients", "nobody-token", []fault.Rule{{Name: "cap", What: fault.What{PageCap: 1}}}, ""},
		{"a page that is capped", "/v1/clients?limit=2", "demo-token", []fault.Rule{{Name: "cap", What: fault.What{PageCap: 1}}}, "cap"},
		{"a page of nobody", "/v1/clients", "none", []fault.Rule{{Name: "cap", What: fault.What{PageCap: 1}}}, ""},
		{"a page that is replaced", "/v1/clients", "demo-token", []fault.Rule{{Name: "cap", What: fault.What{PageCap: 1}, Continue: true}, {Name: "down", What: fault.What{Status: 503}}}, "down"},
		{"two statuses", "/v1/clients", "demo-token", []fault.Rule{{Name: "one", What: fault.What{Status: 503}, Continue: true}, {Name: "two", What: fault.What{Status: 500}}}, "one"},
		{"two statuses in two phases", "/v1/clients", "demo-token", []fault.Rule{{Name: "one", What: fault.What{Status: 503}, Continue: true}, {Name: "two", What: fault.What{Status: 500}, Phase: fault.After}}, "one, two"},
		{"a patch of what is no JSON", "/v1/clients", "demo-token", []fault.Rule{{Name: "text", What: fault.What{Body: "oops"}, Continue: true}, {Name: "patch", What: fault.What{Patch: map[string]any{"a": "b"}}}}, "text"},
		{"no delay", "/v1/clients", "demo-token", []fault.Rule{{Name: "late", What: fault.What{Delay: fault.Fixed(0)}}}, ""},
		{"two paces", "/v1/clients", "demo-token", []fault.Rule{{Name: "slow", What: fault.What{Bandwidth: 1 << 20}, Continue: true}, {Name: "slower", What: fault.What{Bandwidth: 1 << 20}}}, "slow"},
		{"a cut that is silent, then a pace", "/v1/clients", "demo-token", []fault.Rule{
			{Name: "cut", What: fault.What{Connection: &fault.Connection{Kind: fault.Truncate, Mode: "silent"}}, Continue: true}, {Name: "slow", What: fault.What{Bandwidth: 1 << 20}},
		}, "cut, slow"},
		{"stealth", "/v1/clients", "demo-token", []fault.Rule{{Name: "hidden", Stealth: true, What: fault.What{RetryAfter: "2s"}, Continue: true}, {Name: "shown", What: fault.What{RetryAfter: "3s"}}}, "shown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rules []fault.Rule
			for _, r := range tt.rules {
				rules = append(rules, always(r))
			}
			if strings.HasPrefix(tt.name, "two statuses") || tt.name == "stealth" {
				rules = tt.rules
			}
			e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithFault(rules...))
			if err != nil {
				t.Fatal(err)
			}
			w := recorded(e, "GET", tt.path, "", "X-Auth-Token", tt.token)
			if got := w.Header().Get(fault.Header); got != tt.want {
				t.Errorf("the answer names %q, want %q", got, tt.want)
			}
			var fired []string
			for _, f := range last(t, e).Faults {
				if f.Fired && !slices.ContainsFunc(tt.rules, func(r fault.Rule) bool { return r.Name == f.Rule && r.Stealth }) {
					fired = append(fired, f.Rule)
				}
			}
			if got := strings.Join(fired, ", "); got != tt.want {
				t.Errorf("the journal names %q, want %q", got, tt.want)
			}
		})
	}
}

// Ensure a documented failure names the objects of the request, and the documented ones only if the
// request names none.
func TestNamedFailures(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	const image = `{"id":"ami-7","provider":"ec2","remote_user":"r"}`
	tests := []struct{ use, method, path, body, want string }{
		{"devops.images.show/404", "GET", "/v3/image/ami-7", "", `{"message":"Image 'ami-7' does not exist"}`},
		{"devops.images.show/404", "GET", "/v3/image/foo", "", `{"message":"Image 'foo' does not exist"}`},
		{"devops.images.show/404", "GET", "/v3/image/a%22b%5C", "", `{"message":"Image 'a\"b\\' does not exist"}`},
		{"devops.images.update/404", "PUT", "/v3/image/ami-7", "{}", `{"message":"Image 'ami-7' does not exist"}`},
		{"devops.images.delete/404", "DELETE", "/v3/image/ami-7", "", `{"message":"Image 'ami-7' not found"}`},
		{"devops.images.delete/404", "DELETE", "/v3/image/%7Bimage_id%7D", "", `{"message":"Image '{image_id}' not found"}`},
		{"devops.images.create/400/taken", "POST", "/v3/image", image, `{"message":"Duplicate key error: image with id 'ami-7'"}`},
		{"devops.images.create/400/taken", "POST", "/v3/image", "{", `{"message":"Duplicate key error: image with id 'image id'"}`},
		{"devops.images.create/400/taken", "POST", "/v3/image", `{"id":5}`, `{"message":"Duplicate key error: image with id 'image id'"}`},
		{"devops.images.create/403", "POST", "/v3/image", image, `{"message":"Access denied for 'demo'"}`},
		{"devops.images.create/403/reader", "POST", "/v3/image", image, `{"message":"Access denied for 'demo'"}`},
		{"devops.images.list/404", "GET", "/v3/images?provider=ec9", "", `{"message":"Invalid provider 'ec9', available providers: 'ec2', 'openstack', 'static'"}`},
		{"devops.images.list/404", "GET", "/v3/images", "", `{"message":"Invalid provider 'foo', available providers: 'ec2', 'openstack', 'static'"}`},
		{"devops.filters.show/404", "GET", "/v3/filter/ec9/images", "", `{"message":"Invalid provider 'ec9', available providers: 'ec2', 'openstack', 'static'"}`},
		{"freezer.clients.delete/404", "DELETE", "/v1/clients/a%22b", "", `{"title":"Not Found","description":"No Client found with ID:a\"b"}`},
		{"freezer.clients.create/409", "POST", "/v1/clients", `{"client_id":"node7","hostname":"h"}`, `{"title":"Document already existing","description":"Client already registered with ID node7"}`},
		{"freezer.clients.create/409", "POST", "/v1/clients", `{`, `{"title":"Document already existing","description":"Client already registered with ID 752d8bd43d654e7a840bbfda77ce41af_szaher"}`},
		{"keystone.users.show/404", "GET", "/v3/users/u7", "", `{"error":{"code":404,"message":"Could not find user: u7.","title":"Not Found"}}`},
		{"keystone.projects.show/404", "GET", "/v3/projects/p7", "", `{"error":{"code":404,"message":"Could not find project: p7.","title":"Not Found"}}`},
		{"keystone.application-credentials.create/409", "POST", "/v3/users/u7/application_credentials", `{"application_credential":{"name":"ci"}}`, `{"error":{"code":409,"message":"Conflict occurred attempting to store application_credential - Duplicate entry found with name ci.","title":"Conflict"}}`},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.use, " ", tt.path, tt.body), func(t *testing.T) {
			t.Parallel()
			w := asked(e, tt.method, tt.path, tt.body, fault.Header, tt.use)
			if got := w.Body.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	if n := e.Violations(); n != 0 {
		t.Errorf("%d answers broke their contract", n)
	}
}
