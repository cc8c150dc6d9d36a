package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"standin/emulator/journal"
	"standin/internal/recorder"
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
		{ID: "control.verify", Do: a.in(a.verify)},
		{ID: "control.events", Do: a.in(a.events)},
	}
}

// longestWait is the maximum duration of a long poll. A stream sends a comment every heartbeat, so
// that clients know that it is alive.
const (
	longestWait = 5 * time.Minute
	heartbeat   = 15 * time.Second
)

// listRequests answers GET requests with the entries that match. With "wait" it first waits until
// there are enough.
func (a *api) listRequests(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	q := c.Query()
	f := journal.Filter{
		Operation: q.Get("operation"), Status: q.Get("status"), Method: q.Get("method"), Path: q.Get("path"),
		Fault: q.Get("fault"), Ended: journal.Ended(q.Get("ended")),
	}
	if err := errors.Join(f.Check(), a.Catalog.Rules.Known(f.Operation)); err != nil {
		return service.Reply{}, mistake(err)
	}
	if v := q.Get("canonical"); v != "" && v != "true" && v != "false" {
		return service.Reply{}, service.Errorf(service.Invalid, "", "canonical: expected true or false, got %q", v)
	}
	text, err := asText(c)
	if err != nil {
		return service.Reply{}, err
	}
	since, err1 := number(q, "since", 0)
	atLeast, err2 := number(q, "at_least", 1)
	wait, err3 := duration(q, "wait")
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return service.Reply{}, err
		}
	}
	if most := s.Journal().MaxEntries(); atLeast > most {
		return service.Reply{}, service.Errorf(service.Invalid, "", "at_least: expected at most %d, the maximum number of journal entries, got %d", most, atLeast)
	}
	f.Since = uint64(since)
	if wait > 0 && !a.await(c, s, f, atLeast, wait) {
		f.Since = s.Journal().Last() // the client has left, so the page is empty
	}
	return list(s.Journal().Read(f), formOf(q, text)), nil
}

// formOf returns the form that the caller asks for.
func formOf(q url.Values, text bool) form {
	switch {
	case q.Get("canonical") == "true":
		return asCanonical
	case text:
		return asLines
	default:
		return asJSON
	}
}

// await waits for entries. It returns false if the client has left meanwhile.
func (a *api) await(c *service.Call, s *sandbox.Sandbox, f journal.Filter, atLeast int, wait time.Duration) bool {
	ctx, cancel := until(c, s)
	defer cancel()
	s.Journal().Await(ctx, f, atLeast, wait)
	return ctx.Err() == nil || s.Gone().Err() != nil
}

// A form is a format of a list of entries.
type form struct {
	mediaType string
	open      func(c journal.Counts) string
	between   string
	entry     func(e journal.Entry) []byte
	end       func(c journal.Counts) []byte
}

var (
	asJSON = form{
		mediaType: "application/json", between: ",",
		open:  func(journal.Counts) string { return `{"requests":[` },
		entry: func(e journal.Entry) []byte { return must(encode(e)) },
		end:   func(c journal.Counts) []byte { return append([]byte("],"), must(encode(c))[1:]...) },
	}
	asCanonical = form{
		mediaType: "text/plain",
		open:      func(journal.Counts) string { return "" },
		entry:     func(e journal.Entry) []byte { return journal.Canonical([]journal.Entry{e}) },
		end:       func(journal.Counts) []byte { return nil },
	}
	asLines = form{
		mediaType: "text/plain; charset=utf-8",
		open:      journal.Counts.Dropped,
		entry:     func(e journal.Entry) []byte { l := e.Line(); return append(l.Append(nil), '\n') },
		end:       func(journal.Counts) []byte { return nil },
	}
)

// must returns b. It panics on an error, which cannot happen for these types.
func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// heldWhole is the size, in bytes, up to which a list is sent with a Content-Length.
const heldWhole = 256 << 10

// list answers the entries of a reader. It sends a long list while it reads, and never holds the
// whole list.
func list(r *recorder.Reader, f form) service.Reply {
	next := func(b []byte, between string) ([]byte, bool) {
		e, ok := r.Next()
		if !ok {
			return append(b, f.end(r.Counts())...), false
		}
		return append(append(b, between...), f.entry(e)...), true
	}
	body, more := next([]byte(f.open(r.Counts())), "")
	for more && len(body) < heldWhole {
		body, more = next(body, f.between)
	}
	if !more {
		return service.Reply{Status: http.StatusOK, ContentType: f.mediaType, Body: body}
	}
	return service.Reply{Status: http.StatusOK, ContentType: f.mediaType, Stream: func(write func([]byte) error) error {
		err := write(body)
		for err == nil && more {
			for body = body[:0]; more && len(body) < heldWhole; {
				body, more = next(body, f.between)
			}
			err = write(body)
		}
		return err
	}}
}

// asText reports whether the caller asks for text in place of JSON, by the parameter format or by
// the header Accept.
func asText(c *service.Call) (bool, error) {
	switch format := c.Query().Get("format"); format {
	case "text", "json":
		return format == "text", nil
	case "":
		accept := c.Accept()
		return service.Quality(accept, "text/plain") > service.Quality(accept, "application/json"), nil
	default:
		return false, service.Errorf(service.Invalid, "", "format: expected json or text, got %q", format)
	}
}

// inForm returns a value as JSON, or as text if the caller asks for it.
func inForm(c *service.Call, v any, text func() string) (service.Reply, error) {
	is, err := asText(c)
	switch {
	case err != nil:
		return service.Reply{}, err
	case !is:
		return reply(http.StatusOK, v)
	}
	return service.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(text())}, nil
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
	e, ok := s.Journal().Get(n)
	if !ok {
		return service.Reply{}, noRequest(s, n)
	}
	return reply(http.StatusOK, e)
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

// events streams exchanges and changes as server-sent events. The stream begins now, or after the
// event that Last-Event-ID or the parameter "since" names.
func (a *api) events(c *service.Call, s *sandbox.Sandbox) (service.Reply, error) {
	q, since := c.Query(), s.Journal().LastEvent()
	if q.Get("since") == "" && c.Header.Get("Last-Event-Id") != "" {
		q.Set("since", c.Header.Get("Last-Event-Id"))
	}
	if q.Get("since") != "" {
		n, err := number(q, "since", 0)
		if err != nil {
			return service.Reply{}, err
		}
		since = uint64(n)
	}
	r := service.Reply{Status: http.StatusOK, ContentType: "text/event-stream"}
	r.Set("Cache-Control", "no-store")
	if c.Method == http.MethodHead {
		return r, nil
	}
	r.Stream = func(write func([]byte) error) error {
		ctx, cancel := until(c, s)
		defer cancel()
		defer s.Journal().Follow()()
		_ = write([]byte(": standin\n\n"))
		for ctx.Err() == nil {
			beat, stop := context.WithTimeout(ctx, heartbeat)
			all := s.Journal().Events(beat, since)
			stop()
			text := []byte(":\n\n")
			for i := range all {
				if i == 0 {
					text = nil
				}
				text, since = appendEvent(text, &all[i]), all[i].Number
			}
			if err := write(text); err != nil {
				return err
			}
			recorder.Gather(ctx)
		}
		return nil
	}
	return r, nil
}

func appendEvent(b []byte, e *recorder.Event) []byte {
	return fmt.Appendf(b, "id: %d\nevent: %s\ndata: %s\n\n", e.Number, e.Kind(), e.JSON())
}
