package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// right are modes without a mistake. They give up at the first problem that they cannot solve.
var right = []mode{
	{"fails-fast", "It reports the first failure, and repeats nothing.", func(c *client) error {
		return c.tour(&habits{attempts: 1})
	}},
	{"retries-with-jitter", "It repeats what is safe to repeat, with growing random pauses.", func(c *client) error {
		return c.tour(&habits{attempts: 4, seconds: true, dates: true})
	}},
	{"obeys-seconds", "It waits as many seconds as it is told, and gives up where it is told a date.", func(c *client) error {
		return c.tour(&habits{attempts: 3, seconds: true})
	}},
	{"obeys-dates", "It waits until the date that it is told, and gives up where it is told seconds.", func(c *client) error {
		return c.tour(&habits{attempts: 3, dates: true})
	}},
	{"logs-in-once", "It logs in once after 401, and gives up when the new token is refused too.", func(c *client) error {
		return c.tour(&habits{attempts: 3, seconds: true, dates: true, renews: true})
	}},
	{"takes-409", "It repeats a registration whose reply was lost, and takes 409 for success.", func(c *client) error {
		return c.tour(&habits{attempts: 3, seconds: true, dates: true, renews: true, takes409: true})
	}},
	{"looks-first", "It looks for a record whose reply was lost before it creates it again.", func(c *client) error {
		return c.tour(&habits{attempts: 3, seconds: true, dates: true, renews: true, takes409: true, looks: true})
	}},
	{"slow-but-right", "It takes its time between requests, and accepts late answers.", func(c *client) error {
		return c.tour(&habits{attempts: 3, seconds: true, dates: true, renews: true, between: 300 * time.Millisecond})
	}},
	{"reads-pages", "It reads lists page by page, by their links and by the number of items that came.", func(c *client) error {
		h := &habits{attempts: 3, seconds: true, dates: true, renews: true}
		if err := c.begin(h); err != nil {
			return err
		}
		return errors.Join(c.pagesByOffset(h, clients, "clients"), c.pagesByLink(h), c.pagesByOffset(h, apiClients, "items"))
	}},
	{"works-in-parallel", "It asks all services at once, and logs in once for all requests that were refused.", func(c *client) error {
		return c.parallel(&habits{attempts: 3, seconds: true, dates: true, renews: true, takes409: true})
	}},
	{"waits-for-a-record", "It asks for a record until it exists, with growing pauses.", func(c *client) error {
		return c.poll(&habits{attempts: 3, seconds: true, dates: true, renews: true})
	}},
}

// habits are how a right client handles failures.
type habits struct {
	attempts int  // of one request
	seconds  bool // obeys a number in Retry-After
	dates    bool // obeys a date in Retry-After
	renews   bool // logs in once after 401
	takes409 bool // registers again, since an id that is taken is refused
	looks    bool // looks for what it may have created
	between  time.Duration
}

// patience is how long a right client works before it only ends what it began.
const patience = 11 * time.Second

// timeout is how long a right client waits for an answer.
const timeout = 4 * time.Second

// begin logs in at Keystone.
func (c *client) begin(h *habits) error {
	c.http.Timeout = timeout
	return c.keep(c.careful(h, c.keystoneLogin(c.env("OS_USERNAME"), c.env("OS_PASSWORD"))))
}

// careful sends a request, and again where that is right.
func (c *client) careful(h *habits, r request) answer {
	renewed, lost := false, false
	for n := 1; ; n++ {
		pause(h.between)
		c.mu.Lock()
		token, bearer := c.token, c.bearer
		c.mu.Unlock()
		a := c.sendAs(r, token, bearer)
		switch {
		case !a.failed() && a.err == nil:
			return a
		case a.err == nil && a.status == http.StatusConflict && lost && h.takes409:
			return answer{status: http.StatusCreated}
		case a.unauthorized() && h.renews && !renewed && !isLogin(r):
			renewed = true
			if c.renew(h, r, token, bearer) != nil {
				return a
			}
			continue
		case !a.busy() || n >= h.attempts || !h.repeatable(r, a):
			return a
		}
		d, ok := h.wait(a, n)
		if !ok || time.Since(c.began)+d > patience {
			return a
		}
		pause(d)
		unsure := a.err != nil || a.status >= 500
		if lost = lost || unsure; unsure && r.find != "" && c.has(h, r) {
			return answer{status: http.StatusCreated}
		}
	}
}

func isLogin(r request) bool { return strings.HasPrefix(r.path, "http") }

// repeatable reports whether a request can be sent again after an answer. A POST can be if the
// service refused it before it did anything, or if doing it twice is the same as once.
func (h *habits) repeatable(r request, a answer) bool {
	switch {
	case r.method != http.MethodPost, isLogin(r), r.once && h.takes409, r.find != "" && h.looks:
		return true
	}
	return a.err == nil && (a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests)
}

