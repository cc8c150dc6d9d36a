package main

import (
	"net/http"
	"time"
)

// posts are modes that repeat a POST though the first may have been carried out.
var posts = []mode{
	{"repeats-lost-post", "It sends a POST again after its reply was lost. PrivX then has two API clients.", func(c *client) error {
		return c.create(post(apiClients, apiClient("robot")))
	}},
	{"repeats-lost-container", "It sends a POST again after its reply was lost. Barbican then has two containers.", func(c *client) error {
		return c.create(post(containers, container("backup")))
	}},
	{"repeats-half-answer", "It sends a POST again when it cannot read the whole answer.", func(c *client) error {
		return c.create(post(apiClients, apiClient("robot")))
	}},
	{"repeats-500", "It sends a POST again after a 500 that came when the record was stored.", func(c *client) error {
		return c.create(post(apiClients, apiClient("robot")))
	}},
	{"repeats-slow-post", "It sends a POST again when the answer takes longer than its timeout.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		c.http.Timeout = time.Second
		return c.upTo(2, post(apiClients, apiClient("robot")), growing).problem()
	}},
	{"library-repeats", "It marks a POST as idempotent, so that net/http repeats it by itself.", func(c *client) error {
		return c.marked(post(clients, freezerClient("node1")))
	}},
	{"library-repeats-lost", "It marks a POST as idempotent. net/http sends a second one.", func(c *client) error {
		return c.marked(post(apiClients, apiClient("robot")))
	}},
}

// create logs in and sends a POST, twice if the first brings no good answer.
func (c *client) create(r request) error {
	if err := c.login(); err != nil {
		return err
	}
	return c.upTo(2, r, growing).problem()
}

// marked sends a POST with a key, on a connection that was used before.
func (c *client) marked(r request) error {
	if err := c.login(); err != nil {
		return err
	}
	r.header = http.Header{"Idempotency-Key": {"7f0c1b52"}}
	return c.send(r).problem()
}
