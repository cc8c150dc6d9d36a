package control

import (
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"

	"standin/internal/catalog"
	"standin/internal/coverage"
	"standin/internal/metrics"
	"standin/internal/service"
)

// metrics answers GET metrics. No label has a value that a client or a rule makes up.
func (a *api) metrics(*service.Call) (service.Reply, error) {
	h, t := a.Health(), &metrics.Text{}
	t.Begin("standin_build_info", metrics.Gauge, "The version of Standin, and of Go.")
	t.Value(1, "version", catalog.Version(), "goversion", runtime.Version())
	t.Begin("standin_requests_total", metrics.Counter, "Requests to operations. fault is none, reply if a rule wrote the reply or a part of it, or what happened to the connection. status is none if the client got no whole reply.")
	totals, unmatched := a.Sandboxes.Totals()
	requests := map[[4]string]uint64{}
	for _, total := range totals {
		requests[[4]string{total.Service, total.Operation, statusLabel(&total), total.Fault}] += total.Count
	}
	for _, l := range slices.SortedFunc(maps.Keys(requests), func(a, b [4]string) int { return slices.Compare(a[:], b[:]) }) {
		t.Value(requests[l], "service", l[0], "operation", l[1], "status", l[2], "fault", l[3])
	}
	t.One("standin_unmatched_requests_total", metrics.Counter, "Requests that match no operation.", unmatched)
	t.Begin("standin_request_duration_seconds", "histogram", "The time from the request to the end of the reply, with the delays of rules.")
	a.Meter().Durations(func(service string, h *metrics.Histogram) { t.Histogram(h, "service", service) })
	t.One("standin_faults_fired_total", metrics.Counter, "Fault rules that fired.", a.Meter().Fired.Load())
	t.One("standin_repeated_requests_total", metrics.Counter, "Requests that were another attempt of a failed one.", a.Meter().Repeated.Load())
	t.One("standin_violations_total", metrics.Counter, "Replies that violated their contract.", h.Violations)
	t.One("standin_unchecked_replies_total", metrics.Counter, "Replies that were too long to be checked.", h.Unchecked)
	t.One("standin_sandboxes", metrics.Gauge, "Sandboxes, with the default one.", uint64(h.Sandboxes))
	t.One("standin_connections", metrics.Gauge, "Open connections.", uint64(h.Connections))
	t.One("standin_journal_bytes", metrics.Gauge, "The size of the journals of all sandboxes.", uint64(h.JournalBytes))
	t.One("standin_journal_limit_bytes", metrics.Gauge, "The max size of the journals of all sandboxes.", uint64(h.JournalLimit))
	t.One("standin_journal_evictions_total", metrics.Counter, "Exchanges that were evicted from journals.", a.Sandboxes.Budget().Evicted())
	return service.Reply{Status: http.StatusOK, ContentType: metrics.TextType, Body: t.Bytes()}, nil
}

// statusLabel returns the status of a total as a label. Rules can make up any number.
func statusLabel(t *coverage.Total) string {
	switch {
	case t.Status == 0:
		return "none"
	case t.Documented || http.StatusText(t.Status) != "":
		return strconv.Itoa(t.Status)
	default:
		return "other"
	}
}
