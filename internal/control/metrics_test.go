package control_test

import (
	"regexp"
	"strings"
	"testing"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/servicetest"
)

// Ensure the metrics count what happened, and are lines of the text format.
func TestMetrics(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(
		emulator.WithJournal(journal.Limits{Entries: 3}),
		emulator.WithFault(fault.Rule{Where: fault.Where{Operation: "freezer.clients.list"}, What: fault.What{Status: 503}}),
		emulator.WithFault(fault.Lost("freezer.clients.delete")),
	)
	if err != nil {
		t.Fatal(err)
	}
	list := func() { servicetest.Status(e, "/v1/clients") }
	list()
	list() // another attempt
	servicetest.Status(e, "/v1/client")
	func() {
		defer func() { _ = recover() }() // a recorder cannot be cut
		servicetest.Recorded(e, "DELETE", "/v1/clients/x", "")
	}()
	list()
	for _, status := range []string{"598", "599"} {
		servicetest.Status(e, "/v3/images", "X-Standin-Fault", "status="+status)
	}
	if w := servicetest.Recorded(e, "POST", "/_standin/sandboxes", `{"name":"other"}`); w.Code != 201 {
		t.Fatal(w.Body)
	}
	text := servicetest.Recorded(e, "GET", "/_standin/metrics", "").Body.String()
	for _, want := range []string{
		`standin_requests_total{service="freezer",operation="freezer.clients.list",status="503",fault="reply"} 1`,
		`standin_requests_total{service="freezer",operation="freezer.clients.list",status="200",fault="none"} 2`,
		`standin_requests_total{service="freezer",operation="freezer.clients.delete",status="none",fault="lost-reply"} 1`,
		`standin_requests_total{service="devops",operation="devops.images.list",status="other",fault="reply"} 2`,
		`standin_unmatched_requests_total 1`,
		`standin_request_duration_seconds_bucket{service="freezer",le="+Inf"} 4`,
		`standin_request_duration_seconds_count{service="freezer"} 4`,
		`standin_request_duration_seconds_count{service="barbican"} 0`,
		`standin_faults_fired_total 4`,
		`standin_repeated_requests_total 2`,
		`standin_violations_total 0`,
		`standin_sandboxes 2`,
		`standin_journal_evictions_total 4`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no line %s in\n%s", want, text)
		}
	}
	form := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9.e+-]+)$`)
	for line := range strings.Lines(text) {
		if !form.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("a line that is not in the format: %q", line)
		}
	}
}
