package main

import (
	"math"
	"time"
)

// endless are modes that do not stop.
var endless = []mode{
	{"never-stops", "It tries a request fourteen times, with growing pauses.", func(c *client) error {
		return c.records(1, func(r request) answer {
			return c.upTo(14, r, func(n int) time.Duration {
				return around(time.Duration(30*math.Pow(1.25, float64(n))) * time.Millisecond)
			})
		})
	}},
	{"never-stops-as-told", "It tries a request fourteen times, each after the time that it was told: none.", func(c *client) error {
		return c.patient(14, func(answer, int) time.Duration { return 0 })
	}},
	{"never-stops-posting", "It sends a POST fourteen times, with growing pauses.", func(c *client) error {
		if err := c.login(); err != nil {
			return err
		}
		return c.upTo(14, post(clients, freezerClient("node1")), func(n int) time.Duration {
			return around(time.Duration(30*math.Pow(1.25, float64(n))) * time.Millisecond)
		}).problem()
	}},
}
