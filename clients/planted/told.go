package main

import (
	"errors"
	"strconv"
	"time"
)

// told are modes that do not do what Retry-After says.
var told = []mode{
	{"ignores-retry-after", "It waits as long as it likes, whatever Retry-After says.", func(c *client) error {
		return c.patient(2, func(_ answer, n int) time.Duration { return growing(n) })
	}},
	{"ignores-dates", "It reads a number of seconds in Retry-After, and takes a date for no Retry-After.", func(c *client) error {
		return c.patient(2, func(a answer, n int) time.Duration {
			if s, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
				return time.Duration(s) * time.Second
			}
			return growing(n)
		})
	}},
	{"waits-a-tenth", "It waits a tenth of what Retry-After says.", func(c *client) error {
		return c.patient(2, func(a answer, _ int) time.Duration {
			s, _ := strconv.Atoi(a.header.Get("Retry-After"))
			return time.Duration(s) * time.Second / 10
		})
	}},
	{"hammers-though-told", "It sends 200 requests without a pause, though Retry-After tells it to wait.", func(c *client) error {
		return c.patient(200, func(answer, int) time.Duration { return 0 })
	}},
	{"milliseconds", "It takes the seconds of Retry-After for milliseconds.", func(c *client) error {
		return c.patient(5, func(a answer, _ int) time.Duration {
			s, _ := strconv.Atoi(a.header.Get("Retry-After"))
			return time.Duration(s) * time.Millisecond
		})
	}},
}

// patient sends a request up to n times while the service is busy.
func (c *client) patient(n int, how func(a answer, n int) time.Duration) error {
	if err := c.login(); err != nil {
		return err
	}
	for i := 1; ; i++ {
		a := c.send(get(clients))
		if !a.busy() {
			return a.problem()
		}
		if i == n {
			return errors.New("the service is busy")
		}
		pause(how(a, i))
	}
}
