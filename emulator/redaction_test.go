package emulator_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
)

// secretNames are names under which clients send secrets.
var secretNames = strings.Fields(`
	password Password PASSWORD passwd pass adminPass admin_pass original_password userPassword passcode passphrase pwd
	secret client_secret clientSecret oauth_client_secret secret_key shared-secret token Token auth_token authToken
	access_token accessToken refresh_token id_token token_id X-Auth-Token x-auth-token X-Subject-Token X-Storage-Token
	X-Service-Token api_key apiKey api-key X-Api-Key apikey access_key secretAccessKey private_key privateKey
	credential credentials code_verifier authorization Authorization Authentication Proxy-Authorization cookie Set-Cookie
	session_token otp pin auth user[password] user.password
	PASSWD user_password newPassword new-password passwordConfirm db_password DB_PASSWORD dbPass bindpw pw psk jwt bearer hmac sig
	secret_id secretId api_secret apiSecret shared_secret totp mfa_code verification_code device_code user_code recovery_codes
	client_assertion assertion SAMLResponse signature X-Amz-Signature session session_id sessionid auth_key X-Auth-Key accountKey
	sharedkey encryption_key signingKey connection_string passkey x_auth_token X_AUTH_TOKEN csrf_token bearerToken
	private-key privatekey credentials_json tokens secrets passwords pass[word] p\u0061ssword`)

// A leak is a way to send a secret under a name. It returns nil if the name does not fit.
type leak struct {
	what string
	send func(name, secret string) *http.Request
}

func post(path, mediaType, body string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("X-Auth-Token", "demo-token")
	return r
}

// hexed returns a name with every letter as an escape.
func hexed(name string) string {
	var b strings.Builder
	for i := range len(name) {
		fmt.Fprintf(&b, "%%%02x", name[i])
	}
	return b.String()
}

