package control

import (
	"net/http"

	"standin/internal/sandbox"
	"standin/internal/service"
)

// coverageOperations returns the operation on the coverage.
func (a *api) coverageOperations() []service.Operation {
	return []service.Operation{{ID: "control.reports.coverage", Do: a.in(a.coverage)}}
}

// coverage answers GET reports/coverage with what clients have met in the sandbox that the request
// names, or else in all sandboxes.
func (a *api) coverage(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	format := c.Query().Get("format")
	if format != "" && format != "text" && format != "json" {
		return service.Reply{}, service.Errorf(service.Invalid, "", "format: expected json or text, got %q", format)
	}
	r := a.Sandboxes.Coverage()
	if c.Chosen {
		r = s.Coverage()
	}
	if asText(c, format) {
		return service.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(r.Text())}, nil
	}
	return reply(http.StatusOK, r)
}
