package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"standin/emulator"
)

// fixtureFile writes a fixture into a file and tells its name.
func fixtureFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fixture.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Secrets and a container of the fixtures, and what the stories say of their own.
const (
	secretsPath = "/v1/secrets"
	greeting    = secretsPath + "/2f6e8c1a-9b4d-4e7f-8a3c-5d6b7c8e9f01"
	bare        = secretsPath + "/b61613fc-be53-4696-ac01-c3a789e87973"
	created     = secretsPath + "/c5d4e3f2-a1b0-4c9d-8e7f-6a5b4c3d2e1f"
	withSecret  = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9"
)

func as(headers ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(headers); i += 2 {
		m[headers[i]] = headers[i+1]
	}
	return m
}

// Ensure a secret is made without a payload, given one, handed out and deleted, and
// leaves the container that refers to it.
func TestSecretStory(t *testing.T) {
	t.Parallel()
	tell(t, "barbican", "documented", []step{
		{method: "POST", path: secretsPath + "/", body: `{"name":"  a key  ","algorithm":"aes","bit_length":256.0,"mode":"cbc","secret_type":"symmetric","expiration":"2015-10-16T00:00:00+01:00"}`, status: 201, want: has(created)},
		{method: "GET", path: created, status: 200, want: has(`"name":"a key"`, `"bit_length":256`, `"mode":"cbc"`, `"expiration":"2015-10-15T23:00:00"`, `"creator_id":"0cd44caf6db5486b94a04b33256a5ff4"`), not: has("content_types", "consumers")},
		{method: "GET", path: created + "/payload", status: 404, want: has("your secret has no payload")},
		{method: "PUT", path: created, body: "AP8B", status: 204, header: as("Content-Type", "application/octet-stream", "Content-Encoding", "base64")},
		{method: "PUT", path: created, body: "AP8B", status: 409, header: as("Content-Type", "text/plain")},
		{method: "GET", path: created, status: 200, want: has(`"content_types":{"default":"application/octet-stream"}`), header: as("Accept", "*/*")},
		{method: "GET", path: created + "/payload", status: 200, want: has("\x00\xff\x01")},
		{method: "GET", path: created + "/payload", status: 406, header: as("Accept", "text/plain")},
		{method: "GET", path: created, status: 200, want: has("\x00\xff\x01"), header: as("Accept", "application/pkcs8")},
		{method: "GET", path: withSecret, status: 200, want: has(bare)},
		{method: "DELETE", path: bare, status: 204},
		{method: "GET", path: withSecret, status: 200, want: has(`"secret_refs":[]`)},
		{method: "GET", path: bare + "/metadata", status: 404, want: has("Secret not found.")},
	})
}

// Ensure metadata is kept by key, in lower case, and does not touch the secret.
func TestSecretMetadataStory(t *testing.T) {
	t.Parallel()
	all := greeting + "/metadata"
	tell(t, "barbican", "documented", []step{
		{method: "PUT", path: all, body: `{"metadata":{"B":"1","1":"x","c":" 2 "}}`, status: 201},
		{method: "GET", path: all, status: 200, want: has(`{"metadata":{"c":"2","b":"1","1":"x"}}`)},
		{method: "POST", path: all, body: `{"key":"New-Key_1","value":"v"}`, status: 201, want: has(`{"key":"new-key_1","value":"v"}`)},
		{method: "POST", path: all, body: `{"key":"NEW-key_1","value":"v"}`, status: 409},
		{method: "POST", path: all, body: `{"key":"k","value":"v","z":1,"y":2}`, status: 400, want: has(`('y', 'z' were unexpected)`)},
		{method: "POST", path: all, body: `{"key":"` + strings.Repeat("k", 256) + `","value":5}`, status: 400, want: has(`5 is not of type 'string'. Invalid property: 'value'`)},
		{method: "PUT", path: all + "/c", body: `{"key":"C","value":"3"}`, status: 200, want: has(`{"key":"c","value":"3"}`)},
		{method: "GET", path: all, status: 200, want: has(`{"metadata":{"b":"1","1":"x","new-key_1":"v","c":"3"}}`)},
		{method: "DELETE", path: all + "/b", status: 204},
		{method: "DELETE", path: all + "/b", status: 204},
		{method: "GET", path: all + "/b", status: 404, want: has("Secret metadata not found.")},
		{method: "PATCH", path: all + "/c", status: 405, header: as("Accept", "text/plain")},
		{method: "GET", path: greeting, status: 200, want: has(`"updated":"2015-10-15T17:54:30.445566"`)},
	})
}

