package control_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"standin/emulator"
	"standin/emulator/journal"
	"standin/internal/servicetest"
)

// Ensure a long poll ends as soon as there are enough entries, and not before.
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
				servicetest.Status(e, "/v1/clients")
			}
		}()
		begun := time.Now()
		_, body, err := servicetest.Fetch(t.Context(), c, "GET", "http://standin/_standin/requests?wait=10s&at_least=2&operation=freezer.*", "")
		if took := time.Since(begun); took != 2*time.Second || strings.Count(body, `"sequence"`) != 2 || err != nil {
			t.Errorf("after %s: %s %v", took, body, err)
		}
		begun = time.Now()
		_, body, err = servicetest.Fetch(t.Context(), c, "GET", "http://standin/_standin/requests?wait=10s&at_least=3", "")
		if took := time.Since(begun); took != 10*time.Second || strings.Count(body, `"sequence"`) != 2 || err != nil {
			t.Errorf("after %s: %s %v", took, body, err)
		}
	})
}

// Ensure a long list of exchanges, which is sent while it is read, is complete in every form.
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

// Ensure the journal can be read as lines of text.
func TestRequestsAsText(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Status(e, "/v1/clients")
	for _, w := range []string{
		servicetest.Recorded(e, "GET", "/_standin/requests?format=text", "").Body.String(),
		servicetest.Recorded(e, "GET", "/_standin/requests", "", "Accept", "text/plain").Body.String(),
		servicetest.Recorded(e, "GET", "/_standin/requests", "", "Accept", "text/plain, application/json;q=0.5").Body.String(),
	} {
		if !strings.Contains(w, "    1  200  GET    /v1/clients  [freezer.clients.list]  demo") || strings.Contains(w, "{") {
			t.Error(w)
		}
	}
	for _, accept := range []string{"*/*", "application/json", "", "text/html, application/json"} {
		if w := servicetest.Recorded(e, "GET", "/_standin/requests", "", "Accept", accept); !strings.HasPrefix(w.Body.String(), `{"requests"`) {
			t.Errorf("Accept %q: %s", accept, w.Body)
		}
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/requests?format=xml", ""); w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Ensure POST verify accepts one expectation as well as a list.
func TestVerifyOne(t *testing.T) {
	t.Parallel()
	e, err := emulator.New()
	if err != nil {
		t.Fatal(err)
	}
	servicetest.Status(e, "/v1/clients")
	for _, tt := range []struct {
		body string
		code int
		want string
	}{
		{`{"operation":"freezer.clients.list"}`, 200, `"freezer.clients.list: at least 1 requests"`},
		{`{"operation":"freezer.clients.list","requests":2}`, 409, `"found":"1"`},
		{`{"expect":[{"operation":"freezer.clients.list"}]}`, 200, `"passed":true`},
		{`{"operation":"freezer.clients.lst"}`, 400, "(request body):1:14: no operation freezer.clients.lst"},
		{`{"exit":0}`, 400, "only standin run judges exit"},
		{`{"outcome":"good"}`, 400, "only standin run judges outcome"},
		{`[{"outcome":["tolerated","hang"]}]`, 400, "only standin run judges outcome"},
		{`{"outcome":"god"}`, 400, `unknown outcome \"god\", did you mean \"good\"?`},
		{`[{"exit":"any"}]`, 400, "only standin run judges exit"},
		{`{}`, 400, "the expectation is empty"},
	} {
		if w := servicetest.Recorded(e, "POST", "/_standin/verify", tt.body); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %d %s, want %s", tt.body, w.Code, w.Body, tt.want)
		}
	}
}

// Ensure the journal keeps within its limits, and reports what it evicted.
func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithJournal(journal.Limits{Entries: 100, Bytes: 50_000}))
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"client_id":"a","hostname":"%s"}`, strings.Repeat("x", 20_000))
	for range 10 {
		servicetest.Recorded(e, "POST", "/v1/clients", body)
	}
	var entries []journal.Entry
	if entries = e.Requests(); len(entries) == 0 || len(entries) > 3 {
		t.Errorf("%d entries", len(entries))
	}
	last := entries[len(entries)-1]
	if last.Sequence != 10 || last.Request.Size != len(body) || last.Request.SHA256 == "" || len(last.Request.Text) > journal.KeptBody {
		t.Errorf("the last is %d with %d of %d bytes, hash %s", last.Sequence, len(last.Request.Text), last.Request.Size, last.Request.SHA256)
	}
	page := servicetest.Recorded(e, "GET", "/_standin/requests?since=1", "").Body.String()
	if !strings.Contains(page, `"incomplete":true`) {
		t.Errorf("nothing is said to be missing: %.200s", page)
	}
	if got := servicetest.Recorded(e, "GET", "/_standin/requests/1", ""); got.Code != 404 || !strings.Contains(got.Body.String(), "was evicted from the journal") {
		t.Errorf("%s", got.Body)
	}
}
