package emulator_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/servicetest"
)

// Ensure bad rules, scenarios, sandboxes and questions are refused with what is
// wrong and where, and change nothing.
func TestControlRefuses(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFault(fault.Rule{Name: "kept", Use: "freezer.clients.create/753"}))
	if err != nil {
		t.Fatal(err)
	}
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"what":{"status":503}},`, 100_000), ",") + "]"
	tests := []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"no body", "POST", "faults", "", 400, "the request has no body"},
		{"no JSON", "POST", "faults", "{", 400, "(request body):2:1"},
		{"an unknown key", "POST", "faults", `{"what":{"statsu":503}}`, 400, `(request body):1:10: unknown key \"statsu\", did you mean \"status\"?`},
		{"all mistakes at once", "POST", "faults", `[{"what":{"status":42}},{"when":{"probability":2},"what":{"delay":"soon"}}]`, 400, `expected a duration such as 250ms or 2s`},
		{"a rule that does nothing", "POST", "faults", `{"where":{"operation":"freezer.*"}}`, 400, "the rule does nothing"},
		{"a second mistake", "POST", "faults", `[{"use":"freezer.clients.create/753","name":"new"},{"use":"freezer.clients.create/999"}]`, 400, `documents no failure \"999\"; it has 400, 401`},
		{"a name that is taken", "POST", "faults", `{"name":"kept","what":{"status":503}}`, 400, `there is a rule \"kept\" already`},
		{"ten megabytes", "POST", "faults", `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, 413, "larger than"},
		{"a hundred thousand rules", "POST", "faults", many, 400, "a sandbox has at most 10000"},
		{"a scenario with mistakes", "PUT", "scenario", "name: x\nfaults:\n  - {use: freezer.clients.create/7}\n", 400, "(request body):3:11: freezer.clients.create documents no failure"},
		{"a scenario with a path", "PUT", "scenario", `{"name":"x","fixture":"/etc/passwd"}`, 400, `no built-in fixture`},
		{"an unknown scenario", "PUT", "scenario", `{"name":"flakey"}`, 400, `did you mean \"flaky\"?`},
		{"a scenario with a quirk", "PUT", "scenario", `{"name":"x","quirks":["a"]}`, 400, `no quirk \"a\"`},
		{"an unknown sandbox", "GET", "sandboxes/nobody/faults", "", 404, `no sandbox \"nobody\"`},
		{"questions about a sandbox that is not there", "GET", "../~nobody/_standin/requests", "", 404, `no sandbox \"nobody\"`},
		{"a verdict on a sandbox that is not there", "POST", "../~nobody/_standin/verify", "", 404, `no sandbox \"nobody\"`},
		{"a status that is none", "GET", "requests?status=abc", "", 400, "expected a status such as 503"},
		{"an end that is none", "GET", "requests?ended=foo", "", 400, "expected open, answered, aborted or cut"},
		{"an operation that is none", "GET", "requests?operation=freezer.clients.creat", "", 400, "did you mean freezer.clients.create?"},
		{"a word that is none", "GET", "requests?canonical=yes", "", 400, "expected true or false"},
		{"a misspelt parameter", "GET", "requests?stauts=503", "", 400, `unknown parameter \"stauts\", did you mean \"status\"?; there are operation, status,`},
		{"a filter where there are none", "DELETE", "requests?status=503", "", 400, `unknown parameter \"status\"; DELETE /_standin/requests takes none`},
		{"a form where there is one", "GET", "requests/1?format=text", "", 400, `unknown parameter \"format\"; GET /_standin/requests/1 takes none`},
		{"a parameter that is spelt otherwise", "POST", "reset?Only=world", "", 400, `did you mean \"only\"?`},
		{"a filter of rules", "GET", "sandboxes/box/faults?name=kept", "", 400, "takes none"},
		{"a parameter of events", "GET", "events?form=1", "", 400, "there are since"},
		{"a sandbox twice", "POST", "sandboxes", `{"name":"box"}`, 409, `there already is a sandbox \"box\"`},
		{"a sandbox of two worlds", "POST", "sandboxes", `{"name":"b","fork":"box","fixture":"empty"}`, 400, "either a fixture or a fork"},
		{"an unknown profile", "POST", "sandboxes", `{"name":"b","profile":"observant"}`, 400, "no profile"},
		{"a sandbox with a path", "POST", "sandboxes", `{"name":"b","scenario":"../x.yaml"}`, 400, "no built-in scenario"},
		{"two clocks", "PUT", "clock", `{"advance":"1h","resume":true}`, 400, "expected one of"},
		{"a clock in words", "PUT", "clock", `{"set":"noon"}`, 400, "expected a time such as"},
		{"a long wait", "GET", "requests?wait=2h", "", 400, "up to 5m0s"},
		{"an expectation in words", "POST", "verify", `{"expect":[{"operation":"freezer.clients.creat"}]}`, 400, "did you mean freezer.clients.create?"},
		{"an impossible range", "POST", "verify", `[{"status":503,"requests":{"min":3,"max":2}}]`, 400, "min 3 is greater than max 2"},
		{"an unknown rule", "POST", "verify", `[{"fault":"kep"}]`, 400, `no rule \"kep\", did you mean \"kept\"?`},
		{"a bad status", "POST", "verify", `[{"status":"5x"}]`, 400, "expected a status such as 503"},
	}
	recorded(e, "POST", "/_standin/sandboxes", `{"name":"box"}`)
	before := recorded(e, "GET", "/_standin/faults", "").Body.String() + recorded(e, "GET", "/_standin/sandboxes", "").Body.String()
	for _, tt := range tests {
		w := recorded(e, tt.method, path.Join("/_standin", tt.path), tt.body)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.detail) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %.300s", tt.name, w.Code, w.Body)
		}
	}
	after := recorded(e, "GET", "/_standin/faults", "").Body.String() + recorded(e, "GET", "/_standin/sandboxes", "").Body.String()
	timeless := func(s string) string { return regexp.MustCompile(`"now":"[^"]*"`).ReplaceAllString(s, "") }
	if timeless(before) != timeless(after) {
		t.Errorf("something was changed: %s, then %s", before, after)
	}
	for _, everybody := range []string{"/_standin/health?now=1", "/?now=1"} {
		if w := recorded(e, "GET", everybody, ""); w.Code != 200 {
			t.Errorf("%s: %d %s", everybody, w.Code, w.Body)
		}
	}
}

