package emulator_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/contract"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure every failure of the catalogue, and every example of it, is answered as in the contract.
// The request would have succeeded otherwise, or failed differently.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	k, err := catalog.Rules()
	if err != nil {
		t.Fatal(err)
	}
	failures := k.Failures()
	if len(failures) < 100 {
		t.Errorf("only %d failures", len(failures))
	}
	for _, f := range failures {
		for _, example := range append([]string{""}, f.Examples...) {
			name := f.Name
			if example != "" {
				name += "/" + example
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := servicetest.NewPlayer(t, emulator.WithFixture("documented"), emulator.WithFault(fault.Rule{Use: name}))
				op := p.Operation(f.Operation)
				resp, body := p.Play(op, sampleOf(op))
				if resp.StatusCode != f.Status || !strings.Contains(resp.Header.Get(fault.Header), f.Name) {
					t.Fatalf("got %d, %v: %s", resp.StatusCode, resp.Header, body)
				}
				if example == "" {
					return
				}
				want, _ := documented(t, op, sampleOf(op), f.Status, example)
				if !bytes.Equal(body, want) {
					t.Errorf("got %s, want %s", body, want)
				}
			})
		}
	}
}

// documented returns an example as the request of a sample brings it, and the placeholders for
// which the request has no value.
func documented(t *testing.T, op *contract.Operation, s contract.Sample, status int, example string) (body []byte, missing []string) {
	t.Helper()
	path := map[string]string{}
	for name, v := range s.Path {
		plain, err := url.PathUnescape(v)
		if err != nil {
			t.Fatal(err)
		}
		path[name] = plain
	}
	sent, _ := op.Request(s.Request)
	if s.Body != nil {
		sent = []byte(*s.Body)
	}
	query, err := url.ParseQuery(s.Query)
	if err != nil {
		t.Fatal(err)
	}
	body, ok := op.Response(status).Fill(example, path, func(word string) (string, bool) {
		switch v, err := value.Parse(sent); {
		case word == "caller":
			return cmp.Or(s.Caller, "demo"), true
		case word[0] == '/' && err == nil:
			found, _ := value.At(v, word)
			if text, ok := found.(string); ok {
				return text, true
			}
		case path[word] != "":
			return path[word], true
		case query.Has(word):
			return query.Get(word), true
		}
		missing = append(missing, word)
		return "", false
	})
	if !ok {
		t.Fatalf("no example %q of %d", example, status)
	}
	return body, missing
}

// Ensure a failure names the documented objects if the request is the documented one, and that this
// request has a value for every placeholder.
func TestDocumentedFailures(t *testing.T) {
	t.Parallel()
	for _, c := range servicetest.Contracts(t) {
		for _, op := range c.Operations {
			for _, s := range op.Samples {
				if s.Status < 400 || s.Response == "" || s.Method != "" {
					continue
				}
				plain, _ := op.Response(s.Status).Example(s.Response)
				want := s.Fill(plain)
				if got, missing := documented(t, op, s, s.Status, s.Response); !bytes.Equal(got, want) || len(missing) > 0 {
					t.Errorf("%s/%s: %s, want %s; it has no %q", op.ID, s.Name, got, want, missing)
				}
			}
		}
	}
}

// sampleOf returns a sample of an operation that succeeds and needs no other sample before it.
func sampleOf(op *contract.Operation) contract.Sample {
	i := slices.IndexFunc(op.Samples, func(s contract.Sample) bool {
		return s.Status < 400 && len(s.After) == 0 && s.Caller == "" && s.Method == "" && s.Fixture == ""
	})
	if i < 0 {
		i = slices.IndexFunc(op.Samples, func(s contract.Sample) bool { return len(s.After) == 0 })
	}
	return op.Samples[i]
}

// Ensure rules without limit, and rules for every operation, do not apply to the control API.
func TestControlDoesNotFail(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithFault(fault.Rule{When: fault.When{Times: new(0)}, What: fault.What{Connection: fault.Cut(fault.Reset)}}))
	for _, path := range []string{"/_standin/health", "/_standin/faults", "/__admin/requests"} {
		if status, err := fetch(t, s.Client(), "GET", s.URL+path, "", fault.Header, "status=503"); status != 200 || err != nil {
			t.Errorf("%s: %d %v", path, status, err)
		}
	}
	for path, want := range map[string]int{"/": 200, "/favicon.ico": 404} {
		if status, err := fetch(t, s.Client(), "GET", s.URL+path, ""); status != want || err != nil {
			t.Errorf("%s: %d %v", path, status, err)
		}
	}
}

