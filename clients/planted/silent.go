package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// silent are modes whose mistake shows in what they leave, or in how they end. One failure brings it
// out.
var silent = []mode{
	{"swallows-errors", "It registers three clients, prints what fails, and reports success.", func(c *client) error {
		if err := c.loginKeystone(); err != nil {
			return err
		}
		for _, id := range []string{"alpha", "beta", "gamma"} {
			if err := c.send(post(clients, freezerClient(id))).problem(); err != nil {
				fmt.Fprintln(os.Stderr, id, err)
			}
		}
		return nil
	}},
	{"goes-home-on-401", "It takes 401 for a sign that there is nothing to do.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		a := c.send(post(containers, container("nightly")))
		if a.unauthorized() {
			return nil
		}
		return a.problem()
	}},
	{"takes-failure-for-empty", "It creates the API clients that a list does not have, and takes a list that failed for an empty one.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		var known apiClientList
		_ = json.Unmarshal([]byte(c.send(get(apiClients)).body), &known)
		return c.complete(known, "terraform", "nightly")
	}},
	{"overwrites-with-defaults", "It reads an image to change its name, and writes default values when it could not read it.", func(c *client) error {
		image := map[string]any{"provider": "openstack", "remote_user": "ubuntu"}
		if a := c.send(get("/v3/image/" + imageID)); !a.failed() {
			_ = json.Unmarshal([]byte(a.body), &image)
		}
		image["name"] = "renamed"
		body, _ := json.Marshal(image)
		return c.send(request{method: "PUT", path: "/v3/image/" + imageID, body: string(body)}).problem()
	}},
	{"leaves-two-and-fails", "It repeats a POST whose reply was lost, finds two API clients, and fails.", func(c *client) error {
		if err := c.create(post(apiClients, apiClient("robot"))); err != nil {
			return err
		}
		if a := c.send(get(apiClients)); strings.Count(a.body, `"robot"`) != 1 {
			return errors.New("there is not one robot")
		}
		return nil
	}},
	{"undoes-too-little", "When its last step fails, it deletes the secret of a container, and not the container.", func(c *client) error {
		return c.stack()
	}},
	{"never-times-out", "It waits for an answer as long as it takes.", func(c *client) error {
		c.http.Timeout = 0
		if err := c.loginKeystone(); err != nil {
			return err
		}
		return c.send(get(clients)).problem()
	}},
	{"tries-for-ever", "It sends a request again until it succeeds.", func(c *client) error {
		c.http.Timeout = timeout
		if err := c.loginKeystone(); err != nil {
			return err
		}
		for c.send(get(clients)).failed() {
			pause(around(200 * time.Millisecond))
		}
		return nil
	}},
	{"starts-over", "It does all its work again when one step failed, up to twelve times.", func(c *client) error {
		var err error
		for range 12 {
			if err = c.listAll(); err == nil {
				return nil
			}
			pause(around(50 * time.Millisecond))
		}
		return err
	}},
	{"crashes", "It uses the answer to a list without looking whether there is one.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		var list apiClientList
		_ = json.Unmarshal([]byte(c.send(get(apiClients)).body), &list)
		fmt.Println(list.Items[0].Name)
		return nil
	}},
}

// imageID is the id of an image that the fixture has.
const imageID = "08093b30-8393-42c3-8fb3-c4df56deb967"

// An apiClientList is the list of PrivX's API clients.
type apiClientList struct {
	Items []struct{ Name string }
}

// complete creates the API clients that a list does not have.
func (c *client) complete(known apiClientList, names ...string) error {
	for _, name := range names {
		if slices.ContainsFunc(known.Items, func(i struct{ Name string }) bool { return i.Name == name }) {
			continue
		}
		if err := c.send(post(apiClients, apiClient(name))).problem(); err != nil {
			return err
		}
	}
	return nil
}

// stack creates a secret, a container with it, and a consumer of the container.
func (c *client) stack() error {
	if err := c.loginKeystone(); err != nil {
		return err
	}
	a := c.send(post("/v1/secrets", `{"name": "key", "payload": "abc", "payload_content_type": "text/plain"}`))
	var secret struct {
		Ref string `json:"secret_ref"`
	}
	if err := errors.Join(a.problem(), json.Unmarshal([]byte(a.body), &secret)); err != nil {
		return err
	}
	a = c.send(post(containers, fmt.Sprintf(`{"name": "stack", "type": "generic", "secret_refs": [{"name": "key", "secret_ref": %q}]}`, secret.Ref)))
	var made struct {
		Ref string `json:"container_ref"`
	}
	if err := errors.Join(a.problem(), json.Unmarshal([]byte(a.body), &made)); err != nil {
		return err
	}
	a = c.send(post(made.Ref+"/consumers", `{"name": "app", "URL": "https://app.example.com"}`))
	if err := a.problem(); err != nil {
		c.send(request{method: "DELETE", path: secret.Ref})
		return err
	}
	return nil
}

// listAll logs in and reads the lists of all services.
func (c *client) listAll() error {
	if err := c.login(); err != nil {
		return err
	}
	for _, path := range []string{clients, containers, images, apiClients} {
		if err := c.send(get(path)).problem(); err != nil {
			return err
		}
	}
	return nil
}
