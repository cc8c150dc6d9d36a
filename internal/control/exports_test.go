package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

const traced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// Ensure the parameters newest, brief and trace select and shorten entries.
func TestNewestAndBrief(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	for i := range 5 {
		servicetest.Recorded(e, "POST", fmt.Sprintf("/v1/clients?n=%d", i), `{"a":1}`, "Traceparent", map[bool]string{true: traced}[i == 1])
	}
	servicetest.Recorded(e, "GET", "/v3/images", "")
	for query, want := range map[string]string{
		"":                                       "1 2 3 4 5 6",
		"newest=2":                               "5 6",
		"newest=2&operation=freezer.*":           "4 5",
		"newest=20":                              "1 2 3 4 5 6",
		"newest=2&since=5":                       "6",
		"trace=" + traced[3:35]:                  "2",
		"trace=" + strings.ToUpper(traced[3:35]): "2",
	} {
		var page struct {
			Requests []struct{ Sequence int }
		}
		w := servicetest.Recorded(e, "GET", "/_standin/requests?"+query, "")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range page.Requests {
			got = append(got, fmt.Sprint(e.Sequence))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, expected %s", query, got, want)
		}
	}
	brief := servicetest.Recorded(e, "GET", "/_standin/requests?brief=true&newest=2&operation=freezer.*", "").Body.String()
	if strings.Contains(brief, `"body"`) || strings.Contains(brief, "X-Auth-Token") || !strings.Contains(brief, `"headers":{},"size":7`) {
		t.Errorf("brief: %s", brief)
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/requests?trace=abc", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "32 hexadecimal digits") {
		t.Errorf("a trace that is none: %d %s", w.Code, w.Body)
	}
}

// Ensure a list as commands of curl, and a HAR, show no secret and can be read by their tools.
func TestFormats(t *testing.T) {
	t.Parallel()
	e := emulator.NewT(t)
	servicetest.Recorded(e, "POST", "/v1/secrets", `{"name":"it's","payload":"hunter2","payload_content_type":"text/plain"}`)
	servicetest.Recorded(e, "GET", "/v1/clients?limit=1&limit=%31", "", "Traceparent", traced)
	curl := servicetest.Recorded(e, "GET", "/_standin/requests?format=curl", "").Body.String()
	want := `curl -g --path-as-is --proto =http,https --url 'http://localhost/v1/secrets' -H 'Content-Type: application/json' -H 'X-Auth-Token: (redacted)' ` +
		`-H 'Accept:' -H 'User-Agent:' --data-raw '{"name":"it'\''s","payload":"(redacted)","payload_content_type":"text/plain"}'` + "\n"
	if !strings.HasPrefix(curl, want) {
		t.Errorf("got %s\nexpected %s", curl, want)
	}
	var har struct {
		Log struct {
			Version string
			Entries []struct {
				Request struct {
					URL         string
					QueryString []struct{ Name, Value string }
				}
				Response struct{ Status int }
				Own      struct {
					Sequence  int
					Operation string
					TraceID   string `json:"trace_id"`
				} `json:"_standin"`
			}
		}
	}
	text := servicetest.Recorded(e, "GET", "/_standin/requests?format=har", "").Body.String()
	if err := json.Unmarshal([]byte(text), &har); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if har.Log.Version != "1.2" || len(har.Log.Entries) != 2 || strings.Contains(text, "hunter2") || strings.Contains(text, "demo-token") {
		t.Fatalf("the HAR is %s", text)
	}
	last := har.Log.Entries[1]
	if last.Request.URL != "http://localhost/v1/clients?limit=1&limit=%31" || fmt.Sprint(last.Request.QueryString) != "[{limit 1} {limit 1}]" ||
		last.Response.Status != 200 || last.Own.Operation != "freezer.clients.list" || last.Own.TraceID != traced[3:35] {
		t.Errorf("the second entry is %+v", last)
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/requests/2?format=har", ""); !strings.Contains(w.Body.String(), `"sequence":2`) || strings.Contains(w.Body.String(), `"sequence":1,`) {
		t.Errorf("one entry: %s", w.Body)
	}
}
