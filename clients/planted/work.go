package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// The paths of the services.
const (
	clients    = "/v1/clients"                          // Freezer
	containers = "/v1/containers"                       // Barbican
	images     = "/v3/images"                           // devops-service
	apiClients = "/local-user-store/api/v1/api-clients" // PrivX
)

// freezerClient is a body that registers a client at Freezer, where ids are unique.
func freezerClient(id string) string {
	return fmt.Sprintf(`{"client_id": %q, "hostname": "%s.example.com"}`, id, id)
}

// container is a body that creates a container at Barbican, where names need not be unique.
func container(name string) string {
	return fmt.Sprintf(`{"name": %q, "type": "generic", "secret_refs": []}`, name)
}

// apiClient is a body that creates an API client at PrivX, where names need not be unique.
func apiClient(name string) string { return fmt.Sprintf(`{"name": %q, "roles": []}`, name) }

// keystoneLogin is the request that logs a user in, whose password is its name.
func (c *client) keystoneLogin(user, password string) request {
	type object map[string]any
	domain := object{"name": c.env("OS_USER_DOMAIN_NAME")}
	who := object{"name": user, "password": password, "domain": domain}
	project := object{"name": c.env("OS_PROJECT_NAME"), "domain": object{"name": c.env("OS_PROJECT_DOMAIN_NAME")}}
	body, _ := json.Marshal(object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": who}},
		"scope":    object{"project": project},
	}})
	return post(c.env("OS_AUTH_URL")+"/auth/tokens", string(body))
}

// privxLogin is the request that logs an API client in.
func (c *client) privxLogin() request {
	form := url.Values{"grant_type": {"password"}, "username": {c.env("PRIVX_API_CLIENT_ID")}, "password": {c.env("PRIVX_API_CLIENT_SECRET")}}
	r := post(c.env("PRIVX_API_BASE_URL")+"/auth/api/v1/oauth/token", form.Encode())
	basic, _ := http.NewRequest(http.MethodPost, r.path, nil)
	basic.SetBasicAuth(c.env("PRIVX_API_OAUTH_CLIENT_ID"), c.env("PRIVX_API_OAUTH_CLIENT_SECRET"))
	r.header = http.Header{"Authorization": basic.Header["Authorization"], "Content-Type": {"application/x-www-form-urlencoded"}}
	return r
}

// login logs in at Keystone, and at PrivX, and keeps the tokens.
func (c *client) login() error {
	if err := c.loginKeystone(); err != nil {
		return err
	}
	return c.loginPrivX()
}

func (c *client) loginKeystone() error {
	a := c.sendAs(c.keystoneLogin(c.env("OS_USERNAME"), c.env("OS_PASSWORD")), "", "")
	return c.keep(a)
}

func (c *client) loginPrivX() error { return c.keep(c.sendAs(c.privxLogin(), "", "")) }

// keep keeps the token that a login issued.
func (c *client) keep(a answer) error {
	if err := a.problem(); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := a.header.Get("X-Subject-Token"); t != "" {
		c.token = t
		return nil
	}
	var login struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(a.body), &login); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	c.bearer = login.Token
	return nil
}
