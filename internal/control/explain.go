package control

import (
	"standin/internal/explain"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// explainOperations returns the operations that explain answers.
func (a *api) explainOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.requests.explain", Do: a.in(a.explainRequest)},
		{ID: "control.reports.unread", Do: a.unread, Sandbox: service.IgnoresSandbox},
	}
}

// explainRequest answers GET requests/SEQ/explanation.
func (a *api) explainRequest(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	n, err := sequence(c)
	if err != nil {
		return service.Reply{}, err
	}
	e, ok := s.Journal().Get(n)
	if !ok {
		return service.Reply{}, noRequest(s, n)
	}
	x := explain.Of(a.Catalog.Contracts, &e)
	return inForm(c, x, x.String)
}

// unread answers GET reports/unread, of all sandboxes.
func (a *api) unread(c *service.Call) (service.Reply, error) {
	r := a.Unread()
	return inForm(c, r, r.String)
}
