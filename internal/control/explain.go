package control

import (
	"net/http"

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

// inForm returns a value as JSON, or as text if the caller asks for it.
func inForm(c *service.Call, v any, text func() string) (service.Reply, error) {
	format := c.Query().Get("format")
	if format != "" && format != "text" && format != "json" {
		return service.Reply{}, service.Errorf(service.Invalid, "", "format: expected json or text, got %q", format)
	}
	if asText(c, format) {
		return service.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(text())}, nil
	}
	return reply(http.StatusOK, v)
}
