package main

import (
	"io"
	"strings"
	"time"
)

// tokens are modes that handle 401 wrongly.
var tokens = []mode{
	{"keeps-token", "It sends a request again after 401, with the same token.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		return c.walk(func() answer { return c.upTo(3, get(clients), growing) })
	}},
	{"forgets-new-token", "It logs in after 401, and sends the old token again.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		old := c.token
		return c.walk(func() answer {
			a := c.sendAs(get(clients), old, "")
			if a.unauthorized() && c.loginKeystone() == nil {
				a = c.sendAs(get(clients), old, "")
			}
			return a
		})
	}},
	{"sends-rest-of-body", "It sends a POST again after 401, with the old token and no body.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		r := post(apiClients, "")
		r.reader = io.MultiReader(strings.NewReader(apiClient("robot"))) // hides the length, and how to begin again
		a := c.send(r)
		if a.unauthorized() {
			a = c.send(r)
		}
		return a.problem()
	}},
	{"logs-in-after-every-401", "It logs in after each 401, four times for one request.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		a := c.send(get(clients))
		for range 4 {
			if !a.unauthorized() {
				break
			}
			if err := c.loginKeystone(); err != nil {
				return err
			}
			pause(around(20 * time.Millisecond))
			a = c.send(get(clients))
		}
		return a.problem()
	}},
	{"logs-in-twice", "It logs in twice after one 401.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		return c.walk(func() answer {
			a := c.send(get(clients))
			if a.unauthorized() && c.loginKeystone() == nil && c.loginKeystone() == nil {
				a = c.send(get(clients))
			}
			return a
		})
	}},
}

// walk does a request five times, and stops at the first problem.
func (c *client) walk(once func() answer) error {
	for range 5 {
		if err := once().problem(); err != nil {
			return err
		}
	}
	return nil
}
