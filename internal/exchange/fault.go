package exchange

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/identity"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/world"
)

// faulted is the rest of the request path where rules fire: what they do before the
// handler, the handler unless they answer in its place or break the connection, and what they
// make of the answer.
func (x *exchange) faulted(w http.ResponseWriter) end {
	if x.failing() {
		x.sandbox.Journal().Failing(x.ticket)
	}
	fired := x.decision.Fired
	if !x.prepare(w, fired, fault.Before) {
		return x.leave()
	}
	if cut := cutting(fired, fault.Before); cut != nil {
		return x.broken(w, cut)
	}
	if f := replacing(fired, fault.Before); f != nil {
		x.reply = x.injected(f)
	} else {
		x.reply = x.paged(fired)
		x.hold(&x.reply)
	}
	if !x.prepare(w, fired, fault.After) {
		return x.leave()
	}
	if f := replacing(fired, fault.After); f != nil {
		x.reply = x.injected(f)
	}
	x.reply.Header = append(slices.Clip(x.reply.Header), x.decision.Headers...)
	for _, f := range fired {
		x.change(f)
	}
	if names := x.effective(fired); len(names) > 0 {
		x.reply.Header = append(x.reply.Header, service.Field{Name: fault.Header, Value: strings.Join(names, ", ")})
	}
	if cut := cutting(fired, fault.After); cut != nil {
		return x.broken(w, cut)
	}
	return x.deliver(w, fired)
}

// paged answers the call, with pages that have no more items than rules say. A rule has
// done something where the answer is a page, and would have been a longer one.
func (x *exchange) paged(fired []*ruleset.Firing) service.Reply {
	for _, f := range fired {
		if n := f.What.PageCap; n > 0 && (x.call.PageCap == 0 || n < x.call.PageCap) {
			x.call.PageCap = n
		}
	}
	reply := x.answer()
	items := x.call.Asked()
	for _, f := range fired {
		if n := f.What.PageCap; n > 0 && (items < 0 || n < items) {
			x.did(f, fmt.Sprintf("page_cap %d", n))
			items = n
		}
	}
	return reply
}

// effective names the rules that the answer shows: those that have done something, and
// those by which deliver will send it. The first of these sends it, but for a truncation
// that is silent, which only shortens the body.
func (x *exchange) effective(fired []*ruleset.Firing) (names []string) {
	taken := false
	for _, f := range fired {
		c := f.What.Connection
		sends := !taken && (c != nil || f.What.Dribble != nil || f.What.Bandwidth > 0)
		taken = taken || sends && (c == nil || c.Kind != fault.Truncate || c.Mode != "silent")
		if !f.Stealth && (sends || len(x.noted(f).Did) > 0) {
			names = append(names, f.Name)
		}
	}
	return names
}

// failing tells that one of the rules keeps the client from its answer.
func (x *exchange) failing() bool {
	return slices.ContainsFunc(x.decision.Fired, func(f *ruleset.Firing) bool {
		return f.What.Connection != nil || f.Replaces() || f.What.Delay != nil
	})
}

// cutting is the rule that breaks the connection without an answer in a phase.
func cutting(fired []*ruleset.Firing, phase fault.Phase) *ruleset.Firing {
	for _, f := range fired {
		if c := f.What.Connection; c != nil && !c.NeedsAnswer() && f.Phased() == phase {
			return f
		}
	}
	return nil
}

// replacing is the rule that answers in place of the handler in a phase.
func replacing(fired []*ruleset.Firing, phase fault.Phase) *ruleset.Firing {
	for _, f := range fired {
		if f.Replaces() && f.Phased() == phase {
			return f
		}
	}
	return nil
}

// prepare does what the rules of a phase do before they answer: wait, let the
// token expire. It reports false where the client leaves meanwhile.
func (x *exchange) prepare(w http.ResponseWriter, fired []*ruleset.Firing, phase fault.Phase) bool {
	for _, f := range fired {
		if f.Phased() != phase {
			continue
		}
		if f.Delay > 0 {
			x.did(f, "delay "+f.Delay.String())
			if !x.wait(w, f, f.Delay) {
				return false
			}
			if phase == fault.Before {
				x.call.Now = x.sandbox.Now()
			}
		}
		if f.What.ExpireToken && x.expireToken() {
			x.did(f, "expire_token")
		}
	}
	return true
}

// noted is what the journal says of a rule that fires.
func (x *exchange) noted(f *ruleset.Firing) *journal.Fault {
	i := slices.IndexFunc(x.closing.Faults, func(j journal.Fault) bool { return j.Rule == f.Name && j.Fired })
	if i < 0 { // it was taken back
		return &journal.Fault{}
	}
	return &x.closing.Faults[i]
}

// did notes in the journal what a rule did.
func (x *exchange) did(f *ruleset.Firing, what string) {
	j := x.noted(f)
	j.Phase = string(f.Phased())
	j.Did = append(j.Did, what)
}

// expireToken lets the caller's token die now. It tells false where the caller shows
// none that could.
func (x *exchange) expireToken() bool {
	c := x.call.Caller
	if c == nil || c.Token == nil || identity.Tokens.Get(x.sandbox.World(), c.Token.ID) == nil {
		return false
	}
	return x.sandbox.Transact(func(tx *world.Tx) error {
		if t := identity.Tokens.Get(tx, c.Token.ID); t != nil {
			dead := *t
			dead.Expires = x.call.Now
			identity.Tokens.Put(tx, &dead)
		}
		return nil
	}) == nil
}

