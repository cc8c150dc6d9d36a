package control

import (
	"bytes"
	"net/http"
	"strings"

	"standin/emulator/journal"
	"standin/internal/report"
	"standin/internal/retry"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// reportOperations returns the operations that report what clients did.
func (a *api) reportOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.reports.retries", Do: a.in(a.reportRetries)},
		{ID: "control.chains", Do: a.in(a.listChains)},
		{ID: "control.metrics", Do: a.metrics, Sandbox: service.IgnoresSandbox},
	}
}

// reportRetries answers GET reports/retries with the report on the retries in a sandbox.
func (a *api) reportRetries(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	q := c.Query()
	form := report.JSON
	if text := q.Get("format"); text != "" {
		if err := form.UnmarshalText([]byte(text)); err != nil {
			return service.Reply{}, service.Errorf(service.Invalid, "", "format: %s", err)
		}
	}
	g := journal.Grading{Operation: q.Get("operation")}
	if err := a.Catalog.Rules.Known(g.Operation); err != nil {
		return service.Reply{}, mistake(err)
	}
	var err error
	if g.Max, err = number(q, "max", 0); err != nil {
		return service.Reply{}, err
	}
	if q.Get("max") != "" && g.Max == 0 {
		return service.Reply{}, service.Errorf(service.Invalid, "", "max: expected at least 1; the first attempt counts")
	}
	for name, into := range map[string]*[]journal.RetryRule{"except": &g.Except, "require": &g.Require} {
		if *into, err = retryRules(q.Get(name)); err != nil {
			return service.Reply{}, service.Errorf(service.Invalid, "", "%s: %s", name, err)
		}
	}
	if text := q.Get("tolerance"); text != "" {
		if err := g.Tolerance.UnmarshalText([]byte(text)); err != nil {
			return service.Reply{}, service.Errorf(service.Invalid, "", "tolerance: %s", err)
		}
	}
	var b bytes.Buffer
	if err := report.Write(&b, form, retry.Report("retries in sandbox "+s.Name(), s.Retries(&g))); err != nil {
		return service.Reply{}, err
	}
	return service.Reply{Status: http.StatusOK, ContentType: form.MediaType(), Body: b.Bytes()}, nil
}

// retryRules reads the ids of rules with commas between them.
func retryRules(text string) ([]journal.RetryRule, error) {
	var all []journal.RetryRule
	for id := range strings.SplitSeq(text, ",") {
		if id == "" {
			continue
		}
		var r journal.RetryRule
		if err := r.UnmarshalText([]byte(id)); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
