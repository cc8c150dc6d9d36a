package privx_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure a created API client can log in with the permissions of its roles. Ensure a token can be
// refreshed once.
func TestPasswordGrant(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture("default"))
	post := func(path, contentType, body string, login func(*http.Request)) (int, *value.Object) {
		req, err := http.NewRequest(http.MethodPost, "http://h"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		login(req)
		resp, got := p.Do(req)
		o, _ := servicetest.Parse(t, got).(*value.Object)
		return resp.StatusCode, o
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	text := func(o *value.Object, name string) string {
		v, _ := o.Get(name)
		s, _ := v.(string)
		return s
	}
	const api = "/local-user-store/api/v1/api-clients"
	create := func(role string) (id, secret string) {
		_, o := post(api, "application/json", `{"name":"n","roles":[{"id":"`+role+`"}]}`, bearer("demo-token"))
		req, _ := http.NewRequest(http.MethodGet, "http://h"+api+"/"+text(o, "id"), nil)
		bearer("demo-token")(req)
		_, body := p.Do(req)
		full := servicetest.Parse(t, body).(*value.Object)
		return text(full, "id"), text(full, "secret")
	}
	token := func(form string) (int, *value.Object) {
		return post("/auth/api/v1/oauth/token", "application/x-www-form-urlencoded", form, func(r *http.Request) { r.SetBasicAuth("privx-external", "privx-secret") })
	}
	escape := strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace
	for role, want := range map[string]int{"b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9": 201, "c1b2d3e4-f506-4172-9384-a5b6c7d8e9f0": 403} {
		id, secret := create(role)
		code, o := token("grant_type=password&username=" + id + "&password=" + escape(secret))
		if code != 200 {
			t.Fatalf("login: %d", code)
		}
		if code, _ := post(api, "application/json", `{"name":"made by a client"}`, bearer(text(o, "access_token"))); code != want {
			t.Errorf("role %s: %d, want %d", role, code, want)
		}
		refresh := "grant_type=refresh_token&refresh_token=" + text(o, "refresh_token")
		code, again := token(refresh)
		if code != 200 || text(again, "access_token") == text(o, "access_token") {
			t.Errorf("refresh: %d", code)
		}
		if code, _ := token(refresh); code != 400 {
			t.Errorf("refreshed twice: %d", code)
		}
		if code, _ := post(api, "application/json", `{"name":"x"}`, bearer(text(o, "access_token"))); code != 401 {
			t.Errorf("the old token: %d", code)
		}
		req, _ := http.NewRequest(http.MethodDelete, "http://h"+api+"/"+id, nil)
		bearer("demo-token")(req)
		p.Do(req)
		if code, _ := token("grant_type=refresh_token&refresh_token=" + text(again, "refresh_token")); code != 400 {
			t.Errorf("a deleted client refreshes its token: %d", code)
		}
	}
}

// Ensure the tokens of the three logins work and can be refreshed, also by the client without a
// secret.
func TestLogins(t *testing.T) {
	t.Parallel()
	anybody := servicetest.Caller{Player: servicetest.NewPlayer(t), Header: map[string]string{}}
	external := anybody.Expect(200, "POST", "/auth/api/v1/token/login", `{"token":"demo-external-token"}`)
	anybody.With("Authorization", "Bearer "+at(t, external, "/access_token")).Expect(200, "GET", apiClients, "")
	form := anybody.With("Content-Type", "application/x-www-form-urlencoded")
	refresh := "grant_type=refresh_token&client_id=privx-ui&redirect_uri=/privx/oauth-callback&refresh_token=" + at(t, external, "/refresh_token")
	again := as(t, form, "/auth/api/v1/oauth/token", refresh)
	again.Expect(200, "GET", apiClients, "")
	form.Expect(400, "POST", "/auth/api/v1/oauth/token", refresh)
	form.Expect(400, "POST", "/auth/api/v1/oauth/token", "grant_type=password&client_id=privx-ui&username=demo-client&password=demo-secret")
	as(t, anybody, clientLogin, `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`).Expect(200, "GET", apiClients, "")
	for _, service := range []string{"auth", "local-user-store", "role-store"} {
		v := anybody.Expect(200, "GET", "/"+service+"/api/v1/status", "")
		if got := at(t, v, "/server-mode"); got == "" {
			t.Errorf("%s: no mode", service)
		}
	}
}

// Ensure a refreshed token has the present permissions of its API client's roles. Ensure tokens
// end with their client.
func TestRefreshedRights(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	const keepers = "b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9"
	id := at(t, admin.Expect(201, "POST", apiClients, `{"name":"c","roles":[{"id":"`+keepers+`"}]}`), "/id")
	secret := at(t, admin.Expect(200, "GET", apiClients+"/"+id, ""), "/secret")
	login := func() string {
		v := admin.Expect(200, "POST", clientLogin, `{"grant_type":"client_credentials","client_id":"`+id+`","client_secret":"`+secret+`"}`)
		return at(t, v, "/refresh_token")
	}
	form := admin.With("Content-Type", "application/x-www-form-urlencoded").With("Authorization", "")
	const token, grant = "/auth/api/v1/oauth/token", "grant_type=refresh_token&client_id=privx-ui&refresh_token="
	as(t, form, token, grant+login()).Expect(200, "GET", apiClients, "")

	refresh := login()
	admin.Expect(200, "PUT", apiClients+"/"+id, `{"name":"c"}`)
	as(t, form, token, grant+refresh).Expect(403, "GET", apiClients, "")

	refresh = login()
	admin.Expect(200, "PUT", apiClients+"/"+id, `{"name":"c","roles":[{"id":"`+keepers+`"}]}`)
	as(t, form, token, grant+refresh).Expect(200, "GET", apiClients, "") // the other role, which was given to it

	refresh = login()
	admin.Expect(200, "PUT", roleStore+"/"+keepers, `{"name":"keepers","permissions":["roles-view"]}`)
	as(t, form, token, grant+refresh).Expect(403, "GET", apiClients, "")

	refresh = login()
	admin.Expect(200, "DELETE", roleStore+"/"+keepers, "")
	as(t, form, token, grant+refresh).Expect(403, "GET", roleStore, "")

	refresh = login()
	admin.Expect(204, "PUT", "/_standin/state/privx", `{"privx":{"api_clients":[]}}`)
	form.Expect(400, "POST", token, grant+refresh)
}

// Ensure a disabled user cannot log in by any of the logins.
func TestDisabledUser(t *testing.T) {
	t.Parallel()
	admin := privx(t, "admin", emulator.WithFixture("default"))
	state := string(value.Append(nil, admin.Expect(200, "GET", "/_standin/state/identity", "")))
	disabled := strings.Replace(state, `"name":"demo","password"`, `"enabled":false,"name":"demo","password"`, 1)
	if disabled == state {
		t.Fatal("no user demo")
	}
	admin.Expect(204, "PUT", "/_standin/state/identity", disabled)
	nobody := servicetest.Caller{Player: admin.Player}
	nobody.Expect(400, "POST", clientLogin, `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`)
	nobody.Expect(400, "POST", "/auth/api/v1/token/login", `{"token":"demo-external-token"}`)
}

// Ensure the lifetime in the response is the real one, also with a frozen clock.
func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithTime(newYear))
	if err != nil {
		t.Fatal(err)
	}
	w := servicetest.Recorded(e, "POST", clientLogin, `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`)
	v := servicetest.Parse(t, w.Body.Bytes())
	if got := at(t, v, "/expires_in"); got != "300" {
		t.Errorf("expires_in is %s", got)
	}
	bearer := []string{"Authorization", "Bearer " + at(t, v, "/access_token")}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{299 * time.Second, 200}, {time.Second, 401}} {
		e.Advance(c.after)
		if got := servicetest.Status(e, apiClients, bearer...); got != c.want {
			t.Errorf("%s later: %d, want %d", c.after, got, c.want)
		}
	}
}