// rateLimited is the status of a rate limit that names none.
const rateLimited = http.StatusTooManyRequests

// injected is the answer of a rule: its function's, or its status in the words of
// the contract, or else in the service's envelope.
func (x *exchange) injected(f *ruleset.Firing) service.Reply {
	if f.Err != nil {
		x.problem = f.Err
		x.did(f, "a panic")
		return x.envelope(http.StatusInternalServerError)
	}
	if f.Reply != nil {
		x.did(f, fmt.Sprintf("status %d", f.Reply.Status))
		return *f.Reply
	}
	status := f.What.Status
	if status == 0 {
		status = rateLimited
	}
	x.did(f, fmt.Sprintf("status %d", status))
	reply := x.envelope(status)
	spec, quirk := x.documented(status)
	switch {
	case quirk: // the service has written it by itself
	case spec == nil:
		x.noted(f).Undocumented = true
	default:
		x.example(&reply, spec, f.What.Example)
	}
	if f.What.RateLimit != nil {
		reply.Header = append(slices.Clip(reply.Header), f.Extra...)
		if f.What.RetryAfter == "" {
			reply.Set("Retry-After", f.Extra.Get("Ratelimit-Reset"))
		}
	}
	if spec != nil && f.What.Body == nil && f.What.Patch == nil {
		x.hold(&reply)
	}
	return reply
}

// documented is what the contract says of a status: the operation, or the service.
// Of what only a fault brings, a quirk that is on comes first.
func (x *exchange) documented(status int) (spec *contract.Response, quirk bool) {
	for _, q := range x.service.Contract.Quirks {
		if r := q.Answers.Response(status); r != nil && r.FaultOnly && x.call.Quirk(q.Name) && q.Changes(x.operationID()) {
			return r, true
		}
	}
	if r := x.contract().Response(status); r != nil {
		return r, false
	}
	return x.service.Contract.Elsewhere.Response(status), false
}

// envelope is a status as the service answers it by itself. The service sees a caller that is
// known, unless the status is 401.
func (x *exchange) envelope(status int) service.Reply {
	c := x.call
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
		reply = x.service.Fail(&c, e)
	}
	if x.service.Finish != nil {
		x.service.Finish(&x.call, &reply)
	}
	reply.Status = status
	return reply
}

// example puts a documented body into the answer: the one that is named, else the
// first. The caller may have asked for XML, which the service has written by itself.
func (x *exchange) example(reply *service.Reply, spec *contract.Response, name string) {
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
		reply.Body, _ = spec.Fill(name, x.call.Vars, x.call.Named)
	}
}

// change makes of the answer what the rule says: body, headers.
func (x *exchange) change(f *ruleset.Firing) {
	w, reply := &f.What, &x.reply
	if body, changed := ruleset.NewBody(w, reply.Body); changed {
		reply.Body = body
		if _, isText := w.Body.(string); !isText {
			reply.ContentType = "application/json"
		}
		x.did(f, "body")
	}
	if w.RetryAfter != "" {
		reply.Set("Retry-After", ruleset.RetryAfter(w.RetryAfter, x.call.Now))
		x.did(f, "retry_after "+reply.Header.Get("Retry-After"))
	}
	if x.changeHeaders(&w.Headers) {
		x.did(f, "headers")
	}
	if w.MalformedBody != "" {
		malform(reply, w.MalformedBody)
		x.did(f, "malformed_body "+string(w.MalformedBody))
	}
}

func (x *exchange) changeHeaders(h *fault.Headers) bool {
	reply := &x.reply
	reply.Header = slices.Clone(reply.Header) // it may be shared with an error
	for _, name := range h.Remove {
		name = http.CanonicalHeaderKey(name)
		switch name {
		case "Content-Type":
			reply.ContentType = ""
		case "Date":
			x.undated = true
		}
		reply.Header = slices.DeleteFunc(reply.Header, func(f service.Field) bool { return f.Name == name })
	}
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		if key := http.CanonicalHeaderKey(name); key == "Content-Type" {
			reply.ContentType = h.Set[name]
		} else {
			reply.Set(key, h.Set[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Add)) {
		reply.Header = append(reply.Header, service.Field{Name: http.CanonicalHeaderKey(name), Value: h.Add[name]})
	}
	return len(h.Remove)+len(h.Set)+len(h.Add) > 0
}

// malform makes a body that is not what its headers say.
func malform(reply *service.Reply, how fault.Malformation) {
	switch how {
	case fault.NotJSON:
		body := reply.Body
		if len(body) == 0 {
			body = []byte("{}")
		}
		reply.Body = append(slices.Clone(body[:len(body)-1]), ',')
	case fault.ByteOrderMark:
		reply.Body = append([]byte("\ufeff"), reply.Body...)
	case fault.WrongCharset:
		var b []byte
		for _, u := range utf16.Encode([]rune(string(reply.Body))) {
			b = append(b, byte(u), byte(u>>8))
		}
		mediaType, _, _ := strings.Cut(reply.ContentType, ";")
		reply.Body, reply.ContentType = b, mediaType+"; charset=utf-8"
	case fault.WrongContentType:
		reply.ContentType = "text/html; charset=utf-8"
	}
}
