// Command planted is a client of the four APIs with one habit. Most habits are mistakes that clients
// make when a service fails; some are right. Tests run its modes to show that each mistake is found,
// and that nothing is found in a client that is right.
//
//	planted MODE    does the work of a mode
//	planted         lists the modes
//
// It finds its services by the variables OS_*, PRIVX_*, DEVOPS_* and STANDIN_URL. It ends with exit
// code 1 if its work failed.
package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A mode is one habit of the client.
type mode struct {
	name string
	does string // what it does, in one sentence
	run  func(c *client) error
}

// modes are those that make a mistake, by what it is about, and then the right ones.
func modes() []mode {
	return slices.Concat(refusals, tokens, surrenders, told, pauses, endless, posts, bodies, blind, silent, right)
}

// idle is how many idle connections a client keeps.
const idle = 20

func main() {
	if len(os.Args) == 2 {
		for _, m := range modes() {
			if m.name == os.Args[1] {
				t := &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, MaxIdleConnsPerHost: idle}
				if err := m.run(newClient(t, os.Getenv)); err != nil {
					fmt.Fprintf(os.Stderr, "planted %s: %v\n", m.name, err)
					os.Exit(1)
				}
				return
			}
		}
	}
	for _, m := range modes() {
		fmt.Printf("%-26s %s\n", m.name, m.does)
	}
	os.Exit(2)
}

// A client sends requests, and knows the tokens of its logins.
type client struct {
	http  *http.Client
	env   func(name string) string // the environment
	began time.Time

	mu     sync.Mutex
	token  string // of Keystone
	bearer string // of PrivX

	renewing sync.Mutex // held while it logs in again
}

func newClient(t http.RoundTripper, env func(name string) string) *client {
	return &client{http: &http.Client{Transport: t, Timeout: 8 * time.Second}, env: env, began: time.Now()}
}

// A request is what a client sends. A path without a host belongs to the emulator's address.
type request struct {
	method, path, body string
	header             http.Header // in addition to those of the login
	reader             io.Reader   // in place of body
	once               bool        // what it creates has an id, so that a second one is refused
	find               string      // the name of what it creates, in the list of its path
}

func get(path string) request        { return request{method: http.MethodGet, path: path} }
func post(path, body string) request { return request{method: http.MethodPost, path: path, body: body} }

// An answer is what came back: a status and a body, or an error of the connection.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// failed reports whether the request did not bring what it asked for.
func (a answer) failed() bool { return a.err != nil || a.status >= 400 }

// busy reports whether the service may answer another time.
func (a answer) busy() bool {
	return a.err != nil || a.status == http.StatusTooManyRequests || a.status >= 500 && a.status != 753
}

// unauthorized reports whether the token was refused.
func (a answer) unauthorized() bool { return a.err == nil && a.status == http.StatusUnauthorized }

// problem is an error about an answer that failed, and nil about another one.
func (a answer) problem() error {
	switch {
	case a.err != nil:
		return a.err
	case a.failed():
		return fmt.Errorf("status %d: %.200s", a.status, a.body)
	}
	return nil
}

// send sends a request once, with the token that its service takes.
func (c *client) send(r request) answer {
	c.mu.Lock()
	token, bearer := c.token, c.bearer
	c.mu.Unlock()
	return c.sendAs(r, token, bearer)
}

func (c *client) sendAs(r request, token, bearer string) answer {
	base, url := c.env("STANDIN_URL"), r.path
	if strings.HasPrefix(url, "/") {
		url = base + url
	}
	body := r.reader
	if body == nil && r.body != "" {
		body = strings.NewReader(r.body)
	}
	q, err := http.NewRequest(r.method, url, body)
	if err != nil {
		return answer{err: err}
	}
	if r.header != nil {
		q.Header = r.header.Clone()
	}
	if body != nil && q.Header.Get("Content-Type") == "" {
		q.Header.Set("Content-Type", "application/json")
	}
	switch {
	case q.Header.Get("Authorization") != "":
	case isPrivX(r.path):
		q.Header.Set("Authorization", "Bearer "+bearer)
	case strings.HasPrefix(r.path, "/v3/"):
		q.SetBasicAuth(c.env("DEVOPS_USERNAME"), c.env("DEVOPS_PASSWORD"))
	case token != "":
		q.Header.Set("X-Auth-Token", token)
	}
	return c.do(q)
}

func (c *client) do(q *http.Request) answer {
	res, err := c.http.Do(q)
	if err != nil {
		return answer{err: err}
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return answer{res.StatusCode, res.Header, string(text), err}
}

// isPrivX reports whether a path belongs to PrivX.
func isPrivX(path string) bool { return strings.HasPrefix(path, "/local-user-store/") }

// pause waits.
func pause(d time.Duration) { time.Sleep(d) }

// around is a random time from half of d to one and a half times d.
func around(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// growing is the pause after attempt n, counting from 1: twice the pause before, with a random part.
func growing(n int) time.Duration { return around(100 * time.Millisecond << n) }
