package barbican_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure a secret can be created without a payload, given one, read and deleted. Ensure it is
// then removed from its container.
func TestSecrets(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "barbican", "documented", []step{
		{Method: "POST", Path: secretsPath + "/", Body: `{"name":"  a key  ","algorithm":"aes","bit_length":256.0,"mode":"cbc","secret_type":"symmetric","expiration":"2015-10-16T00:00:00+01:00"}`, Status: 201, Want: has(created)},
		{Method: "GET", Path: created, Status: 200, Want: has(`"name":"a key"`, `"bit_length":256`, `"mode":"cbc"`, `"expiration":"2015-10-15T23:00:00"`, `"creator_id":"0cd44caf6db5486b94a04b33256a5ff4"`), Not: has("content_types", "consumers")},
		{Method: "GET", Path: created + "/payload", Status: 404, Want: has("your secret has no payload")},
		{Method: "PUT", Path: created, Body: "AP8B", Status: 204, Header: as("Content-Type", "application/octet-stream", "Content-Encoding", "base64")},
		{Method: "PUT", Path: created, Body: "AP8B", Status: 409, Header: as("Content-Type", "text/plain")},
		{Method: "GET", Path: created, Status: 200, Want: has(`"content_types":{"default":"application/octet-stream"}`), Header: as("Accept", "*/*")},
		{Method: "GET", Path: created + "/payload", Status: 200, Want: has("\x00\xff\x01")},
		{Method: "GET", Path: created + "/payload", Status: 406, Header: as("Accept", "text/plain")},
		{Method: "GET", Path: created, Status: 200, Want: has("\x00\xff\x01"), Header: as("Accept", "application/pkcs8")},
		{Method: "GET", Path: withSecret, Status: 200, Want: has(bare)},
		{Method: "DELETE", Path: bare, Status: 204},
		{Method: "GET", Path: withSecret, Status: 200, Want: has(`"secret_refs":[]`)},
		{Method: "GET", Path: bare + "/metadata", Status: 404, Want: has("Secret not found.")},
	})
}

// Ensure metadata is stored by key in lower case and does not change the secret.
func TestSecretMetadata(t *testing.T) {
	t.Parallel()
	all := greeting + "/metadata"
	servicetest.Tell(t, "barbican", "documented", []step{
		{Method: "PUT", Path: all, Body: `{"metadata":{"B":"1","1":"x","c":" 2 "}}`, Status: 201},
		{Method: "GET", Path: all, Status: 200, Want: has(`{"metadata":{"c":"2","b":"1","1":"x"}}`)},
		{Method: "POST", Path: all, Body: `{"key":"New-Key_1","value":"v"}`, Status: 201, Want: has(`{"key":"new-key_1","value":"v"}`)},
		{Method: "POST", Path: all, Body: `{"key":"NEW-key_1","value":"v"}`, Status: 409},
		{Method: "POST", Path: all, Body: `{"key":"k","value":"v","z":1,"y":2}`, Status: 400, Want: has(`('y', 'z' were unexpected)`)},
		{Method: "POST", Path: all, Body: `{"key":"` + strings.Repeat("k", 256) + `","value":5}`, Status: 400, Want: has(`5 is not of type 'string'. Invalid property: 'value'`)},
		{Method: "PUT", Path: all + "/c", Body: `{"key":"C","value":"3"}`, Status: 200, Want: has(`{"key":"c","value":"3"}`)},
		{Method: "GET", Path: all, Status: 200, Want: has(`{"metadata":{"b":"1","1":"x","new-key_1":"v","c":"3"}}`)},
		{Method: "DELETE", Path: all + "/b", Status: 204},
		{Method: "DELETE", Path: all + "/b", Status: 204},
		{Method: "GET", Path: all + "/b", Status: 404, Want: has("Secret metadata not found.")},
		{Method: "PATCH", Path: all + "/c", Status: 405, Header: as("Accept", "text/plain")},
		{Method: "GET", Path: greeting, Status: 200, Want: has(`"updated":"2015-10-15T17:54:30.445566"`)},
	})
}

