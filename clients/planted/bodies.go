package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// bodies are modes that send something else the second time.
var bodies = []mode{
	{"sends-empty-body", "It sends a POST again after 503, with what is left of the body.", func(c *client) error {
		r := post(clients, "")
		r.reader = io.MultiReader(strings.NewReader(freezerClient("node1")))
		return c.changes(func(int) request { return r })
	}},
	{"sends-new-body", "It builds the body again for each attempt, and it comes out different.", func(c *client) error {
		return c.changes(func(n int) request {
			return post(clients, fmt.Sprintf(`{"client_id": "node1", "hostname": "node1.example.com", "description": "attempt %d"}`, n))
		})
	}},
	{"sends-new-key", "It sends another Idempotency-Key with each attempt.", func(c *client) error {
		return c.changes(func(n int) request {
			r := post(clients, freezerClient("node1"))
			r.header = http.Header{"Idempotency-Key": {fmt.Sprint(n)}}
			return r
		})
	}},
}

// changes sends what build makes, up to twice.
func (c *client) changes(build func(n int) request) error {
	if err := c.login(); err != nil {
		return err
	}
	a := c.send(build(1))
	if a.busy() {
		pause(growing(1))
		a = c.send(build(2))
	}
	return a.problem()
}

// blind are modes with a mistake that the rules for retries cannot see.
var blind = []mode{
	{"sends-new-name", "It sends a new name with each attempt. A lost reply leaves two API clients.", func(c *client) error {
		return c.changes(func(n int) request { return post(apiClients, apiClient(fmt.Sprintf("robot-%d", n))) })
	}},
	{"takes-503-for-empty", "It takes the body of a 503 for a list without clients.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		_ = c.send(get(clients)).body
		return nil
	}},
	{"believes-half", "It works with the half of an answer that came.", func(c *client) error {
		_ = c.send(get(images)).body
		return nil
	}},
}