// wait is how long to wait after attempt n. It reports false if the client is told something that
// it does not understand.
func (h *habits) wait(a answer, n int) (time.Duration, bool) {
	told := a.header.Get("Retry-After")
	if told == "" {
		return growing(n), true
	}
	spread := rand.N(300 * time.Millisecond) // so that clients do not come back together
	if s, err := strconv.Atoi(told); err == nil {
		return time.Duration(s)*time.Second + spread, h.seconds
	}
	at, err := http.ParseTime(told)
	return max(0, time.Until(at)) + spread, h.dates && err == nil
}

// renew logs in for a request that was refused, unless another request did so meanwhile.
func (c *client) renew(h *habits, r request, token, bearer string) error {
	c.renewing.Lock()
	defer c.renewing.Unlock()
	c.mu.Lock()
	stale := isPrivX(r.path) && c.bearer == bearer || !isPrivX(r.path) && c.token == token
	c.mu.Unlock()
	switch {
	case !stale:
		return nil
	case isPrivX(r.path):
		return c.keep(c.careful(h, c.privxLogin()))
	case strings.HasPrefix(r.path, images):
		return errors.New("devops-service has no login")
	}
	return c.keep(c.careful(h, c.keystoneLogin(c.env("OS_USERNAME"), c.env("OS_PASSWORD"))))
}

// has reports whether a list has the name that a request was to create.
func (c *client) has(h *habits, r request) bool {
	a := c.careful(h, get(r.path))
	return !a.failed() && strings.Contains(a.body, strconv.Quote(r.find))
}

// register is a request whose id can be taken once.
func register(id string) request {
	r := post(clients, freezerClient(id))
	r.once = true
	return r
}

// named is a request that creates a record that the list of its path shows by name.
func named(path, name, body string) request {
	r := post(path, body)
	r.find = name
	return r
}

// steps are requests to each of the services.
func (c *client) steps() [][]request {
	return [][]request{
		{get(clients), register("node1"), get(clients + "/node1"), get(clients)},
		{get(containers), named(containers, "backup", container("backup")), get(containers)},
		{get(images)},
		{c.privxLogin(), get(apiClients), named(apiClients, "robot", apiClient("robot")), get(apiClients), get(apiClients)},
	}
}

// tour does the steps, one after the other.
func (c *client) tour(h *habits) error {
	if err := c.begin(h); err != nil {
		return err
	}
	for _, s := range c.steps() {
		if err := c.all(h, s); err != nil {
			return err
		}
	}
	return nil
}

// all sends requests until one fails.
func (c *client) all(h *habits, requests []request) error {
	for _, r := range requests {
		a := c.careful(h, r)
		if err := a.problem(); err != nil {
			return fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
		if isLogin(r) {
			if err := c.keep(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// parallel does the steps of all services at once.
func (c *client) parallel(h *habits) error {
	if err := c.begin(h); err != nil {
		return err
	}
	work := c.steps()
	for i := range 4 {
		id := fmt.Sprintf("worker%d", i)
		work = append(work, []request{register(id), get(clients + "/" + id), get(clients + "/" + id)})
	}
	problems := make([]error, len(work))
	var all sync.WaitGroup
	for i, requests := range work {
		all.Go(func() { problems[i] = c.all(h, requests) })
	}
	all.Wait()
	return errors.Join(problems...)
}

// pagesByOffset reads a list by the number of items that came, until a page is empty.
func (c *client) pagesByOffset(h *habits, path, member string) error {
	if isPrivX(path) && c.bearer == "" {
		if err := c.all(h, []request{c.privxLogin()}); err != nil {
			return err
		}
	}
	for n := 0; ; {
		a := c.careful(h, get(fmt.Sprintf("%s?limit=5&offset=%d", path, n)))
		if err := a.problem(); err != nil {
			return err
		}
		var page map[string]json.RawMessage
		var items []json.RawMessage
		if err := errors.Join(json.Unmarshal([]byte(a.body), &page), json.Unmarshal(page[member], &items)); err != nil {
			return err
		}
		if len(items) == 0 {
			return nil
		}
		n += len(items)
	}
}

// pagesByLink reads the containers by the links to the next page.
func (c *client) pagesByLink(h *habits) error {
	for path := containers + "?limit=5"; path != ""; {
		a := c.careful(h, get(path))
		if err := a.problem(); err != nil {
			return err
		}
		var page struct {
			Next string `json:"next"`
		}
		if err := json.Unmarshal([]byte(a.body), &page); err != nil {
			return err
		}
		_, query, more := strings.Cut(page.Next, "?")
		if path = ""; more {
			path = containers + "?" + query
		}
	}
	return nil
}

// poll asks for a client that is registered meanwhile.
func (c *client) poll(h *habits) error {
	if err := c.begin(h); err != nil {
		return err
	}
	for n := range 4 {
		a := c.careful(h, get(clients+"/late"))
		if a.err != nil || a.status != http.StatusNotFound {
			return a.problem()
		}
		pause(growing(n))
		if n == 2 {
			if err := c.careful(h, register("late")).problem(); err != nil {
				return err
			}
		}
	}
	return errors.New("the client did not come")
}