// Ensure the control API keeps out pages, callers without its token, and everybody
// where it is off or elsewhere; health stays.
func TestControlAccess(t *testing.T) {
	t.Parallel()
	code := func(e *emulator.Emulator, method, path string, header ...string) int {
		return recorded(e, method, path, "", header...).Code
	}
	locked, err := emulator.New(emulator.WithControlToken("let-me-in"))
	if err != nil {
		t.Fatal(err)
	}
	off, err := emulator.New(emulator.WithControl(false))
	if err != nil {
		t.Fatal(err)
	}
	const foreign = "https://example.com"
	for _, tt := range []struct {
		e            *emulator.Emulator
		method, path string
		header       []string
		want         int
	}{
		{locked, "GET", "/_standin/health", nil, 200},
		{locked, "GET", "/", nil, 200},
		{locked, "GET", "/_standin/requests", nil, 401},
		{locked, "GET", "/_standin/nothing", nil, 401},
		{locked, "GET", "/__admin/requests", nil, 401},
		{locked, "GET", "/_standin/requests", []string{"Authorization", "Bearer let-me-out"}, 401},
		{locked, "GET", "/_standin/requests", []string{"Authorization", "Bearer let-me-in"}, 200},
		{locked, "POST", "/_standin/faults", []string{"Origin", foreign, "Authorization", "Bearer let-me-in"}, 403},
		{locked, "GET", "/v1/clients", nil, 200},
		{off, "GET", "/_standin/health", nil, 200},
		{off, "GET", "/_standin/requests", nil, 404},
		{off, "POST", "/__admin/reset", nil, 404},
		{off, "GET", "/v1/clients", nil, 200},
	} {
		if got := code(tt.e, tt.method, tt.path, tt.header...); got != tt.want {
			t.Errorf("%s %s %v: %d, want %d", tt.method, tt.path, tt.header, got, tt.want)
		}
	}
	apart, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := apart.Start(context.Background(), "127.0.0.1:0", "control=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for url, want := range map[string]int{
		s.URL + "/_standin/requests":                         404,
		s.URL + "/_standin/health":                           200,
		"http://" + s.Addr("control") + "/_standin/requests": 200,
		"http://" + s.Addr("control") + "/v1/clients":        404,
	} {
		c := s.Client()
		if got, err := fetch(t, c, "GET", url, ""); got != want || err != nil {
			t.Errorf("%s: %d %v, want %d", url, got, err, want)
		}
		c.CloseIdleConnections()
	}
}