// Ensure a consumer that registers again is restored.
func TestSecretConsumers(t *testing.T) {
	t.Parallel()
	consumers := greeting + "/consumers"
	const a, b = `{"service":"a","resource_type":"bc","resource_id":"d"}`, `{"service":"ab","resource_type":"c","resource_id":"d"}`
	servicetest.Tell(t, "barbican", "documented", []step{
		{Method: "POST", Path: consumers + "/", Body: a, Status: 200, Want: has(`"consumers":[{"service":"glance"`, a), Not: has("content_types")},
		{Method: "POST", Path: consumers, Body: b, Status: 200, Want: has(a + "," + b)},
		{Method: "GET", Path: consumers + "?limit=1&offset=1", Status: 200, Want: has(`"total":3`, `"service":"a"`, "offset=0", "offset=2")},
		{Method: "DELETE", Path: consumers, Body: a, Status: 200, Want: has(b), Not: has(a)},
		{Method: "DELETE", Path: consumers, Body: a, Status: 404, Want: has("Consumer not found.")},
		{Method: "POST", Path: consumers, Body: a, Status: 200, Want: has(a + "," + b)},
		{Method: "POST", Path: consumers, Body: `{"service":"a","resource_type":"b","resource_id":"cd"}`, Status: 200, Want: has(a + "," + b + `,{"service":"a","resource_type":"b","resource_id":"cd"}`)},
		{Method: "POST", Path: consumers, Body: `{"service":"","resource_type":5}`, Status: 400, Want: has(`'resource_id' is a required property. Invalid property: 'None'`)},
		{Method: "POST", Path: consumers, Body: `{"service":"","resource_type":5,"resource_id":"x"}`, Status: 400, Want: has(`5 is not of type 'string'. Invalid property: 'resource_type'`)},
		{Method: "DELETE", Path: greeting, Status: 204},
		{Method: "GET", Path: consumers, Status: 404},
	})
}

const ownSecrets = `
extends: empty
clock: {freeze: 2026-01-01T00:00:00Z}
ids: {barbican.secrets: {first: [c5d4e3f2-a1b0-4c9d-8e7f-6a5b4c3d2e1f]}}
barbican:
  quotas:
    - {project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f, project_quotas: {secrets: 6, consumers: 1}}
  secrets:
    - {secret_ref: 00000000-0000-4000-8000-000000000001, project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f, name: b, algorithm: AES, bit_length: 256, created: "2025-01-03T00:00:00", expiration: "2027-01-01T00:00:00"}
    - {secret_ref: 00000000-0000-4000-8000-000000000002, project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f, name: gone, created: "2025-01-02T00:00:00", expiration: "2026-01-01T00:00:00"}
    - {secret_ref: 00000000-0000-4000-8000-000000000003, project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f, name: a_x, algorithm: aes, mode: CBC, created: "2025-01-01T00:00:00"}
    - {secret_ref: 00000000-0000-4000-8000-000000000004, project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f, name: abx, secret_type: private, created: "2025-01-05T00:00:00", payload: AP8=, payload_content_encoding: base64}
    - {secret_ref: 00000000-0000-4000-8000-000000000005, project_id: b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f, created: "2025-01-04T00:00:00.5"}
    - {secret_ref: 00000000-0000-4000-8000-000000000006, project_id: e4d909c290d04b1aa068ffaddf22cbd0, name: theirs}
`

// Ensure lists are filtered, sorted and paged. They must not have expired secrets or those of
// other projects.
func TestSecretLists(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture(fixtureFile(t, ownSecrets)))
	tests := []struct{ query, want string }{
		{"", "4: b a_x abx -"},
		{"limit=2&offset=1", "4: a_x abx"},
		{"limit=0", "4: b"},
		{"offset=9", "4:"},
		{"name=A_X", "2: a_x abx"},
		{"name=a%2525", "2: a_x abx"},
		{"name=gone", "0:"},
		{"alg=aes", "2: b a_x"},
		{"mode=c%25", "1: a_x"},
		{"bits=+256", "1: b"},
		{"bits=x", "4: b a_x abx -"},
		{"bits=99999999999999999999", "0:"},
		{"secret_type=private", "1: abx"},
		{"secret_type=PRIVATE", "0:"},
		{"sort=name:desc", "4: b abx a_x -"},
		{"sort=algorithm,created:desc", "4: abx - b a_x"},
		{"sort=created&limit=2", "4: a_x b"},
		{"created=gt:2025-01-01,lt:2025-01-05", "2: b -"},
		{"created=2025-01-01T00:00:00-05:00", "1: a_x"},
		{"expiration=lte:2027", "1: b"},
		{"expiration=lte:2026", "0:"},
		{"acl_only=TRUE", "0:"},
		{"limit=1&limit=3&name=&sort=", "4: b a_x abx"},
	}
	for _, tt := range tests {
		req, _ := http.NewRequest(http.MethodGet, "http://h"+secretsPath+"?"+tt.query, nil)
		p.Login(req, "barbican", "")
		resp, body := p.Do(req)
		var list struct {
			Secrets []struct{ Name *string }
			Total   int
		}
		if err := json.Unmarshal(body, &list); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", tt.query, resp.StatusCode, body)
		}
		got := fmt.Sprintf("%d:", list.Total)
		for _, s := range list.Secrets {
			if s.Name == nil {
				got += " -"
				continue
			}
			got += " " + *s.Name
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.query, got, tt.want)
		}
	}
}