// Ensure a consumer that registers again is the one that it was.
func TestSecretConsumerStory(t *testing.T) {
	t.Parallel()
	consumers := greeting + "/consumers"
	const a, b = `{"service":"a","resource_type":"bc","resource_id":"d"}`, `{"service":"ab","resource_type":"c","resource_id":"d"}`
	tell(t, "barbican", "documented", []step{
		{method: "POST", path: consumers + "/", body: a, status: 200, want: has(`"consumers":[{"service":"glance"`, a), not: has("content_types")},
		{method: "POST", path: consumers, body: b, status: 200, want: has(a + "," + b)},
		{method: "GET", path: consumers + "?limit=1&offset=1", status: 200, want: has(`"total":3`, `"service":"a"`, "offset=0", "offset=2")},
		{method: "DELETE", path: consumers, body: a, status: 200, want: has(b), not: has(a)},
		{method: "DELETE", path: consumers, body: a, status: 404, want: has("Consumer not found.")},
		{method: "POST", path: consumers, body: a, status: 200, want: has(a + "," + b)},
		{method: "POST", path: consumers, body: `{"service":"a","resource_type":"b","resource_id":"cd"}`, status: 200, want: has(a + "," + b + `,{"service":"a","resource_type":"b","resource_id":"cd"}`)},
		{method: "POST", path: consumers, body: `{"service":"","resource_type":5}`, status: 400, want: has(`'resource_id' is a required property. Invalid property: 'None'`)},
		{method: "POST", path: consumers, body: `{"service":"","resource_type":5,"resource_id":"x"}`, status: 400, want: has(`5 is not of type 'string'. Invalid property: 'resource_type'`)},
		{method: "DELETE", path: greeting, status: 204},
		{method: "GET", path: consumers, status: 404},
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

// Ensure lists are filtered, sorted and paged, and show neither what has expired
// nor another project's.
func TestSecretLists(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture(fixtureFile(t, ownSecrets)))
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
		p.login(req, "barbican", "")
		resp, body := p.do(req)
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

// Ensure what has expired is gone and does not count, and quotas are kept.
func TestSecretBounds(t *testing.T) {
	t.Parallel()
	const gone, own, theirs = secretsPath + "/00000000-0000-4000-8000-000000000002", secretsPath + "/00000000-0000-4000-8000-000000000004", secretsPath + "/00000000-0000-4000-8000-000000000006"
	const consumer = `{"service":"a","resource_type":"b","resource_id":"c"}`
	tell(t, "barbican", fixtureFile(t, ownSecrets), []step{
		{method: "GET", path: gone, status: 404, want: has("Secret not found.")},
		{method: "DELETE", path: gone + "/consumers", body: consumer, status: 404, want: has("Secret not found.")},
		{method: "POST", path: secretsPath, body: `{"expiration":"2026-01-01"}`, status: 400, want: has("'expiration' is before current time")},
		{method: "POST", path: secretsPath, body: `{}`, status: 201},
		{method: "POST", path: secretsPath, body: `{"expiration":"2026-01-01T00:00:00.000001"}`, status: 201},
		{method: "POST", path: secretsPath, body: `{"name":1}`, status: 400},
		{method: "POST", path: secretsPath, body: `{}`, status: 403, want: has("Secret creation issue seen - Creation not allowed because a quota has been reached.")},
		{method: "POST", path: secretsPath, body: `{}`, status: 201, caller: "stranger"},
		{method: "POST", path: own + "/consumers", body: consumer, status: 200},
		{method: "POST", path: own + "/consumers", body: consumer, status: 403, want: has("SecretConsumer creation issue seen")},
		{method: "GET", path: own + "/payload", status: 200, want: has("\x00\xff")},
		{method: "GET", path: theirs, status: 403},
		{method: "PUT", path: theirs, body: "x", status: 403, header: as("Content-Type", "text/html")},
		{method: "GET", path: theirs + "/consumers/00000000-0000-4000-8000-000000000000", status: 404, want: has("Consumer not found.")},
		{method: "DELETE", path: own, status: 403, caller: "reader"},
		{method: "DELETE", path: own, status: 204, caller: "admin"},
	})
}

// Ensure every body of a new secret that is refused is told as the server does.
func TestSecretBodies(t *testing.T) {
	t.Parallel()
	match := func(message, property string) string {
		return `"Provided object does not match schema 'Secret': ` + message + `. Invalid property: '` + property + `'"`
	}
	long := strings.Repeat("x", 256)
	tests := []struct {
		body   string
		status int
		want   string
	}{
		{`[]`, 400, match(`[] is not of type 'object'`, "None")},
		{`{"bit_length":"1","name":5}`, 400, match(`5 is not of type 'string', 'null'`, "name")},
		{`{"name":"` + long + `","bit_length":"s"}`, 400, match(`'s' is not of type 'integer'`, "bit_length")},
		{`{"name":"` + long + `"}`, 400, match(`'`+long+`' is too long`, "name")},
		{`{"bit_length":0}`, 400, match(`0 is less than the minimum of 1`, "bit_length")},
		{`{"bit_length":3.2768e4}`, 400, match(`32768.0 is greater than the maximum of 32767`, "bit_length")},
		{`{"bit_length":true}`, 400, match(`True is not of type 'integer'`, "bit_length")},
		{`{"algorithm":null}`, 400, match(`None is not of type 'string'`, "algorithm")},
		{`{"secret_type":"x"}`, 400, match(`'x' is not one of ['symmetric', 'passphrase', 'private', 'public', 'certificate', 'opaque']`, "secret_type")},
		{`{"payload_content_encoding":"gzip"}`, 400, match(`'gzip' is not one of ['base64']`, "payload_content_encoding")},
		{`{"expiration":"soon"}`, 400, match(`Invalid date for 'expiration'`, "expiration")},
		{`{"payload_content_type":null}`, 400, match(`payload must be provided when payload_content_type is specified`, "payload")},
		{`{"payload":"p","payload_content_type":"text/html"}`, 400, match(`payload_content_type is not one of ['text/plain', 'text/plain;charset=utf-8', 'text/plain; charset=utf-8', 'application/octet-stream', 'application/pkcs8']`, "payload_content_type")},
		{`{"payload":"p","payload_content_type":"text/plain","payload_content_encoding":"base64"}`, 400, match(`payload_content_encoding is not one of None`, "payload_content_encoding")},
		{`{"payload":"p","payload_content_type":"application/pkcs8"}`, 400, match(`payload_content_encoding is not one of ['base64', 'binary']`, "payload_content_encoding")},
		{`{"payload":" ","payload_content_type":"text/plain"}`, 400, match(`If 'payload' specified, must be non empty`, "payload")},
		{`{"payload":"cA","payload_content_type":"application/pkcs8","payload_content_encoding":"base64"}`, 400, match(`Invalid payload for payload_content_encoding`, "payload")},
		{`{"payload":"` + strings.Repeat("é", 10001) + `","payload_content_type":"text/plain"}`, 413, `"Provided information too large to process"`},
		{`{"payload":"` + strings.Repeat("x", 25000) + `","payload_content_type":"text/plain"}`, 400, `"Malformed JSON"`},
		{`{"transport_key_id":"x","payload":"p","payload_content_type":"text/plain"}`, 400, `"Secret creation issue seen - Provided transport key was not found.."`},
		{`{"transport_key_id":"x","payload_content_encoding":"base64","expiration":" ","name":null,"external_project_id":"x"}`, 201, "secret_ref"},
		{`{"payload":"` + strings.Repeat("x", 20000) + `","payload_content_type":"Text/Plain; Charset=UTF-8"}`, 201, "secret_ref"},
	}
	for _, tt := range tests {
		p := newPlayer(t, emulator.WithFixture("empty"))
		req, _ := http.NewRequest(http.MethodPost, "http://h"+secretsPath, strings.NewReader(tt.body))
		p.login(req, "barbican", "")
		req.Header.Set("Content-Type", "application/json")
		if resp, body := p.do(req); resp.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
			t.Errorf("%.90s: %d %.300s\nwant %d %.300s", tt.body, resp.StatusCode, body, tt.status, tt.want)
		}
	}
}

// Ensure no payload stands in the journal, however it came or went.
func TestPayloadsAreRedacted(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	const key = "S3CR3T"
	recorded(e, "PUT", bare, key, "Content-Type", "application/json")
	recorded(e, "PUT", bare, `{"not":"`+key+`"}`, "Content-Type", "text/plain")
	recorded(e, "POST", secretsPath, `{"payload":"`+key+`","payload_content_type":"text/plain"}`)
	for _, path := range []string{bare, bare + "/payload", created + "/payload"} {
		if w := recorded(e, "GET", path, "", "Accept", "text/plain"); !strings.Contains(w.Body.String(), key) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	recorded(e, "GET", bare, "", "Accept", "application/json")
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

// Ensure a dump holds secrets with everything that belongs to them.
func TestSecretsAreDumpedWhole(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithFixture("default", fixtureFile(t, strings.Replace(ownSecrets, "extends: empty\n", "", 1))))
	state := func(method, body string) string {
		req, _ := http.NewRequest(method, "http://h/_standin/state", strings.NewReader(body))
		resp, got := p.do(req)
		if resp.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%d %s", resp.StatusCode, got)
		}
		return string(got)
	}
	before := state("GET", "")
	for _, text := range []string{`"payload":"correct horse battery staple"`, `"payload_content_encoding":"base64"`, `"metadata":{"environment":"staging"}`, `"resource_type":"server"`, `"expiration":"2027-01-01T00:00:00"`} {
		if !strings.Contains(before, text) {
			t.Errorf("no %s in %s", text, before)
		}
	}
	state("PUT", before)
	if after := state("GET", ""); after != before {
		t.Errorf("dumped %s\nthen   %s", before, after)
	}
}

// roleFixture is a project with a user for each role that the policies know, and
// two secrets that somebody else made.
func roleFixture(roles []string) string {
	users, tokens, list := "", "", ""
	for _, role := range roles {
		list += fmt.Sprintf("    - {id: %q, name: %q}\n", role, role)
		users += fmt.Sprintf("    - {id: %q, name: %q, domain_id: default, roles: {p: [%q]}}\n", role, role, role)
		tokens += fmt.Sprintf("    - {id: %q, user_id: %q, project_id: p}\n", role+"-token", role)
	}
	return "identity:\n  domains: [{id: default, name: Default}]\n  projects: [{id: p, name: p, domain_id: default}]\n  roles:\n" + list +
		"  users:\n" + users + "  tokens:\n" + tokens + `
barbican:
  secrets:
    - {secret_ref: 2f6e8c1a-9b4d-4e7f-8a3c-5d6b7c8e9f01, project_id: p, creator_id: another, payload: hello, metadata: {a: b}}
`
}

// Ensure each role may do with another one's secret what it may on the server as it
// is shipped.
func TestSecretRoles(t *testing.T) {
	t.Parallel()
	roles := []string{"admin", "creator", "observer", "audit", "key-manager:service-admin", "member", "reader"}
	const consumer = `{"service":"s","resource_type":"t","resource_id":"i"}`
	tests := []struct {
		method, path, body, accept string
		want                       []int // by role
	}{
		{"POST", secretsPath, `{}`, "", []int{201, 201, 403, 403, 403, 403, 403}},
		{"GET", secretsPath, "", "", []int{200, 200, 200, 403, 403, 403, 403}},
		{"GET", greeting, "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"GET", greeting, "", "text/plain", []int{200, 200, 200, 403, 403, 403, 403}},
		{"GET", greeting + "/payload", "", "", []int{200, 200, 200, 403, 403, 403, 403}},
		{"PATCH", greeting + "/payload", "", "", []int{405, 405, 405, 403, 403, 403, 403}},
		{"PUT", greeting, "x", "", []int{409, 409, 403, 403, 403, 403, 403}},
		{"GET", greeting + "/metadata", "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"PUT", greeting + "/metadata", `{"metadata":{"a":"b"}}`, "", []int{201, 201, 403, 403, 403, 403, 403}},
		{"POST", greeting + "/metadata", `{"key":"c","value":"d"}`, "", []int{201, 201, 403, 403, 403, 403, 403}},
		{"GET", greeting + "/metadata/a", "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"PUT", greeting + "/metadata/a", `{"key":"a","value":"d"}`, "", []int{200, 200, 403, 403, 403, 403, 403}},
		{"DELETE", greeting + "/metadata/a", "", "", []int{204, 204, 403, 403, 403, 403, 403}},
		{"GET", greeting + "/consumers", "", "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"POST", greeting + "/consumers", consumer, "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"DELETE", greeting + "/consumers", consumer, "", []int{200, 200, 200, 200, 200, 403, 403}},
		{"GET", greeting + "/consumers/00000000-0000-4000-8000-000000000000", "", "", []int{404, 404, 404, 404, 403, 403, 403}},
		{"DELETE", greeting, "", "", []int{204, 204, 403, 403, 403, 403, 403}},
	}
	fixture := fixtureFile(t, roleFixture(roles))
	for i, role := range roles {
		p := newPlayer(t, emulator.WithFixture(fixture))
		for _, tt := range tests {
			req, _ := http.NewRequest(tt.method, "http://h"+tt.path, strings.NewReader(tt.body))
			p.login(req, "barbican", role)
			req.Header.Set("Content-Type", "application/json")
			if tt.body == "x" {
				req.Header.Set("Content-Type", "text/plain")
			}
			if tt.accept != "" {
				req.Header.Set("Accept", tt.accept)
			}
			if resp, body := p.do(req); resp.StatusCode != tt.want[i] {
				t.Errorf("%s: %s %s %s: %d %s, want %d", role, tt.method, tt.path, tt.accept, resp.StatusCode, body, tt.want[i])
			}
		}
	}
}
