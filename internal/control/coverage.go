package control

import (
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
	r := a.Sandboxes.Coverage()
	if c.Chosen != "" {
		r = s.Coverage()
	}
	return inForm(c, r, r.Text)
}