// Ensure expired secrets are gone and do not count. Ensure quotas are enforced.
func TestSecretBounds(t *testing.T) {
	t.Parallel()
	const gone, own, theirs = secretsPath + "/00000000-0000-4000-8000-000000000002", secretsPath + "/00000000-0000-4000-8000-000000000004", secretsPath + "/00000000-0000-4000-8000-000000000006"
	const consumer = `{"service":"a","resource_type":"b","resource_id":"c"}`
	servicetest.Tell(t, "barbican", fixtureFile(t, ownSecrets), []step{
		{Method: "GET", Path: gone, Status: 404, Want: has("Secret not found.")},
		{Method: "DELETE", Path: gone + "/consumers", Body: consumer, Status: 404, Want: has("Secret not found.")},
		{Method: "POST", Path: secretsPath, Body: `{"expiration":"2026-01-01"}`, Status: 400, Want: has("'expiration' is before current time")},
		{Method: "POST", Path: secretsPath, Body: `{}`, Status: 201},
		{Method: "POST", Path: secretsPath, Body: `{"expiration":"2026-01-01T00:00:00.000001"}`, Status: 201},
		{Method: "POST", Path: secretsPath, Body: `{"name":1}`, Status: 400},
		{Method: "POST", Path: secretsPath, Body: `{}`, Status: 403, Want: has("Secret creation issue seen - Creation not allowed because a quota has been reached.")},
		{Method: "POST", Path: secretsPath, Body: `{}`, Status: 201, Caller: "stranger"},
		{Method: "POST", Path: own + "/consumers", Body: consumer, Status: 200},
		{Method: "POST", Path: own + "/consumers", Body: consumer, Status: 403, Want: has("SecretConsumer creation issue seen")},
		{Method: "GET", Path: own + "/payload", Status: 200, Want: has("\x00\xff")},
		{Method: "GET", Path: theirs, Status: 403},
		{Method: "PUT", Path: theirs, Body: "x", Status: 403, Header: as("Content-Type", "text/html")},
		{Method: "GET", Path: theirs + "/consumers/00000000-0000-4000-8000-000000000000", Status: 404, Want: has("Consumer not found.")},
		{Method: "DELETE", Path: own, Status: 403, Caller: "reader"},
		{Method: "DELETE", Path: own, Status: 204, Caller: "admin"},
	})
}

// Ensure no payload is in the journal, for each way to send or read it.
func TestPayloadsAreRedacted(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	const key = "S3CR3T"
	servicetest.Recorded(e, "PUT", bare, key, "Content-Type", "application/json")
	servicetest.Recorded(e, "PUT", bare, `{"not":"`+key+`"}`, "Content-Type", "text/plain")
	servicetest.Recorded(e, "POST", secretsPath, `{"payload":"`+key+`","payload_content_type":"text/plain"}`)
	for _, path := range []string{bare, bare + "/payload", created + "/payload"} {
		if w := servicetest.Recorded(e, "GET", path, "", "Accept", "text/plain"); !strings.Contains(w.Body.String(), key) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	servicetest.Recorded(e, "GET", bare, "", "Accept", "application/json")
	entries := e.Requests()
	for _, entry := range entries {
		if text := fmt.Sprintf("%+v %+v", entry.Request, entry.Reply); strings.Contains(text, key) {
			t.Errorf("a payload: %s", text)
		}
	}
	if last := entries[len(entries)-1].Reply; !strings.Contains(last.Text, `"content_types"`) {
		t.Errorf("what is no secret is hidden: %+v", last)
	}
	if got := entries[1].Request.Size; got != len(`{"not":"S3CR3T"}`) {
		t.Errorf("size %d", got)
	}
}
