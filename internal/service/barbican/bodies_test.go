package barbican_test

import (
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure the error messages for bodies that do not match Barbican's schemas.
func TestConsumerBodies(t *testing.T) {
	t.Parallel()
	const c = "/v1/containers/74bbd3fd-9ba8-42ee-b87e-2eecf10e47b9/consumers"
	long, emoji := strings.Repeat("x", 37), strings.Repeat("😀", 36)
	schema := func(message, property string) string {
		return `"Provided object does not match schema 'Consumer': ` + message + `. Invalid property: '` + property + `'"`
	}
	var steps []step
	for _, tt := range []struct {
		body   string
		status int
		want   string
	}{
		{"\ufeff{}", 400, `"Malformed JSON"`},
		{"{}{}", 400, `"Malformed JSON"`},
		{"\"\xff\"", 400, `"description":""`},
		{"[]", 400, schema("[] is not of type 'object'", "None")},
		{"{}", 400, schema("'name' is a required property", "None")},
		{`{"NAME":"a","URL":"b"}`, 400, schema("'name' is a required property", "None")},
		{`{"name":1}`, 400, schema("'URL' is a required property", "None")},
		{`{"name":1,"URL":""}`, 400, schema("1 is not of type 'string'", "name")},
		{`{"name":null,"URL":["u"]}`, 400, schema("['u'] is not of type 'string'", "URL")},
		{`{"name":"","URL":" "}`, 400, schema("'' is too short", "URL")},
		{`{"name":"` + long + `","URL":"u"}`, 400, schema("'"+long+"' is too long", "name")},
		{`{"name":"` + emoji + `","URL":"u"}`, 200, emoji},
		{`{"name":"n","URL":"` + strings.Repeat("u", 256) + `"}`, 400, "is too long"},
		{`{"name":"twice","name":"last","URL":"u","external_project_id":"x","inst":1}`, 200, "last"},
		{`{"name":"p","URL":"u"}` + strings.Repeat(" ", 30_000), 200, `"name":"p"`}, // bytes beyond the limit are dropped; here they are blanks
		{`{"name":"p","URL":"u","x":"` + strings.Repeat("x", 30_000) + `"}`, 400, `"Malformed JSON"`},
	} {
		steps = append(steps, step{Method: "POST", Path: c, Body: tt.body, Status: tt.status, Want: has(tt.want)})
	}
	for _, tt := range []struct{ body, want string }{
		{`{"type":5}`, "5 is not of type 'string'. Invalid property: 'type'"},
		{`{"type":"rsa","secret_refs":[{"name":"a","secret_ref":"http://x/v1/secrets/b61613fc-be53-4696-ac01-c3a789e87973"}]}`, "for RSA type"},
		{`{"type":"generic","secret_refs":[{"name":"a","secret_ref":"x/1"},{"name":"a","secret_ref":"x/2"}]}`, "Duplicate reference names"},
		{`{"type":"generic","secret_refs":[{"name":"a","secret_ref":"x/1"},{"name":"b","secret_ref":"y/1"}]}`, "Duplicate secret ids"},
		{`{"type":"generic","secret_refs":{}}`, "{} is not of type 'array'. Invalid property: 'secret_refs'"},
		{`{"type":"generic","name":5}`, "5 is not of type 'string', 'null'. Invalid property: 'name'"},
	} {
		steps = append(steps, step{Method: "POST", Path: "/v1/containers/", Body: tt.body, Status: 400, Want: has(tt.want)})
	}
	steps = append(steps,
		step{Method: "POST", Path: "/v1/containers", Body: `{"type":"rsa"}`, Status: 201},
		step{Method: "POST", Path: "/v1/containers", Body: `{"type":"generic","secret_refs":[{"name":null,"secret_ref":"https://other.example/v1/secrets/b61613fc-be53-4696-ac01-c3a789e87973"}]}`, Status: 201})
	servicetest.Tell(t, "barbican", "documented", steps)
}

// Ensure each refused body of a new secret gets the error message of the server.
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
		p := servicetest.NewPlayer(t, emulator.WithFixture("empty"))
		req, _ := http.NewRequest(http.MethodPost, "http://h"+secretsPath, strings.NewReader(tt.body))
		p.Login(req, "barbican", "")
		req.Header.Set("Content-Type", "application/json")
		if resp, body := p.Do(req); resp.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
			t.Errorf("%.90s: %d %.300s\nwant %d %.300s", tt.body, resp.StatusCode, body, tt.status, tt.want)
		}
	}
}

// Ensure a PUT of Base64 ignores bytes outside of the alphabet, and a POST of the same is
// refused. The server decodes bytes in the first case and text in the second.
func TestBase64Bytes(t *testing.T) {
	t.Parallel()
	tests := []struct{ body, payload string }{
		{"YWJj\xff", "abc"}, {"\xffYWJj", "abc"}, {"YW\xff\xfeJj", "abc"}, {"YWäJj", "abc"}, {"YQ=\xff=", "a"}, {"YW-Jj_", "abc"},
	}
	for _, profile := range []string{"documented", "observed"} {
		for _, tt := range tests {
			p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture), emulator.WithProfile(emulator.Profile(profile)))
			_, made := p.Call("POST", "/v1/secrets", "creator", "{}")
			secret := strings.TrimSuffix(made[strings.Index(made, "/v1/"):], `"}`)
			steps := []step{
				{Method: "PUT", Path: secret, Body: tt.body, Status: 204, Header: map[string]string{"Content-Type": "application/octet-stream", "Content-Encoding": "base64"}},
				{Method: "GET", Path: secret + "/payload", Status: 200, Want: has(tt.payload), Header: map[string]string{"Accept": "application/octet-stream"}},
			}
			for _, s := range steps {
				req, err := http.NewRequest(s.Method, "http://localhost:9311"+s.Path, strings.NewReader(s.Body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Auth-Token", "creator-token")
				for name, v := range s.Header {
					req.Header.Set(name, v)
				}
				if resp, body := p.Do(req); resp.StatusCode != s.Status || len(s.Want) > 0 && string(body) != s.Want[0] {
					t.Errorf("%s, %q: %s %d %q", profile, tt.body, s.Method, resp.StatusCode, body)
				}
			}
		}
		p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture), emulator.WithProfile(emulator.Profile(profile)))
		code, body := p.Call("POST", "/v1/secrets", "creator", `{"payload":"YWJjÿ","payload_content_type":"application/octet-stream","payload_content_encoding":"base64"}`)
		if code != 400 || !strings.Contains(body, "Invalid payload for payload_content_encoding") {
			t.Errorf("%s: %d %s", profile, code, body)
		}
	}
}
