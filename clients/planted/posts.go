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
		a := c.send(post(apiClients, apiClient("robot")))
		if a.err != nil {
			pause(growing(1))
			a = c.send(post(apiClients, apiClient("robot")))
		}
		return a.problem()
	}},
	{"library-repeats", "It marks each POST as idempotent, so that net/http repeats it by itself.", func(c *client) error {
		return c.marked(clients, freezerClient)
	}},
	{"library-repeats-lost", "It marks each POST as idempotent. net/http sends a second one.", func(c *client) error {
		return c.marked(apiClients, apiClient)
	}},
}

// create logs in and sends a POST, twice if the first brings no good answer.
func (c *client) create(r request) error {
	if err := c.login(); err != nil {
		return err
	}
	a := c.send(r)
	if a.failed() {
		d, _ := (&habits{}).wait(a, 1)
		pause(d)
		a = c.send(r)
	}
	return a.problem()
}

// marked sends three POSTs with a key, on connections that were used before.
func (c *client) marked(path string, body func(name string) string) error {
	if err := c.login(); err != nil {
		return err
	}
	for _, name := range []string{"one", "two", "three"} {
		r := post(path, body(name))
		r.header = http.Header{"Idempotency-Key": {name}}
		if err := c.send(r).problem(); err != nil {
			return err
		}
	}
	return nil
}
