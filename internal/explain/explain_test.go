package explain_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"standin/emulator"
	"standin/emulator/journal"
	"standin/internal/explain"
	"standin/internal/servicetest"
)

// send sends a request. The headers are names and values in turn.
func send(t *testing.T, p *servicetest.Player, method, target, body string, header ...string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost:9311"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	p.Do(r)
}

const basic = "Basic ZGVtbzpkZW1v" // demo:demo

// planted are requests with a mistake in a name, and what the explanation says of it.
var planted = []struct {
	method, target, body string
	header               []string
	want                 string
}{
	{"POST", "/v1/clients", `{"client_id": "a", "hostnam": "a"}`, nil, `body /hostnam, did you mean "hostname"?`},
	{"POST", "/v1/clients", `{"client_id": "a", "client": {"hostnme": "a"}}`, nil, `body /client/hostnme, did you mean "hostname"?`},
	{"POST", "/v1/clients", `{"clientId": "a"}`, nil, `body /clientId, did you mean "client_id"?`},
	{"GET", "/v1/clients?limt=1&offset=0", "", nil, `query limt, did you mean "limit"?`},
	{"GET", "/v1/clients?client=1", "", nil, `query client`},
	{"POST", "/v1/containers", `{"type": "generic", "secret_ref": []}`, nil, `body /secret_ref, did you mean "secret_refs"?`},
	{"POST", "/v1/containers", `{"type": "generic", "secret_refs": [{"name": "a", "secretref": "b"}, {"nam": 1}]}`, nil,
		`body /secret_refs/0/secretref, did you mean "secret_ref"?; body /secret_refs/1/nam, did you mean "name"?`},
	{"POST", "/v3/auth/tokens", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "passwrd": "demo"}}}}}`, nil,
		`body /auth/identity/password/user/passwrd, did you mean "password"?`},
	{"GET", "/v1/clients", "", []string{"X-Auth-Token", "", "X-Auth-Tokn", "demo-token"}, `header X-Auth-Tokn, did you mean "X-Auth-Token"?`},
	{"GET", "/v3/images", "", []string{"Authorization", basic}, `header X-Auth-Token`},
	{"GET", "/v3/auth/tokens", "", []string{"X-Subjct-Token", "demo-token"}, `header X-Subjct-Token, did you mean "X-Subject-Token"?`},
	{"POST", "/auth/api/v1/oauth/token", "grant_type=password&user=demo&password=x", []string{"X-Auth-Token", "", "Content-Type", "application/x-www-form-urlencoded"}, `body user`},
	{"POST", "/auth/api/v1/oauth/token", "grant_type=password&usrname=demo", []string{"X-Auth-Token", "", "Content-Type", "application/x-www-form-urlencoded"}, `body usrname, did you mean "username"?`},
	{"DELETE", "/v1/clients/a", `{"force": true}`, nil, "body: the operation reads none"},
	{"GET", "/v1/clients?" + strings.Repeat("s", 100) + "=1", "", nil, "query (a name of 100 bytes)"},
	{"GET", "/v1/clients?%7B%22password%22%3A%22x%22%7D", "", nil, "query (a name that is no word)"},
}

// Ensure misspelt members, parameters and headers are found, each with the right neighbour.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, m := range planted {
		t.Run(m.method+" "+m.target+" "+m.body, func(t *testing.T) {
			t.Parallel()
			p := servicetest.NewPlayer(t)
			send(t, p, m.method, m.target, m.body, m.header...)
			x := explanation(t, p)
			var found []string
			for _, u := range x.Unread {
				found = append(found, u.String())
			}
			if got := strings.Join(found, "; "); got != m.want {
				t.Errorf("unread %q, want %q", got, m.want)
			}
			if text := x.String(); strings.Contains(text, "demo-token") {
				t.Errorf("a value is in %s", text)
			}
			var r explain.Report
			if read(t, p, "/_standin/reports/unread", &r); len(r.Unread) != len(found) || r.Searched != 1 {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// ordinary are headers that libraries, proxies and tracing send.
const ordinary = `Accept Accept-Encoding Accept-Language Cache-Control Connection Content-Language Content-Type Content-Md5 Cookie Dnt Expect Forwarded
	From Idempotency-Key If-Match If-Modified-Since If-None-Match Keep-Alive Max-Forwards Origin Pragma Prefer Priority Proxy-Authorization
	Range Referer Sec-Fetch-Mode Sec-Ch-Ua Te Traceparent Tracestate Baggage Upgrade-Insecure-Requests User-Agent Via X-Amzn-Trace-Id
	X-B3-Traceid B3 X-Cloud-Trace-Context X-Correlation-Id X-Datadog-Trace-Id X-Envoy-Attempt-Count X-Forwarded-For X-Forwarded-Host
	X-Forwarded-Port X-Forwarded-Proto X-Openstack-Request-Id X-Real-Ip X-Request-Id X-Requested-With Uber-Trace-Id Sentry-Trace
	OpenStack-API-Version X-Standin-Note`

// Ensure ordinary headers are no news.
func TestOrdinaryHeaders(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t)
	header := []string{}
	for name := range strings.FieldsSeq(ordinary) {
		if name != "Expect" && name != "Te" && name != "Connection" { // these change how the request is sent
			header = append(header, name, "x")
		}
	}
	header = append(header, "Accept", "*/*", "X-Forwarded-Host", "localhost", "X-Forwarded-Proto", "http")
	send(t, p, "GET", "/v1/clients", "", header...)
	if x := explanation(t, p); len(x.Unread) > 0 || x.Answer.Status == 0 {
		t.Errorf("unread %+v of %+v", x.Unread, x.Answer)
	}
}

// Ensure an explanation says which sandbox served the request and why, who the caller was, and what
// decided the answer.
func TestExplanation(t *testing.T) {
	t.Parallel()
	for _, m := range []struct {
		name, method, target, body string
		header                     []string
		want                       []string // of the text
		opts                       []emulator.Option
	}{
		{"handler", "GET", "/v1/clients", "", nil, []string{"default: the request names no sandbox", "demo, by a token", "the handler of freezer.clients.list", "200 OK", "not         400", "            401"}, nil},
		{"basic", "GET", "/v3/images", "", []string{"Authorization", basic}, []string{"demo, by HTTP Basic"}, nil},
		{"bad token", "GET", "/v1/clients", "", []string{"X-Auth-Token", "x"}, []string{"unknown: the credentials", `the check "authentication"`, "401"}, nil},
		{"no token", "GET", "/v1/clients", "", []string{"X-Auth-Token", ""}, []string{"nobody: the request has no", `the check "authentication"`}, nil},
		{"login off", "GET", "/v1/clients", "", []string{"X-Auth-Token", ""}, []string{"because logins are off"}, []emulator.Option{emulator.WithAuth(false)}},
		{"check", "POST", "/v1/clients", `{"hostname": 5}`, nil, []string{`the check "schema: `}, nil},
		{"example", "GET", "/v1/jobs", "", nil, []string{"the documented example of freezer.jobs.list"}, nil},
		{"no operation", "GET", "/v1/clent", "", nil, []string{"none has this method and path", "/v1/clients", "the path and the method", "Standin alone"}, nil},
		{"method", "PATCH", "/v1/clients", "", nil, []string{"none has this method and path", "takes GET, POST"}, nil},
		{"fault", "GET", "/v1/clients", "", []string{"X-Standin-Fault", "freezer.clients.list/401"}, []string{"the rule freezer.clients.list/401, before any check", "fired at its request 1: status 401"}, nil},
		{"late fault", "GET", "/v1/clients", "", []string{"X-Standin-Fault", "status=418; phase=after"}, []string{"the rule request, after the check", "no contract", "the contract does not list this status"}, nil},
		{"bad fault header", "GET", "/v1/clients", "", []string{"X-Standin-Fault", "stats=5"}, []string{`the check "header X-Standin-Fault"`, "Standin alone"}, nil},
		{"hidden body", "PUT", "/v1/secrets/x", "text", nil, []string{"the journal hides it as a whole"}, nil},
		{"long body", "POST", "/v1/clients", `{"description": "` + strings.Repeat("x", 20<<10) + `"}`, nil, []string{"only the beginning of its 20499 bytes"}, nil},
		{"no JSON", "POST", "/v1/clients", "{", nil, []string{"it is not JSON"}, nil},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := servicetest.NewPlayer(t, m.opts...)
			send(t, p, m.method, m.target, m.body, m.header...)
			x := explanation(t, p)
			for _, want := range m.want {
				if text := x.String(); !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

// Ensure an explanation says how a request named its sandbox.
func TestSandboxes(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t)
	for i, m := range []struct {
		target string
		header []string
		by     string
	}{
		{"/~a/v1/clients", nil, "path"},
		{"/v1/clients", []string{"X-Standin-Sandbox", "a"}, "header"},
	} {
		send(t, p, "GET", m.target, "", m.header...)
		var x explain.Explanation
		read(t, p, fmt.Sprintf("/_standin/sandboxes/a/requests/%d/explanation", i+1), &x)
		if x.Sandbox != (explain.Sandbox{Name: "a", By: m.by}) {
			t.Errorf("%s: %+v", m.target, x.Sandbox)
		}
	}
	login := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "demo", "domain": {"id": "default"}}}}}}`
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://localhost:9311/~a/v3/auth/tokens", strings.NewReader(login))
	if err != nil {
		t.Fatal(err)
	}
	resp, _ := p.Do(r)
	send(t, p, "GET", "/v3/auth/catalog", "", "X-Auth-Token", resp.Header.Get("X-Subject-Token"))
	var x explain.Explanation
	read(t, p, "/_standin/sandboxes/a/requests/4/explanation", &x)
	if x.Sandbox != (explain.Sandbox{Name: "a", By: "token"}) {
		t.Errorf("by the token: %+v", x.Sandbox)
	}
}

// Ensure the report counts over all sandboxes, also after a reset, an eviction and the end of a
// sandbox.
func TestReport(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithJournal(journal.Limits{Entries: 1}))
	const each = 20
	var wg sync.WaitGroup
	for i := range each {
		box := fmt.Sprintf("/~box%d", i%3)
		wg.Go(func() { send(t, p, "GET", box+"/v1/clients?limt=1", "") })
		wg.Go(func() { send(t, p, "POST", "/v1/containers", `{"secret_refs": [{"nam": 1}, {"nam": 2}]}`) })
	}
	wg.Wait()
	p.Call("GET", "/?limt=1", "", "") // the index is the emulator's own
	p.Call("POST", "/_standin/reset", "", "")
	p.Call("DELETE", "/_standin/sandboxes/box0", "", "")
	var r explain.Report
	read(t, p, "/_standin/reports/unread", &r)
	want := fmt.Sprintf("%6d  barbican.containers.create  body /secret_refs/*/nam, did you mean \"name\"?\n%6d  freezer.clients.list  query limt, did you mean \"limit\"?\n40 of 40 requests were searched.\n", each, each)
	if got := r.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