// Ensure a rule of phase after changes the world although the client gets no answer. Ensure a retry
// is answered as by the real service.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	const consumers = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	const privx = "/local-user-store/api/v1/api-clients"
	tests := []struct {
		operation, method, path, body string
		retry                         int
		see, seen                     string // the request afterwards, and what its answer must contain
	}{
		{"freezer.clients.create", "POST", "/v1/clients", `{"client_id":"lost","hostname":"h"}`, 409, "/v1/clients/lost", `"client_id":"lost"`},
		{"freezer.clients.delete", "DELETE", "/v1/clients/752d8bd43d654e7a840bbfda77ce41af_szaher", "", 404, "/v1/clients", `{"clients":[{"client":{"client":{`},
		{"barbican.consumers.create", "POST", consumers, `{"name":"lost","URL":"u"}`, 200, consumers, `"name":"lost"`},
		{"barbican.consumers.delete", "DELETE", "/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers", `{"name":"consumername2","URL":"consumerURL2"}`, 404, "/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers", ``},
		{"barbican.containers.create", "POST", "/v1/containers", `{"name":"lost","type":"generic","secret_refs":[]}`, 201, "/v1/containers", `"name":"lost"`},
		{"devops.images.create", "POST", "/v3/image", `{"id":"lost","provider":"p","remote_user":"r","name":"n"}`, 400, "/v3/images", `"lost"`},
		{"barbican.containers.delete", "DELETE", "/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90", "", 404, "/v1/containers", ``},
		{"devops.images.update", "PUT", "/v3/image/image id", `{"id":"image id","provider":"p","remote_user":"changed","name":"n"}`, 200, "/v3/images", `"changed"`},
		{"privx.api-clients.update", "PUT", privx + "/5bf77342-221c-11ee-be56-0242ac120002", `{"name":"changed","roles":[]}`, 200, privx + "/5bf77342-221c-11ee-be56-0242ac120002", `"name":"changed"`},
		{"privx.api-clients.delete", "DELETE", privx + "/5bf77342-221c-11ee-be56-0242ac120002", "", 404, privx + "?limit=1", `"count":122`},
		{"devops.images.delete", "DELETE", "/v3/image/image id", "", 404, "/v3/images", `[]`},
		{"privx.api-clients.create", "POST", privx, `{"name":"lost","roles":[]}`, 201, privx + "/search", `"count":`},
	}
	for _, tt := range tests {
		t.Run(tt.operation, func(t *testing.T) {
			t.Parallel()
			s := emulator.RunT(t, emulator.WithFixture("documented"))
			path := strings.ReplaceAll(tt.path, " ", "%20")
			if err := s.Fault(fault.Rule{
				Name: "lost", Where: fault.Where{Operation: tt.operation}, Phase: fault.After, What: fault.What{Connection: fault.Cut(fault.Reset)},
			}); err != nil {
				t.Fatal(err)
			}
			c := s.Client()
			defer c.CloseIdleConnections()
			before := dump(t, s)
			token := []string{"X-Auth-Token", "demo-token"}
			if tt.operation == "barbican.containers.delete" {
				token[1] = "admin-token"
			}
			if code, err := fetch(t, c, tt.method, s.URL+path, tt.body, token...); err == nil {
				t.Fatalf("the client got %d", code)
			}
			after := dump(t, s)
			if before == after {
				t.Error("the world did not change")
			}
			code, answer, err := call(t.Context(), c, tt.method, s.URL+path, tt.body, token...)
			if err != nil || code != tt.retry {
				t.Errorf("the retry got %d %s, %v; want %d", code, answer, err, tt.retry)
			}
			if again := dump(t, s); tt.operation == "privx.api-clients.create" && again == after {
				t.Error("PrivX did not make a second client")
			}
			method, body := "GET", ""
			if strings.HasSuffix(tt.see, "/search") {
				method, body = "POST", `{"keywords":"lost"}`
			}
			if _, answer, err := call(t.Context(), c, method, s.URL+tt.see, body); err != nil || !strings.Contains(answer, tt.seen) {
				t.Errorf("%s: %s, %v; want %s", tt.see, answer, err, tt.seen)
			}
			entries := s.Requests(journal.Filter{Operation: tt.operation})
			if entries[0].Ended != journal.Cut || entries[0].Faults[0].Phase != "after" || entries[1].Attempt != 2 {
				t.Errorf("the journal has %+v, then attempt %d", entries[0].Faults, entries[1].Attempt)
			}
		})
	}
}