func leaks() []leak {
	const json, form = "application/json", "application/x-www-form-urlencoded"
	body := func(what, mediaType, format string) leak {
		return leak{what, func(name, secret string) *http.Request {
			text := strings.NewReplacer("NAME", name, "HEXED", hexed(name), "SECRET", secret).Replace(format)
			return post("/v1/clients", mediaType, text)
		}}
	}
	return []leak{
		body("JSON", json, `{"NAME":"SECRET"}`),
		body("nested JSON", json, `{"client":[{"client_id":"x","NAME":"SECRET"}]}`),
		body("a list", json, `{"NAME":["SECRET",["SECRET"]]}`),
		body("an object", json, `{"NAME":{"x":"SECRET"}}`),
		body("JSON that is cut", json, `{"client_id":"x","NAME":"SECRET`),
		body("JSON with a comma too many", json, `{"NAME":"SECRET",}`),
		body("Python's JSON", json, `{'NAME': 'SECRET'}`),
		body("JavaScript", json, `{NAME: "SECRET"}`),
		body("JSON called text", "text/plain", `{"NAME" : "SECRET"}`),
		body("a form", form, `a=b&NAME=SECRET&c=d`),
		body("an escaped form", form, `a=b&HEXED=SECRET`),
		body("a form with semicolons", form, `a=b;NAME=SECRET;c=d`),
		body("parts", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"NAME\"\r\n\r\nSECRET\r\n--x--\r\n"),
		body("a line of text", "text/plain", "NAME: SECRET"),
		body("a form with signs in the value", form, `a=b&NAME={SECRET&c=d`),
		body("a form with quotes in the value", form, `a=b&NAME='a'SECRET&c=d`),
		body("a list that is cut", json, `{"NAME":["SECRET"`),
		body("an object that is nearly JSON", json, `{"NAME":{"x":"SECRET"},}`),
		body("a long body", json, `{"NAME":["SECRET"],"x":"`+strings.Repeat("y", 20_000)+`"}`),
		body("JSON within JSON", json, `{"x":"{\"NAME\":\"SECRET\"}"}`),
		body("a pair", json, `{"env":[{"name":"NAME","value":"SECRET"}]}`),
		body("a text with a pair", json, `{"env":["NAME=SECRET"]}`),
		body("a block of YAML", "application/yaml", "NAME: |\n  SECRET\n"),
		body("a URL's password", json, `{"hostname":"http://u:SECRET@host/"}`),
		body("a private key", "text/plain", "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----\n"),
		{"XML", func(name, secret string) *http.Request {
			if strings.ContainsAny(name, `[]\`) {
				return nil
			}
			return post("/v1/clients", "application/xml", `<x><`+name+` a="b">`+secret+`</`+name+`></x>`)
		}},
		{"a Referer", func(name, secret string) *http.Request {
			r := post("/v1/clients", json, "{}")
			r.Header.Set("Referer", "http://localhost/?"+url.QueryEscape(name)+"="+secret)
			return r
		}},
		{"JSON in a query", func(name, secret string) *http.Request {
			return post("/v1/clients?q="+url.QueryEscape(`{"`+name+`":"`+secret+`"}`), json, "{}")
		}},
		{"a query", func(name, secret string) *http.Request {
			return post("/v1/clients?a=b&"+url.QueryEscape(name)+"="+secret, json, "{}")
		}},
		{"an escaped query", func(name, secret string) *http.Request {
			return post("/v1/clients?"+hexed(name)+"="+secret+"&a=b", json, "{}")
		}},
		{"a header", func(name, secret string) *http.Request {
			r := post("/v1/clients", json, "{}")
			if strings.ContainsAny(name, `[]\`) {
				return nil
			}
			r.Header.Set(name, secret)
			return r
		}},
		{"a parameter of the path", func(name, secret string) *http.Request {
			if strings.ContainsAny(name, `[]\`) {
				return nil
			}
			return post("/v1/clients/x;"+name+"="+secret, json, "{}")
		}},
	}
}

// A witness is an emulator and all that it shows of its requests.
type witness struct {
	t      *testing.T
	s      *emulator.Server
	log    emulator.Buffer
	events emulator.Buffer
	seen   chan string // the lines of the events, as they come
	sent   int
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	w := &witness{t: t, seen: make(chan string, 1<<16)}
	e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithLogger(emulator.JSONTo(&w.log)))
	if err != nil {
		t.Fatal(err)
	}
	if w.s, err = e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.s.Close() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.s.URL+"/_standin/events?since=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	go func() {
		lines := bufio.NewReader(resp.Body)
		for line, err := lines.ReadString('\n'); err == nil; line, err = lines.ReadString('\n') {
			_, _ = w.events.Write([]byte(line))
			w.seen <- line
		}
		close(w.seen)
	}()
	return w
}

func (w *witness) send(r *http.Request) {
	w.t.Helper()
	r.URL.Host = strings.TrimPrefix(w.s.URL, "http://")
	resp, err := w.s.Client().Do(r.WithContext(w.t.Context()))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	w.sent++
}

// shown returns all that is shown of the requests, by place.
func (w *witness) shown() map[string]string {
	w.t.Helper()
	last := fmt.Sprintf(`"sequence":%d,`, w.sent)
	for {
		line, more := <-w.seen
		if !more {
			w.t.Fatalf("the events end before request %d", w.sent)
		}
		if strings.Contains(line, last) {
			break
		}
	}
	_, list, err := call(w.t.Context(), w.s.Client(), "GET", w.s.URL+"/_standin/requests", "")
	if err != nil {
		w.t.Fatal(err)
	}
	entries, err := json.Marshal(w.s.Requests())
	if err != nil {
		w.t.Fatal(err)
	}
	return map[string]string{
		"the journal": list, "the canonical journal": string(w.s.Journal()), "the events": w.events.String(),
		"the log": w.log.String(), "the entries of Go": string(entries), "the lines of Go": fmt.Sprint(w.s.Requests()),
	}
}

// Ensure nothing that is shown of a request contains a secret. This holds for every name and every
// place in the request, also if an answer repeats the secret.
func TestSecretsAreHiddenEverywhere(t *testing.T) {
	t.Parallel()
	for _, l := range leaks() {
		t.Run(l.what, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			for i, name := range secretNames {
				if r := l.send(name, fmt.Sprintf("hunter2x%dx", i)); r != nil {
					w.send(r)
				}
			}
			for where, text := range w.shown() {
				for i, name := range secretNames {
					if at := strings.Index(text, fmt.Sprintf("hunter2x%dx", i)); at >= 0 {
						t.Errorf("%s shows the secret of %s: …%s…", where, name, text[max(0, at-100):at+12])
					}
				}
			}
		})
	}
}

// Ensure what only looks like a secret is shown. Ensure a secret that is an ordinary word is hidden
// only where it was sent.
func TestOrdinaryWordsAreShown(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	names := strings.Fields(`compass bypass trespass password_expires_at token_count secret_type token_type secret_ref secret_refs secretary
		secret_count tokenizer has_secret passwordless secret_algorithm secrets_path cookie_policy token_ttl access_key_count
		token_endpoint secret_name credential_id authority encode decoder`)
	for i, name := range names {
		w.send(post("/v1/clients?"+name+"="+fmt.Sprintf("shownq%dx", i), "application/json", fmt.Sprintf(`{%q:"shownb%dx"}`, name, i)))
	}
	r := post("/role-store/api/v1/roles", "application/json", `{"secrets":10,"error":{"code":404}}`)
	r.Header.Set("X-Token", "role")
	w.send(r)
	list := w.shown()["the journal"]
	for i, name := range names {
		for _, want := range []string{fmt.Sprintf("shownq%dx", i), fmt.Sprintf("shownb%dx", i)} {
			if !strings.Contains(list, want) {
				t.Errorf("%s is hidden", name)
			}
		}
	}
	for _, want := range []string{`"/role-store/api/v1/roles"`, `\"secrets\":10`, `\"code\":404`} {
		if !strings.Contains(list, want) {
			t.Errorf("the journal does not show %s", want)
		}
	}
}

// Ensure secrets that are a part of their replacement do not make a text grow.
func TestSecretsWithinTheirPlace(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.send(post(strings.Repeat("/tokens/(red/tokens/ted)", 50), "application/json", `{"password":"redacted"}`))
	r := post("/v1/clients/(redacted)", "application/json", "{}")
	for range 50 {
		r.Header.Add("X-Token", "(red")
		r.Header.Add("X-Token", "ted)")
	}
	w.send(r)
	for where, text := range w.shown() {
		if len(text) > 100_000 {
			t.Errorf("%s: %d bytes", where, len(text))
		}
	}
}

// Ensure payloads of Barbican, tokens in paths and secrets that errors repeat are hidden too.
// Ensure names of secrets are shown.
func TestSecretsOfServices(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.send(post("/v1/secrets", "text/plain", "hunter2 as text"))
	w.send(post("/v1/secrets", "application/octet-stream", "hunter2 as bytes"))
	w.send(post("/v1/secrets", "application/json", `"hunter2 as a string"`))
	w.send(post("/v1/secrets", "application/json", `{"payload":{"a":"hunter2"},"payload_content_type":"text/plain"}`))
	w.send(post("/v1/secrets/00000000-0000-4000-8000-000000000000", "application/json", `{"a":"hunter2"}`))
	w.send(post("/v3/auth/tokens", "application/json", `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":["hunter2"]}}}}}`))
	w.send(post("/v3/auth/tokens", "application/json", `{"auth":{"identity":{"methods":["token"],"token":{"id":"hunter2"}}}}`))
	r := post("/v2.0/tokens/hunter2-token/endpoints", "application/json", "")
	w.send(r)
	r = post("/v1/clients/hunter2-mine?x=hunter2-mine", "application/json", "")
	r.Header.Set("X-Auth-Token", "hunter2-mine")
	w.send(r)
	w.send(post("/v1/containers", "application/json", `{"type":"generic","secret_refs":[{"name":"mine","secret_ref":"http://localhost/v1/secrets/1234"}]}`))
	shown := w.shown()
	for where, text := range shown {
		if at := strings.Index(text, "hunter2"); at >= 0 {
			t.Errorf("%s: …%s…", where, text[max(0, at-100):min(len(text), at+20)])
		}
	}
	for _, want := range []string{"/v1/secrets/1234", `\"name\":\"mine\"`, `\"methods\":[\"password\"]`, `payload_content_type\":\"text/plain\"`, `\"code\":4`} {
		if !strings.Contains(shown["the journal"], want) {
			t.Errorf("the journal does not show %s", want)
		}
	}
}

// Ensure secrets are in no journal.
func TestSecretsAreRedacted(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	token := recorded(e, "POST", "/v3/auth/tokens", login).Header().Get("X-Subject-Token")
	recorded(e, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+token+`"}}}}`)
	recorded(e, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"password":{"user":{"password":"half-a-sec`)
	recorded(e, "GET", "/v1/clients?token=query-secret", "", "Cookie", "cookie-secret")
	recorded(e, "POST", "/auth/api/v1/oauth/token", "grant_type=password&username=demo-client&password=demo-secret", "Content-Type", "application/x-www-form-urlencoded",
		"Authorization", "Basic cHJpdngtZXh0ZXJuYWw6cHJpdngtc2VjcmV0")
	recorded(e, "GET", "/local-user-store/api/v1/api-clients", "", "Authorization", "Bearer demo-token")
	text := string(e.Journal()) + recorded(e, "GET", "/_standin/requests", "").Body.String()
	for _, secret := range []string{token, `"password":"demo"`, "half-a-sec", "query-secret", "cookie-secret", "demo-secret", "cHJpdng", "demo-token", `"secret":"string"`, "privx-secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("the journal has %s", secret)
		}
	}
	if !strings.Contains(text, `"caller":"demo"`) || !strings.Contains(text, "grant_type=password") {
		t.Errorf("the journal has too little: %s", text)
	}
}

// Ensure secrets are redacted in bodies that are not plain JSON too.
func TestSecretsInOddBodies(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"\ufeff" + `{"password":"SECRET"}`, "{\"password\":\"SECRET\",\"x\":\"\xff\"}", `{"password":SECRET123}`, `{"auth":{"token":{"id":"SECRET"`, `[{"secret":"SECRET"}]`} {
		recorded(e, "POST", "/v3/auth/tokens", body)
	}
	recorded(e, "POST", "/v3/auth/tokens", `{"password":987654321}`)
	for _, how := range []string{"bom", "charset", "json"} {
		w := recorded(e, "POST", "/auth/api/v1/oauth/token", "grant_type=password&username=demo-client&password=demo-secret", "Content-Type", "application/x-www-form-urlencoded",
			"Authorization", "Basic cHJpdngtZXh0ZXJuYWw6cHJpdngtc2VjcmV0", fault.Header, "malformed_body="+how)
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for _, entry := range e.Requests() {
		text := fmt.Sprintf("%+v %+v", entry.Request, entry.Reply)
		plain := strings.ReplaceAll(text, "\x00", "")
		if strings.Contains(plain, `:"SECRET`) || strings.Contains(plain, "987654321") || strings.Contains(plain, `"access_token":"ey`) {
			t.Errorf("a secret: %s", text)
		}
		if b := entry.Request.Base64; strings.Contains(b, "U0VDUkVU") || strings.Contains(b, "NFQ1JFV") || strings.Contains(b, "TRUNSRV") {
			t.Errorf("a secret in %s", b)
		}
	}
}
