package main

import (
	"net/http"
	"time"
)

// refusals are modes that do not take no for an answer.
var refusals = []mode{
	{"repeats-forbidden", "It sends a request again after 403.", func(c *client) error {
		return c.insist(get(clients))
	}},
	{"repeats-syntax-error", "It sends a body again after 753, as after any status of 500 and above.", func(c *client) error {
		return c.insist(post(clients, freezerClient("node1")))
	}},
	{"repeats-over-quota", "It sends a request again after the quota refused it.", func(c *client) error {
		return c.insist(post(containers, container("backup")))
	}},
	{"repeats-bad-request", "It sends a body without a required member again after 400.", func(c *client) error {
		return c.insist(post(clients, `{"client_id": "node1"}`))
	}},
	{"deletes-until-204", "It deletes a record again and again until the status is 204, also after 404.", func(c *client) error {
		return c.insist(request{method: http.MethodDelete, path: clients + "/nobody"})
	}},
}

// insist sends a request up to three times, whatever the answer is.
func (c *client) insist(r request) error {
	if err := c.login(); err != nil {
		return err
	}
	return c.upTo(3, r, growing).problem()
}

// upTo sends a request until it succeeds, n times at most, with pauses between.
func (c *client) upTo(n int, r request, between func(n int) time.Duration) answer {
	for i := 1; ; i++ {
		a := c.send(r)
		if !a.failed() || i == n {
			return a
		}
		pause(between(i))
	}
}

// always is the same pause after each attempt.
func always(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }
