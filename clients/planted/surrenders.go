package main

// surrenders are modes that give up though the request could be repeated.
var surrenders = []mode{
	{"gives-up-on-503", "It gives up at the first 503 of a GET.", func(c *client) error {
		return c.surrender(get(clients))
	}},
	{"gives-up-on-429", "It gives up at the first 429.", func(c *client) error {
		return c.surrender(get(images))
	}},
	{"gives-up-on-half", "It gives up when the answer to a GET breaks off.", func(c *client) error {
		return c.walk(func() answer { return c.send(get(images)) })
	}},
}

// surrender logs in and sends a request five times, until one fails.
func (c *client) surrender(r request) error {
	if err := c.login(); err != nil {
		return err
	}
	return c.walk(func() answer { return c.send(r) })
}