func dump(t *testing.T, s *emulator.Server) string {
	t.Helper()
	_, text, err := call(t.Context(), s.Client(), "GET", s.URL+"/_standin/state", "")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = strings.Cut(text, `"identity"`)
	return text
}

// Ensure a status fault before the handler does not change the world.
func TestBeforeChangesNothing(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithFixture("documented"))
	for _, what := range []fault.What{{Status: 503}, {Connection: fault.Cut(fault.Reset)}, {Connection: fault.Cut(fault.Garbage)}} {
		if err := s.Fault(fault.Rule{What: what}); err != nil {
			t.Fatal(err)
		}
		before := dump(t, s)
		_, _ = fetch(t, s.Client(), "POST", s.URL+"/v1/clients", `{"client_id":"a","hostname":"h"}`)
		if dump(t, s) != before {
			t.Errorf("%+v changed the world", what)
		}
	}
}

// Ensure the request header fails its own request, and no other.
func TestRequestHeader(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	const good = `{"client_id":"a","hostname":"h"}`
	tests := []struct {
		header string
		status int
		body   string
	}{
		{"freezer.clients.create/753", 753, `{"title":"Malformed JSON"}`},
		{"freezer.clients.create/400/without-hostname", 400, `{"title":"Bad request format","description":"'hostname' is a required property"}`},
		{"status=503; retry_after=2s; delay=1ms", 503, `{"title":"503 Service Unavailable","description":"The Keystone service is temporarily unavailable."}`},
		{"status=599", 599, `{"title":"599 Error"}`},
		{"status=200;body=hello", 200, "hello"},
		{"freezer.clients.list/401", 201, `{"client_id":"a"}`}, // of another operation
		{"phase=after; status=500", 500, `{"title":"500 Internal Server Error"}`},
		{"statsu=503", 400, `did you mean \"status\"?`},
		{"freezer.clients.creat/753", 400, "did you mean freezer.clients.create?"},
		{"status=12", 400, "expected 200 to 999"},
		{"connection=explode", 400, "no connection fault"},
		{"status=503; connection=reset", 400, "the client cannot see status 503"},
	}
	for _, tt := range tests {
		s.Reset()
		code, body, err := call(t.Context(), s.Client(), "POST", s.URL+"/v1/clients", good, fault.Header, tt.header)
		if err != nil || code != tt.status || !strings.Contains(body, tt.body) {
			t.Errorf("%s: %d %s %v", tt.header, code, body, err)
		}
		if len(s.Faults()) != 0 {
			t.Errorf("%s armed a rule", tt.header)
		}
	}
	off := emulator.RunT(t, emulator.WithRequestFaults(false))
	if code, err := fetch(t, off.Client(), "GET", off.URL+"/v1/clients", "", fault.Header, "status=503"); code != 200 || err != nil {
		t.Errorf("switched off: %d %v", code, err)
	}
}

