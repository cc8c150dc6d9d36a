package emulator_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/internal/catalog"
)

// A player is a client that plays a scenario over pipes, on virtual time.
type player struct {
	t       *testing.T
	e       *emulator.Emulator
	c       *http.Client
	token   string
	timeout time.Duration // of one request; 0 means none
}

// An answer is what came back. The status is 0 if no whole answer came.
type answer struct {
	status int
	header http.Header
	body   string
}

func (p *player) do(method, path, body string) (a answer) {
	p.t.Helper()
	ctx, stop := p.t.Context(), context.CancelFunc(func() {})
	if p.timeout > 0 {
		ctx, stop = context.WithTimeout(ctx, p.timeout)
	}
	defer stop()
	r, err := http.NewRequestWithContext(ctx, method, "http://standin"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		r.Header.Set("X-Auth-Token", p.token)
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.c.Do(r)
	if err != nil {
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func (p *player) list() answer { return p.do("GET", "/v1/clients", "") }

// login gets a new token of Keystone.
func (p *player) login() {
	p.t.Helper()
	p.token = ""
	a := p.do("POST", "/v3/auth/tokens", `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "demo", "domain": {"name": "Default"}}}},
		"scope": {"project": {"name": "demo", "domain": {"name": "Default"}}}}}`)
	if p.token = a.header.Get("X-Subject-Token"); p.token == "" {
		p.t.Fatalf("no login: %d %s", a.status, a.body)
	}
}

// told returns how long Retry-After says to wait, in seconds or as a date.
func told(a answer) time.Duration {
	text := a.header.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return time.Until(at)
	}
	return 0
}

// patiently sends a request up to five times. It waits as it is told, or else longer each time, with
// a random part.
func (p *player) patiently(method, path, body string) (a answer) {
	p.t.Helper()
	pause := 200 * time.Millisecond
	for attempt := range 5 {
		a = p.do(method, path, body)
		if a.status != 0 && a.status != 503 && a.status != 429 {
			return a
		}
		jitter := time.Duration(len(path)*37%50+attempt) * time.Millisecond
		time.Sleep(cmp.Or(told(a), pause+jitter))
		pause *= 2
	}
	return a
}

// again sends a request n times, with the same pause.
func (p *player) again(n int, pause time.Duration, method, path, body string) {
	p.t.Helper()
	for range n {
		p.do(method, path, body)
		time.Sleep(pause)
	}
}

const (
	node      = `{"client_id": "a", "hostname": "h"}`
	robot     = `{"name": "robot", "oauth_client_id": "", "roles": []}`
	container = `{"name": "n", "type": "generic", "secret_refs": []}`
)

// A play is a client in a scenario. A good client passes, a bad one fails with a text.
type play struct {
	name, want string // want is empty for a good client
	act        func(p *player)
}

// many sends a request 10,000 times without a pause, past the pipes, which would take seconds.
func many(method, path, body string) func(p *player) {
	return func(p *player) {
		p.do(method, path, body)
		for range 10_000 - 1 {
			recorded(p.e, method, path, body, "X-Auth-Token", p.token, "Content-Type", "application/json")
		}
	}
}

func twoMS(p *player)   { p.again(5, 2*time.Millisecond, "GET", "/v1/clients", "") }
func once(p *player)    { p.list() }
func patient(p *player) { p.patiently("GET", "/v1/clients", "") }

// refusedTwice sends a request again that was refused.
func refusedTwice(method, path, body string) play {
	return play{"repeats what was refused", "repeats-client-error", func(p *player) { p.again(2, time.Second, method, path, body) }}
}

// plays are good and bad clients of each built-in scenario.
var plays = map[string][]play{
	"unavailable": {
		{"waits as told", "", patient},
		{"gives up", "", once},
		{"10,000 requests without a pause", "no-cap: freezer.clients.list: 4096 attempts of one request; at most 10", many("GET", "/v1/clients", "")},
		{"2 ms in place of 2 s", "told to wait 2000 ms; 2 came after 2.0 ms", twoMS},
	},
	"rate-limited": {
		{"waits as told", "", func(p *player) { // three requests, and two more when the limit is free again
			for range 5 {
				p.patiently("GET", "/v1/clients", "")
			}
		}},
		{"10,000 requests without a pause", "told to wait", many("GET", "/v1/clients", "")},
		{"2 ms in place of 10 s", "told to wait", func(p *player) { p.again(10, 2*time.Millisecond, "GET", "/v1/clients", "") }},
	},
	"lost-reply": {
		{"reads the state", "", func(p *player) {
			if a := p.do("POST", apiClients, robot); a.status == 0 {
				if a = p.do("GET", apiClients, ""); !strings.Contains(a.body, "robot") {
					p.t.Errorf("no robot: %d %s", a.status, a.body)
				}
			}
		}},
		{"takes 409 for success", "", func(p *player) {
			if a := p.patiently("POST", "/v1/clients", node); a.status != 409 {
				p.t.Errorf("%d %s", a.status, a.body)
			}
		}},
		{"repeats at once", "no-pause: freezer.clients.create: 1 lost its connection without an answer, and 2 came 0.0 ms later", func(p *player) { p.again(2, 0, "POST", "/v1/clients", node) }},
		{"creates two clients of PrivX", "each request creates its records once (1 created privx.api_clients ", func(p *player) { p.patiently("POST", apiClients, robot) }},
		{"10,000 requests without a pause", "no-cap", many("POST", "/v1/clients", node)},
	},
	"fails-twice-then-works": {
		{"waits as told", "", patient},
		{"ignores Retry-After", "told to wait 1000 ms; 2 came after 100 ms", func(p *player) { p.again(3, 100*time.Millisecond, "GET", "/v1/clients", "") }},
		{"gives up", "status 2xx: at least 2 attempts (0)", once},
		{"gives up a POST", "status 2xx: at least 2 attempts (0)", func(p *player) { p.do("POST", "/v1/clients", node) }},
	},
	"maintenance-window": {
		{"waits for the date", "", patient},
		{"gives up", "status 2xx: at least 2 attempts (0)", once},
		{"asks each second", "ignores-retry-after", func(p *player) { p.again(12, time.Second, "GET", "/v1/clients", "") }},
	},
	"flaky": {
		{"waits longer each time", "", func(p *player) {
			for n := range 60 {
				if a := p.patiently("GET", fmt.Sprintf("/v1/clients?limit=%d", n+1), ""); a.status != 200 {
					p.t.Errorf("%d %s", a.status, a.body)
				}
			}
		}},
		{"without a pause", "no-pause", func(p *player) { p.again(60, 0, "GET", "/v1/clients", "") }},
	},
	"forbidden":     {{"reports it", "", once}, refusedTwice("GET", "/v1/clients", "")},
	"quota-reached": {{"reports it", "", func(p *player) { p.do("POST", "/v1/containers", container) }}, refusedTwice("POST", "/v1/containers", container)},
	"syntax-error": {
		{"sends another body", "", func(p *player) {
			p.do("POST", "/v1/clients", node)
			p.do("POST", "/v1/clients", `{"client_id": "b", "hostname": "h"}`)
		}},
		refusedTwice("POST", "/v1/clients", node),
	},
	"half-an-answer": {
		{"asks again", "", func(p *player) { p.patiently("GET", "/v1/containers", "") }},
		{"asks again at once", "no-pause", func(p *player) { p.again(2, 0, "GET", "/v1/containers", "") }},
		{"repeats a POST that was carried out", "repeats-unsafely", func(p *player) { p.patiently("POST", apiClients, robot) }},
	},
	"hangs": {
		{"has a timeout", "", func(p *player) { p.timeout = 5 * time.Second; patient(p) }},
		{"waits for ever", "fault hang, ended aborted: at least 1 requests (0)", once},
	},
	"short-pages": {
		{"follows the links", "", func(p *player) {
			for next := "/v1/secrets"; next != ""; {
				a := p.do("GET", next, "")
				var page struct{ Next string }
				if err := json.Unmarshal([]byte(a.body), &page); err != nil {
					p.t.Fatalf("%v: %d %s", err, a.status, a.body)
				}
				_, path, _ := strings.Cut(page.Next, "/v1/")
				if next = ""; path != "" {
					next = "/v1/" + path
				}
			}
		}},
		{"takes the first page for all", "then no *.list, *.search, status 200, query offset=*", func(p *player) { p.do("GET", "/v1/secrets?limit=50", "") }},
	},
	"slow-network": {
		{"has a long timeout", "", func(p *player) { p.timeout = 10 * time.Second; p.again(20, 0, "GET", "/v1/clients", "") }},
		{"has a short timeout", "ended aborted: 0 requests (", func(p *player) { p.timeout = 50 * time.Millisecond; p.again(20, time.Second, "GET", "/v1/clients", "") }},
	},
	"token-expires-mid-run": {
		{"logs in again", "", func(p *player) {
			p.login()
			for range 4 {
				if a := p.list(); a.status == 401 {
					p.login()
					p.list()
				}
			}
		}},
		{"keeps the token", "keeps-dead-token", func(p *player) { p.login(); p.again(4, time.Second, "GET", "/v1/clients", "") }},
		{"gives up", "status 2xx: at least 2 attempts (1)", func(p *player) { p.login(); p.again(3, time.Second, "GET", "/v1/clients", "") }},
	},
	"unauthorized": {
		{"logs in again, then gives up", "", func(p *player) { p.login(); p.list(); p.login(); p.list() }},
		{"gives up", "", once},
		{"logs in again and again", "logs-in-again-and-again", func(p *player) {
			for range 4 {
				p.login()
				p.list()
				time.Sleep(time.Second)
			}
		}},
		{"keeps the token", "keeps-dead-token", func(p *player) { p.again(3, time.Second, "GET", "/v1/clients", "") }},
	},
}

// Ensure each built-in scenario passes good clients and fails bad ones, with a text that says what
// they did.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.ScenarioNames() {
		good, bad := false, false
		for _, c := range plays[name] {
			good, bad = good || c.want == "", bad || c.want != ""
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e, err := emulator.New(emulator.WithScenario(name))
					if err != nil {
						t.Fatal(err)
					}
					defer e.Close()
					p := &player{t: t, e: e, c: e.Client(), token: "demo-token"}
					defer p.c.CloseIdleConnections()
					c.act(p)
					synctest.Wait()
					v := e.Verify()
					if v.Passed != (c.want == "") || !strings.Contains(v.String(), c.want) {
						t.Errorf("passed %v, want %q in\n%s", v.Passed, c.want, v)
					}
				})
			})
		}
		if !good || !bad {
			t.Errorf("%s needs a good client and a bad one", name)
		}
	}
}
