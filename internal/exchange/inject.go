package exchange

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/coverage"
	"standin/internal/route"
	"standin/internal/ruleset"
	"standin/internal/service"
)

// rateLimited is the default status of a rate limit.
const rateLimited = http.StatusTooManyRequests

// inject replaces the service's response by that of a rule. The rule's function returns it, or it
// has the rule's status. The body of a status is the contract's, or the service's error format if
// the contract has none.
func (x *exchange) inject(f *ruleset.Firing) {
	x.outcome = outcome{problem: x.outcome.problem} // a bug is logged even if a rule replaces the response
	reply := &x.outcome.reply
	x.met = coverage.Met{Injected: true, Changed: f.Reply != nil}
	switch {
	case f.Err != nil:
		x.outcome.problem = f.Err
		x.entry.did(f, "a panic")
		*reply = envelope(&x.call, x.target.service, http.StatusInternalServerError)
		return
	case f.Reply != nil:
		x.entry.did(f, fmt.Sprintf("status %d", f.Reply.Status))
		*reply = *f.Reply
		return
	}
	status := cmp.Or(f.What.Status, rateLimited)
	x.entry.did(f, fmt.Sprintf("status %d", status))
	*reply = envelope(&x.call, x.target.service, status)
	spec, quirk := documented(&x.call, &x.target, status)
	switch {
	case quirk: // the service has already written the quirk's body
	case spec == nil:
		x.entry.noted(f).Undocumented = true
	default:
		x.met.Example = example(&x.call, reply, spec, f.What.Example)
	}
	if f.What.RateLimit != nil {
		reply.Header = append(slices.Clip(reply.Header), f.Extra...)
		if f.What.RetryAfter == "" {
			reply.Set("Retry-After", f.Extra.Get("Ratelimit-Reset"))
		}
	}
	if spec != nil && f.What.Body == nil && f.What.Patch == nil {
		x.hold(&x.target)
	}
}

// documented returns what the contract says of a status, or nil. It looks at the responses of
// enabled quirks that only faults cause, then at the operation, then at the service.
func documented(c *service.Call, t *target, status int) (spec *contract.Response, quirk bool) {
	for _, q := range t.service.Contract.Quirks {
		if r := q.Answers.Response(status); r != nil && r.FaultOnly && q.Changes(t.id()) && c.Quirk(q.Name) {
			return r, true
		}
	}
	if r := t.contract().Response(status); r != nil {
		return r, false
	}
	return t.service.Contract.Elsewhere.Response(status), false
}

// envelope returns the response that the service itself writes for a status. The caller counts as
// authenticated, unless the status is 401.
func envelope(call *service.Call, b *route.Bound, status int) service.Reply {
	c := *call
	reply := service.Reply{Status: status}
	if status >= http.StatusBadRequest {
		e := service.Errorf(service.Kind(status), "", "")
		if status == http.StatusMethodNotAllowed {
			e = e.With("Allow", c.Allow(c.Methods...))
		}
		c.CallerError = nil
		if status == http.StatusUnauthorized {
			c.CallerError = e
		}
		reply = b.Fail(&c, e)
		call.Consulted = c.Consulted
	}
	if b.Finish != nil {
		b.Finish(call, &reply)
	}
	reply.Status = status
	return reply
}

// example puts a documented body into the reply: the named example, or the first one. It leaves a
// reply in XML as the service has written it. It returns the name of the example that it has put
// in.
func example(c *service.Call, reply *service.Reply, spec *contract.Response, name string) string {
	names := spec.Examples()
	i := slices.IndexFunc(spec.MediaTypes, func(m string) bool { return strings.Contains(m, "json") })
	switch {
	case len(spec.MediaTypes) == 0:
		reply.ContentType, reply.Body = "", nil
	case len(names) == 0 || i < 0 || name == "" && strings.HasSuffix(reply.ContentType, "/xml"):
	default:
		if name == "" || !slices.Contains(names, name) {
			name = names[0]
		}
		reply.ContentType = spec.MediaTypes[i]
		reply.Body, _ = spec.Fill(name, c.Vars, c.Named)
		return name
	}
	return ""
}
