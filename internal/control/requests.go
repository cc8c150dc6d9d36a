package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"standin/emulator/journal"
	"standin/internal/sandbox"
	"standin/internal/scenario"
	"standin/internal/service"
	"standin/internal/value"
)

// requestOperations returns the operations on the journal of a sandbox.
func (a *api) requestOperations() []service.Operation {
	return []service.Operation{
		{ID: "control.requests.list", Do: a.in(a.listRequests)},
		{ID: "control.requests.clear", Do: a.in(a.clearRequests)},
		{ID: "control.requests.show", Do: a.in(a.showRequest)},
		{ID: "control.requests.delete", Do: a.in(a.deleteRequest)},
		{ID: "control.requests.changes", Do: a.in(a.showChanges)},
		{ID: "control.verify", Do: a.in(a.verify)},
		{ID: "control.events", Do: a.in(a.events)},
	}
}

// longestWait is the maximum duration of a long poll.
const longestWait = 5 * time.Minute

// listRequests answers GET requests with the entries that match. With "wait" it first waits until
// there are enough.
func (a *api) listRequests(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	q := c.Query()
	f, err := a.filter(q)
	if err != nil {
		return service.Reply{}, err
	}
	canonical, err1 := truth(q, "canonical")
	brief, err2 := truth(q, "brief")
	form, err3 := formOf(c)
	since, err4 := number(q, "since", 0)
	atLeast, err5 := number(q, "at_least", 1)
	newest, err6 := number(q, "newest", 0)
	wait, err7 := duration(q, "wait")
	if err := cmp.Or(err1, err2, err3, err4, err5, err6, err7); err != nil {
		return service.Reply{}, err
	}
	if canonical {
		form = asCanonical
	}
	if most := s.Journal().MaxEntries(); atLeast > most {
		return service.Reply{}, service.Errorf(service.Invalid, "", "at_least: expected at most %d, the maximum number of journal entries, got %d", most, atLeast)
	}
	f.Since = uint64(since)
	if wait > 0 && !a.await(c, s, f, atLeast, wait) {
		f.Since = s.Journal().Last() // the client has left, so the page is empty
	}
	if newest > 0 {
		f.Since = s.Journal().Before(f, newest)
	}
	r := s.Journal().Read(f)
	r.Brief = brief
	return list(r, form), nil
}

// filter returns the filter of the parameters that select requests.
func (a *api) filter(q url.Values) (journal.Filter, error) {
	f := journal.Filter{
		Operation: q.Get("operation"), Status: q.Get("status"), Method: q.Get("method"), Path: q.Get("path"),
		Fault: q.Get("fault"), Ended: journal.Ended(q.Get("ended")), Trace: q.Get("trace"),
	}
	return f, mistake(errors.Join(f.Check(), a.Catalog.Rules.Known(f.Operation)))
}

// await waits for entries. It returns false if the client has left meanwhile.
func (a *api) await(c *service.Call, s *sandbox.Sandbox, f journal.Filter, atLeast int, wait time.Duration) bool {
	ctx, cancel := until(c, s)
	defer cancel()
	s.Journal().Await(ctx, f, atLeast, wait)
	return ctx.Err() == nil || s.Gone().Err() != nil
}

// truth returns the value of a parameter that is true or false. The default is false.
func truth(q url.Values, name string) (bool, error) {
	switch text := q.Get(name); text {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, service.Errorf(service.Invalid, "", "%s: expected true or false, got %q", name, text)
	}
}

// until returns a context that is cancelled when the call ends or the sandbox is deleted.
func until(c *service.Call, s *sandbox.Sandbox) (context.Context, context.CancelFunc) {
	ctx, cancel := c.Present()
	stop := context.AfterFunc(s.Gone(), cancel)
	return ctx, func() { stop(); cancel() }
}

func number(q url.Values, name string, missing int) (int, error) {
	text := q.Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, service.Errorf(service.Invalid, "", "%s: the number %s is too large", name, text)
	case err != nil || n < 0:
		return 0, service.Errorf(service.Invalid, "", "%s: expected a whole number, got %q", name, text)
	default:
		return n, nil
	}
}

func duration(q url.Values, name string) (time.Duration, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longestWait {
		return 0, service.Errorf(service.Invalid, "", "%s: expected a duration such as 5s, up to %s, got %q", name, longestWait, text)
	}
	return d, nil
}

func (a *api) clearRequests(_ *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	return empty(), mistake(s.Reset([]string{"journal"}, ""))
}

// sequence returns the number in the path.
func sequence(c *service.Call) (uint64, error) {
	n, err := strconv.ParseUint(c.Vars["seq"], 10, 64)
	if err != nil {
		return 0, service.Errorf(service.NotFound, "", "%q is not a request number.", c.Vars["seq"])
	}
	return n, nil
}

func noRequest(s *sandbox.Sandbox, n uint64) error {
	counts := s.Journal().Read(journal.Filter{}).Counts()
	if n <= counts.Evicted && n > 0 {
		return service.Errorf(service.NotFound, "", "Request %d was evicted from the journal; %d requests were evicted in total.", n, counts.Evicted)
	}
	return service.Errorf(service.NotFound, "", "No request %d; the newest is %d.", n, counts.Last)
}

func (a *api) showRequest(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	n, err := sequence(c)
	if err != nil {
		return service.Reply{}, err
	}
	form, err := formOf(c)
	if err != nil {
		return service.Reply{}, err
	}
	e, ok := s.Journal().Get(n)
	switch {
	case !ok:
		return service.Reply{}, noRequest(s, n)
	case form == forms["json"]:
		return reply(http.StatusOK, e)
	}
	return service.Reply{Status: http.StatusOK, ContentType: form.mediaType, Body: form.whole(&e)}, nil
}

// showChanges answers GET requests/N/changes with the records that the request wrote.
func (a *api) showChanges(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	n, err := sequence(c)
	if err != nil {
		return service.Reply{}, err
	}
	all, ok := s.Journal().Changes(n)
	if !ok {
		return service.Reply{}, noRequest(s, n)
	}
	return reply(http.StatusOK, all)
}

func (a *api) deleteRequest(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	n, err := sequence(c)
	if err != nil {
		return service.Reply{}, err
	}
	if !s.Journal().Remove(n) {
		return service.Reply{}, noRequest(s, n)
	}
	return empty(), nil
}

// A Verdict is the answer of a verification that has passed.
type Verdict struct {
	Passed     bool                `json:"passed"`     // always true
	Judgements []journal.Judgement `json:"judgements"` // one for each expectation and each rule that must fire
}

// verify answers POST verify with 200, or with 409 and what is not met. Without a body, it verifies
// the scenario's expectations.
func (a *api) verify(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	var expect []journal.Expectation // nil means those of the scenario
	if len(bytes.TrimSpace(c.Body)) > 0 {
		list, err := scenario.Expectations(a.Catalog.Rules, bodyName, c.Body, s.RuleNames())
		if err != nil {
			return service.Reply{}, mistake(err)
		}
		expect = append([]journal.Expectation{}, list...)
	}
	judgements := s.Verify(expect)
	if sandbox.Passed(judgements) {
		return reply(http.StatusOK, Verdict{true, judgements})
	}
	unmet := 0
	for _, j := range judgements {
		if !j.Met {
			unmet++
		}
	}
	e := service.Errorf(service.Conflict, "", "%d of %d expectations are not met.", unmet, len(judgements))
	text, err := encode(judgements)
	e.Detail = value.Member{Name: "judgements", Value: json.RawMessage(text)}
	if err != nil {
		return service.Reply{}, err
	}
	return service.Reply{}, e
}
