package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// pauses are modes that wait wrongly where nothing tells them how long.
var pauses = []mode{
	{"tries-again-at-once", "It sends each request that failed once more, at once.", func(c *client) error {
		return c.records(12, func(r request) answer { return c.upTo(2, r, always(0)) })
	}},
	{"tries-again-at-once-cut", "It sends each request whose connection was cut once more, at once.", func(c *client) error {
		if err := c.loginKeystone(); err != nil {
			return err
		}
		if a := c.send(get(clients)); a.failed() {
			return a.problem()
		}
		return c.records(40, func(r request) answer { return c.upTo(2, r, always(0)) })
	}},
	{"hammers", "It sends a request 300 times without a pause.", func(c *client) error {
		return c.records(1, func(r request) answer { return c.upTo(300, r, always(0)) })
	}},
	{"same-pause", "It waits 700 ms after each of eight attempts.", func(c *client) error {
		return c.records(1, func(r request) answer { return c.upTo(9, r, always(700*time.Millisecond)) })
	}},
	{"shorter-pauses", "It waits less after each attempt.", func(c *client) error {
		return c.records(1, func(r request) answer {
			return c.upTo(5, r, func(n int) time.Duration { return time.Duration(3300-800*n) * time.Millisecond })
		})
	}},
	{"no-jitter", "It waits 3 s, then 6 s, for every one of nine requests.", func(c *client) error {
		return c.atOnce(9, func(r request) answer {
			return c.upTo(3, r, func(n int) time.Duration { return time.Duration(n) * 3 * time.Second })
		})
	}},
	{"comes-back-together", "Its four users all wait for exactly the time that they were told.", together},
}

// records asks for n records, one after the other, whether they come or not.
func (c *client) records(n int, ask func(r request) answer) error {
	if err := c.login(); err != nil {
		return err
	}
	var problems []error
	for i := range n {
		problems = append(problems, ask(get(fmt.Sprintf("%s/node%d", clients, i))).problem())
	}
	return errors.Join(problems...)
}

// atOnce asks for n records at the same time.
func (c *client) atOnce(n int, ask func(r request) answer) error {
	if err := c.login(); err != nil {
		return err
	}
	problems := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { problems[i] = ask(get(fmt.Sprintf("%s/node%d", clients, i))).problem() })
	}
	all.Wait()
	return errors.Join(problems...)
}

// together logs four users in. Three times, all of them ask for a record at the same time, and each
// asks once more after the time that it was told.
func together(first *client) error {
	var users []*client
	var problems []error
	for name := range strings.FieldsSeq("admin demo reader service-admin") {
		c := newClient(first.http.Transport, first.env)
		users = append(users, c)
		problems = append(problems, c.keep(c.sendAs(c.keystoneLogin(name, name), "", ""))) // its password is its name
	}
	for i := range 3 {
		var all sync.WaitGroup
		for _, c := range users {
			all.Go(func() {
				r := get(fmt.Sprintf("%s/node%d", clients, i))
				if a := c.send(r); a.busy() {
					wait, _ := time.ParseDuration(a.header.Get("Retry-After") + "s")
					pause(wait)
					c.send(r)
				}
			})
		}
		all.Wait()
	}
	return errors.Join(problems...)
}
