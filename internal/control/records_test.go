package control_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure the changes of a request show its records before and after, without secrets.
func TestChanges(t *testing.T) {
	t.Parallel()
	a := servicetest.Caller{Player: servicetest.NewPlayer(t, emulator.WithFixture("default")), Header: map[string]string{"Content-Type": "application/json", "X-Auth-Token": "demo-token", "Authorization": "Basic ZGVtbzpkZW1v"}}
	a.Expect(201, "POST", "/v1/secrets", `{"name":"disk","payload":"hunter2","payload_content_type":"text/plain"}`)
	a.Expect(200, "PUT", "/v3/image/ami-63071b0a", `{"remote_user":"root","name":"test-ec2"}`)
	a.Expect(204, "DELETE", "/v1/clients/"+webClient, "")
	for path, want := range map[string]map[string]string{
		"/_standin/requests/1/changes": {"/0/what": "created", "/0/after/name": "disk", "/0/after/payload": "(redacted)"},
		"/_standin/requests/2/changes": {"/0/what": "changed", "/0/before/remote_user": "ec2-user", "/0/after/remote_user": "root"},
		"/_standin/requests/3/changes": {"/0/what": "deleted", "/0/before/client/hostname": "web-01.example.com"},
	} {
		got := a.Expect(200, "GET", path, "")
		for pointer, text := range want {
			if is := servicetest.At(t, got, pointer); is != text {
				t.Errorf("%s: %s is %q, expected %q in %s", path, pointer, is, text, value.Append(nil, got))
			}
		}
	}
	if _, has := value.At(a.Expect(200, "GET", "/_standin/requests/1/changes", ""), "/0/before"); has {
		t.Error("a record that was created has a form before")
	}
	now := value.Append(nil, a.Expect(200, "GET", "/_standin/differences", ""))
	for _, text := range []string{`barbican.secrets`, `devops.images`, `freezer.clients`, `"more":false`} {
		if !strings.Contains(string(now), text) {
			t.Errorf("the differences to the start have no %s: %s", text, now)
		}
	}
	if strings.Contains(string(now), "hunter2") {
		t.Errorf("the differences show a secret: %s", now)
	}
	a.Expect(204, "POST", "/_standin/snapshots", `{"name":"after"}`)
	if got := value.Append(nil, a.Expect(200, "GET", "/_standin/differences?from=after", "")); string(got) != `{"differences":[],"more":false}` {
		t.Errorf("from the snapshot to now: %s", got)
	}
	if got := value.Append(nil, a.Expect(200, "GET", "/_standin/differences?from=after&to=after", "")); string(got) != `{"differences":[],"more":false}` {
		t.Errorf("from a snapshot to itself: %s", got)
	}
	if got := a.Expect(200, "GET", "/_standin/differences?to=after", ""); string(value.Append(nil, got)) != string(now) {
		t.Errorf("from the start to the snapshot: %s\nexpected %s", value.Append(nil, got), now)
	}
}

const webClient = "b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f_web-01.example.com"

// Ensure the key of a record shows no secret, where it is a text of a client.
func TestKeysHideSecrets(t *testing.T) {
	t.Parallel()
	a := servicetest.Caller{Player: servicetest.NewPlayer(t, emulator.WithFixture("default")), Header: map[string]string{"Content-Type": "application/json", "X-Auth-Token": "demo-token"}}
	const consumers = "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers"
	body := `{"name":"x","URL":"https://usr:hunter2pass@h.example/?token=LEAKTOK12345"}`
	a.Expect(200, "POST", consumers, body)
	a.Expect(200, "DELETE", consumers, body)
	for _, path := range []string{"requests/1/changes", "requests/2/changes", "differences", "requests", "requests?brief=true"} {
		got := string(value.Append(nil, a.Expect(200, "GET", "/_standin/"+path, "")))
		if strings.Contains(got, "hunter2pass") || strings.Contains(got, "LEAKTOK12345") || path != "differences" && !strings.Contains(got, "barbican.consumers") {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// Ensure records come in pages, and without secrets.
func TestRecords(t *testing.T) {
	t.Parallel()
	a := servicetest.Caller{Player: servicetest.NewPlayer(t, emulator.WithFixture("default"))}
	for path, want := range map[string]map[string]string{
		"/_standin/records/freezer.clients":                  {"/total": "3", "/offset": "0", "/records/0/client/client_id": webClient},
		"/_standin/records/freezer.clients?offset=2&limit=9": {"/total": "3", "/offset": "2"},
		"/_standin/records/identity.users":                   {"/records/0/password": "(redacted)"},
	} {
		got := a.Expect(200, "GET", path, "")
		for pointer, text := range want {
			if is := servicetest.At(t, got, pointer); is != text {
				t.Errorf("%s: %s is %q, expected %q", path, pointer, is, text)
			}
		}
	}
	page := a.Expect(200, "GET", "/_standin/records/freezer.clients?offset=1&limit=1", "")
	if list, _ := value.At(page, "/records"); len(list.([]any)) != 1 {
		t.Errorf("a page of one: %s", value.Append(nil, page))
	}
	if beyond := a.Expect(200, "GET", "/_standin/records/freezer.clients?offset=7", ""); servicetest.At(t, beyond, "/records") != "[]" {
		t.Errorf("after the end: %s", value.Append(nil, beyond))
	}
	for _, unseen := range []string{"identity.tokens", "freezer.spent_uuids"} {
		a.Expect(404, "GET", "/_standin/records/"+unseen, "")
	}
}

// Ensure a chain has the pauses between its attempts and what Retry-After said.
func TestChains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := fault.Rule{Where: fault.Where{Operation: "freezer.clients.list"}, When: fault.When{Times: new(2)}, What: fault.What{Status: 503, RetryAfter: "2s"}}
		e, err := emulator.New(emulator.WithFault(busy))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			servicetest.Status(e, "/v1/clients")
			time.Sleep(1500 * time.Millisecond)
		}
		servicetest.Status(e, "/v3/images")
		got := servicetest.Parse(t, servicetest.Recorded(e, "GET", "/_standin/chains", "").Body.Bytes())
		for pointer, want := range map[string]string{
			"/chains/0/operation": "freezer.clients.list", "/chains/0/caller": "demo",
			"/chains/0/attempts/0/retry_after_ms": "2000", "/chains/0/attempts/1/pause_ms": "1500", "/chains/0/attempts/2/status": "200",
		} {
			if is := servicetest.At(t, got, pointer); is != want {
				t.Errorf("%s is %q, expected %q in %s", pointer, is, want, value.Append(nil, got))
			}
		}
		if list, _ := value.At(got, "/chains"); len(list.([]any)) != 1 {
			t.Errorf("a request without a failure is a chain: %s", value.Append(nil, got))
		}
		for query, n := range map[string]int{"sequence=2": 1, "sequence=4": 0, "attempts=1&newest=1": 1, "attempts=4": 0} {
			some := servicetest.Parse(t, servicetest.Recorded(e, "GET", "/_standin/chains?"+query, "").Body.Bytes())
			if list, _ := value.At(some, "/chains"); len(list.([]any)) != n {
				t.Errorf("%s: %s, expected %d", query, value.Append(nil, some), n)
			}
		}
		all := servicetest.Parse(t, servicetest.Recorded(e, "GET", "/_standin/chains?attempts=1", "").Body.Bytes())
		if list, _ := value.At(all, "/chains"); len(list.([]any)) != 2 {
			t.Errorf("with single attempts: %s", value.Append(nil, all))
		}
	})
}