// Ensure a rule's life over HTTP: armed, met, counted, shown, removed; and that the
// names people know from WireMock work.
func TestRulesOverHTTP(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string) string {
		w := recorded(e, method, path, body)
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	do("POST", "/_standin/faults", `{"use":"freezer.clients.list/401"}`)
	do("POST", "/_standin/faults", `{"faults":[{"what":{"status":599},"where":{"operation":"freezer.*"},"when":{"times":0}},{"name":"tail","what":{"delay":{"uniform":{"min":"1ms","max":"2ms"}}}}]}`)
	for _, want := range []int{401, 599} {
		if got := status(e, "/v1/clients"); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	list := do("GET", "/_standin/faults", "")
	for _, want := range []string{
		`"name":"freezer.clients.list/401","use":"freezer.clients.list/401"`, `"matched":2,"fired":1`, `"name":"rule-1"`,
		`"when":{"times":0}`, `"delay":{"uniform":{"min":"1ms","max":"2ms"}}`,
	} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in %s", want, list)
		}
	}
	if got := do("GET", "/_standin/faults/freezer.clients.list/401", ""); !strings.HasPrefix(got, `200 {"name":"freezer.clients.list/401"`) {
		t.Error(got)
	}
	if got := do("DELETE", "/_standin/faults/rule-1", ""); got != "204 " {
		t.Error(got)
	}
	if got := status(e, "/v1/clients"); got != 200 {
		t.Errorf("after the rule: %d", got)
	}
	if got := do("GET", "/__admin/requests", ""); !strings.Contains(got, `"last":3`) {
		t.Error(got)
	}
	if got := do("POST", "/__admin/reset", ""); got != "204 " {
		t.Error(got)
	}
	if got := do("GET", "/_standin/faults", "") + do("GET", "/_standin/requests", ""); got != `200 []200 {"requests":[],"last":0,"evicted":0,"incomplete":false}` {
		t.Error(got)
	}
}

// Ensure a long poll ends when there is enough, and not before.
func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := e.Client()
		defer c.CloseIdleConnections()
		go func() {
			for range 2 {
				time.Sleep(time.Second)
				status(e, "/v1/clients")
			}
		}()
		begun := time.Now()
		_, body, err := call(t.Context(), c, "GET", "http://standin/_standin/requests?wait=10s&at_least=2&operation=freezer.*", "")
		if took := time.Since(begun); took != 2*time.Second || strings.Count(body, `"sequence"`) != 2 || err != nil {
			t.Errorf("after %s: %s %v", took, body, err)
		}
		begun = time.Now()
		_, body, err = call(t.Context(), c, "GET", "http://standin/_standin/requests?wait=10s&at_least=3", "")
		if took := time.Since(begun); took != 10*time.Second || strings.Count(body, `"sequence"`) != 2 || err != nil {
			t.Errorf("after %s: %s %v", took, body, err)
		}
	})
}