// Ensure rules change answers as they say: bodies, headers, Retry-After, malformations.
func TestWhat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, rule string
		check      func(r *http.Response, body string) bool
	}{
		{"headers", `{what: {headers: {set: {vary: X, X-New: a}, add: {X-New: b}, remove: [X-Openstack-Request-Id]}}}`, func(r *http.Response, _ string) bool {
			return r.Header.Get("Vary") == "X" && slices.Equal(r.Header["X-New"], []string{"a", "b"}) && r.Header.Get("X-Openstack-Request-Id") == ""
		}},
		{"content type", `{what: {headers: {set: {content-type: text/x}}}}`, func(r *http.Response, _ string) bool { return r.Header.Get("Content-Type") == "text/x" }},
		{"replaced by JSON", `{what: {body: {a: [1, null]}}}`, func(_ *http.Response, b string) bool { return b == `{"a":[1,null]}` }},
		{"replaced by a text", `{what: {body: "<oops>"}}`, func(_ *http.Response, b string) bool { return b == `<oops>` }},
		{"patched", `{what: {patch: {clients: null, more: {x: 1}}}}`, func(_ *http.Response, b string) bool { return b == `{"more":{"x":1}}` }},
		{"a documented error patched", `{what: {status: 503, patch: {description: later}}}`, func(r *http.Response, b string) bool {
			return r.StatusCode == 503 && b == `{"title":"503 Service Unavailable","description":"later"}`
		}},
		{"retry after, seconds", `{what: {status: 503, retry_after: 1500ms}}`, func(r *http.Response, _ string) bool { return r.Header.Get("Retry-After") == "2" }},
		{"retry after, a date", `{what: {status: 503, retry_after: date+30s}}`, func(r *http.Response, _ string) bool {
			return r.Header.Get("Retry-After") == "Thu, 01 Jan 2026 00:00:30 GMT"
		}},
		{"retry after, odd", `{what: {status: 503, retry_after: "-1"}}`, func(r *http.Response, _ string) bool { return r.Header.Get("Retry-After") == "-1" }},
		{"no JSON", `{what: {malformed_body: json}}`, func(_ *http.Response, b string) bool { return b == `{"clients":[],` }},
		{"a byte order mark", `{what: {malformed_body: bom}}`, func(_ *http.Response, b string) bool { return b == "\ufeff"+`{"clients":[]}` }},
		{"a wrong charset", `{what: {malformed_body: charset}}`, func(r *http.Response, b string) bool {
			return strings.HasPrefix(b, "{\x00\"\x00") && r.Header.Get("Content-Type") == "application/json; charset=utf-8"
		}},
		{"a wrong content type", `{what: {malformed_body: content_type}}`, func(r *http.Response, b string) bool {
			return r.Header.Get("Content-Type") == "text/html; charset=utf-8" && b == `{"clients":[]}`
		}},
		{"stealth", `{what: {status: 503}, stealth: true}`, func(r *http.Response, _ string) bool {
			return r.StatusCode == 503 && r.Header[fault.Header] == nil
		}},
		{"named", `{name: the one, what: {status: 753}}`, func(r *http.Response, _ string) bool {
			return r.StatusCode == 753 && r.Header.Get(fault.Header) == "the one"
		}},
		{"dribble", `{what: {dribble: {chunks: 7, over: 7ms}}}`, func(_ *http.Response, b string) bool { return b == `{"clients":[]}` }},
		{"bandwidth", `{what: {bandwidth: 100000}}`, func(_ *http.Response, b string) bool { return b == `{"clients":[]}` }},
		{"304 has no body", `{what: {status: 304}}`, func(r *http.Response, b string) bool { return r.StatusCode == 304 && b == "" }},
		{"999", `{what: {status: 999}}`, func(r *http.Response, _ string) bool { return r.StatusCode == 999 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := emulator.RunT(t, emulator.WithTime(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)))
			arm(t, s, tt.rule)
			r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/v1/clients", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Auth-Token", "demo-token")
			resp, err := s.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var b bytes.Buffer
			if _, err := b.ReadFrom(resp.Body); err != nil || !tt.check(resp, b.String()) {
				t.Errorf("got %d %v %s %v", resp.StatusCode, resp.Header, b.String(), err)
			}
		})
	}
}

// arm arms rules over HTTP.
func arm(t *testing.T, s *emulator.Server, rules string) {
	t.Helper()
	if code, body, err := call(t.Context(), s.Client(), "POST", s.URL+"/_standin/faults", rules); err != nil || code != 201 {
		t.Fatalf("%d %s %v", code, body, err)
	}
}

// Ensure the links of short pages lead through the whole list.
func TestShortPages(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t, emulator.WithFixture("documented"), emulator.WithFault(fault.Rule{
		Where: fault.Where{Operation: "barbican.consumers.list"}, When: fault.When{Times: new(0)}, What: fault.What{PageCap: 1},
	}))
	url, seen := s.URL+"/v1/containers/3c1d0f6e-5d2b-4c57-9f0a-8e1b2d7c4a90/consumers?limit=50", 0
	for url != "" {
		_, body, err := call(t.Context(), s.Client(), "GET", url, "")
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Consumers []json.RawMessage
			Next      string
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil || len(page.Consumers) > 1 {
			t.Fatalf("%s: %v", body, err)
		}
		seen, url = seen+len(page.Consumers), page.Next
	}
	if seen != 3 {
		t.Errorf("saw %d consumers, want 3", seen)
	}
}

// Ensure changes of headers that the server writes itself have an effect, and that a cap on pages
// does not hide an invalid limit.
func TestHeadersAndLimits(t *testing.T) {
	t.Parallel()
	s := emulator.RunT(t)
	arm(t, s, `{what: {headers: {remove: [Date], add: {content-type: text/x}}}}`)
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/v1/clients", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.Header.Get("Date") != "" || fmt.Sprint(resp.Header["Content-Type"]) != "[application/json text/x]" {
		t.Errorf("got %v", resp.Header)
	}
	arm(t, s, `{what: {page_cap: 1}, when: {times: 0}, where: {operation: "*.list"}}`)
	if got := status(s.Emulator(), "/v1/clients?limit=abc"); got != 400 {
		t.Errorf("a bad limit: %d", got)
	}
}