// Ensure events stream exchanges and changes as they happen, and end with the server.
func TestEvents(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/_standin/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	defer c.CloseIdleConnections()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() string {
		for lines.Scan() {
			if l := lines.Text(); strings.HasPrefix(l, "event: ") {
				lines.Scan()
				return l + " " + lines.Text()
			}
		}
		return "the end"
	}
	lines.Scan() // the stream has begun
	status(e, "/v1/clients")
	if err := e.Fault(fault.Rule{Name: "x", What: fault.What{Status: 503}}); err != nil {
		t.Fatal(err)
	}
	e.Reset()
	for _, want := range []string{`event: exchange data: {"sequence":1,`, `event: armed data: {"kind":"armed","what":"x"`, `event: reset data: {"kind":"reset"`} {
		if got := next(); !strings.HasPrefix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := next(); got != "the end" {
		t.Error(got)
	}
}

// Ensure secrets are in no journal.
func TestSecretsAreRedacted(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithFixture("documented"))
	if err != nil {
		t.Fatal(err)
	}
	token := recorded(e, "POST", "/v3/auth/tokens", login).Header().Get("X-Subject-Token")
	recorded(e, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+token+`"}}}}`)
	recorded(e, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"password":{"user":{"password":"half-a-sec`)
	recorded(e, "GET", "/v1/clients?token=query-secret", "", "Cookie", "cookie-secret")
	recorded(e, "POST", "/auth/api/v1/oauth/token", "grant_type=password&username=demo-client&password=demo-secret", "Content-Type", "application/x-www-form-urlencoded",
		"Authorization", "Basic cHJpdngtZXh0ZXJuYWw6cHJpdngtc2VjcmV0")
	recorded(e, "GET", "/local-user-store/api/v1/api-clients", "", "Authorization", "Bearer demo-token")
	text := string(e.Journal()) + recorded(e, "GET", "/_standin/requests", "").Body.String()
	for _, secret := range []string{token, `"password":"demo"`, "half-a-sec", "query-secret", "cookie-secret", "demo-secret", "cHJpdng", "demo-token", `"secret":"string"`, "privx-secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("the journal has %s", secret)
		}
	}
	if !strings.Contains(text, `"caller":"demo"`) || !strings.Contains(text, "grant_type=password") {
		t.Errorf("the journal has too little: %s", text)
	}
}

// Ensure a long list of exchanges, which is sent while it is read, is whole in every form.
func TestLongLists(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t)
	const exchanges = 300
	for range exchanges {
		p.Call("POST", "/v1/clients", "demo", `{"client_id":"`+strings.Repeat("x", 5000)+`"}`)
	}
	for _, query := range []string{"", "?canonical=true", "?format=text"} {
		req, err := http.NewRequest(http.MethodGet, "http://localhost/_standin/requests"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, body := p.Do(req)
		if long := resp.ContentLength < 0; long != (query != "?format=text") {
			t.Errorf("%s: sent while it was read: %t, %d bytes", query, long, len(body))
		}
		count := bytes.Count(body, []byte("\n"))
		if query == "" {
			var page journal.Page
			if err := json.Unmarshal(body, &page); err != nil || page.Last != exchanges || page.Incomplete {
				t.Errorf("%v, %+v", err, page.Counts)
			}
			count = len(page.Entries)
		}
		if count != exchanges {
			t.Errorf("%s: %d exchanges, want %d", query, count, exchanges)
		}
	}
}

// Ensure the journal keeps within its bounds, and says what fell out.
func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithJournal(journal.Limits{Entries: 100, Bytes: 50_000}))
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"client_id":"a","hostname":"%s"}`, strings.Repeat("x", 20_000))
	for range 10 {
		recorded(e, "POST", "/v1/clients", body)
	}
	var entries []journal.Entry
	if entries = e.Requests(); len(entries) == 0 || len(entries) > 3 {
		t.Errorf("%d entries", len(entries))
	}
	last := entries[len(entries)-1]
	if last.Sequence != 10 || last.Request.Size != len(body) || last.Request.SHA256 == "" || len(last.Request.Text) > journal.KeptBody {
		t.Errorf("the last is %d with %d of %d bytes, hash %s", last.Sequence, len(last.Request.Text), last.Request.Size, last.Request.SHA256)
	}
	page := recorded(e, "GET", "/_standin/requests?since=1", "").Body.String()
	if !strings.Contains(page, `"incomplete":true`) {
		t.Errorf("nothing is said to be missing: %.200s", page)
	}
	if got := recorded(e, "GET", "/_standin/requests/1", ""); got.Code != 404 || !strings.Contains(got.Body.String(), "has fallen out of the journal") {
		t.Errorf("%s", got.Body)
	}
}
