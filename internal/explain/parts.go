package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"standin/emulator/journal"
	"standin/internal/contract"
)

// contractOf returns the contract of the service that answered, and the operation that the request
// matched. Each is nil if there is none.
func contractOf(contracts []*contract.Contract, e *journal.Entry) (by *contract.Contract, op *contract.Operation) {
	name, _, _ := strings.Cut(e.Operation, ".")
	for _, ct := range contracts {
		if ct.Service == name {
			op = ct.Operation(e.Operation)
		}
		if ct.Service == cmp.Or(e.Service, name) {
			by = ct
		}
	}
	return by, op
}

// callerOf says who the caller was.
func callerOf(e *journal.Entry, op *contract.Operation) Caller {
	if e.Caller != "" {
		return Caller{Name: e.Caller, By: e.CallerBy}
	}
	logins := []contract.Parameter{{Name: "Authorization", In: inHeader}, {Name: "X-Auth-Token", In: inHeader}}
	if op != nil {
		if op.Public {
			return Caller{By: byNothing}
		}
		logins = op.Logins
	}
	for name := range e.Request.Headers {
		if slices.ContainsFunc(logins, func(p contract.Parameter) bool { return p.In == inHeader && strings.EqualFold(p.Name, name) }) {
			return Caller{By: byUnknown}
		}
	}
	return Caller{By: byNothing}
}

// These are the values of Caller.By that the journal does not have.
const (
	byUnknown = "unknown"
	byNothing = "none"
)

// These are the values of Decision.By.
const (
	byCheck   = "check"
	byHandler = "handler"
	byExample = "example"
	byFault   = "fault"
	byPath    = "path"
	byNobody  = "open"
)

// decisionOf says what decided the answer.
func decisionOf(e *journal.Entry, op *contract.Operation) Decision {
	d := Decision{By: byPath}
	switch {
	case e.RefusedBy != "" && op != nil:
		d = Decision{By: byCheck, Name: e.RefusedBy}
	case op == nil:
	case op.Stateless:
		d = Decision{By: byExample, Name: op.ID}
	default:
		d = Decision{By: byHandler, Name: op.ID}
	}
	for _, f := range e.Faults {
		if f.Fired && (slices.ContainsFunc(f.Did, replaces) || e.Ended == journal.Cut && e.Reply == nil && slices.ContainsFunc(f.Did, breaks)) {
			return Decision{By: byFault, Name: f.Rule, After: f.Phase == "after"}
		}
	}
	if e.Ended == journal.Open && e.Reply == nil {
		return Decision{By: byNobody}
	}
	return d
}

// replaces reports whether an action of a rule is an answer in place of the service's.
func replaces(did string) bool { return strings.HasPrefix(did, "status ") || did == "a panic" }

// breaks reports whether an action of a rule breaks the connection without an answer.
func breaks(did string) bool { return strings.HasPrefix(did, "connection ") }

// quirksOf says what is known of the quirks in an entry.
func quirksOf(ct *contract.Contract, e *journal.Entry) []Quirk {
	var all []Quirk
	for _, name := range e.Quirks {
		q := Quirk{Name: name}
		if spec := quirk(ct, name); spec != nil {
			q.Document, q.Server = spec.Document, spec.Server
		}
		all = append(all, q)
	}
	return all
}

func quirk(ct *contract.Contract, name string) *contract.Quirk {
	if ct == nil {
		return nil
	}
	i := slices.IndexFunc(ct.Quirks, func(q *contract.Quirk) bool { return q.Name == name })
	if i < 0 {
		return nil
	}
	return ct.Quirks[i]
}

// answerOf says where the answer comes from. A quirk that was asked for and lists the status is
// where it comes from; else the operation is, or what the service answers everywhere.
func answerOf(ct *contract.Contract, op *contract.Operation, e *journal.Entry) Answer {
	a := Answer{Ended: e.Ended}
	if e.Reply == nil {
		return a
	}
	a.Status, a.Reason = e.Reply.Status, contract.Reason(e.Reply.Status)
	if ct == nil {
		return a
	}
	var spec *contract.Response
	for _, name := range e.Quirks {
		if q := quirk(ct, name); q != nil && spec == nil {
			if spec = q.Answers.Response(a.Status); spec != nil {
				a.Quirk = name
			}
		}
	}
	if spec == nil && op != nil && e.Service == "" {
		spec = op.Response(a.Status)
	}
	if spec == nil {
		spec = ct.Elsewhere.Response(a.Status)
	}
	if spec != nil {
		a.Reason, a.Evidence, a.Words = cmp.Or(spec.Reason, a.Reason), spec.Evidence, spec.Description()
	}
	return a
}

// failed is the lowest status of a failure.
const failed = 400

// othersOf lists the answers of an operation with another status.
func othersOf(op *contract.Operation, status int) []Other {
	var all []Other
	for _, r := range op.Responses() {
		if r.Status == status {
			continue
		}
		o := Other{Status: r.Status, Reason: r.Reason, Evidence: r.Evidence, Words: r.Description()}
		if r.Status >= failed {
			o.Fault = fmt.Sprintf("%s/%d", op.ID, r.Status)
		}
		all = append(all, o)
	}
	return all
}

// unread searches the request of an entry, as far as the journal holds it.
func (x *Explanation) unread(op *contract.Operation, e *journal.Entry) {
	body := &e.Request.Body
	m := &Message{Query: e.Request.Query, Header: e.Request.Headers, Body: []byte(body.Text)}
	switch {
	case !op.Body && body.Size > 0: // all that counts is that there is one
	case body.SHA256 != "":
		m.Body, x.Unsearched = nil, fmt.Sprintf("the journal holds only the beginning of its %d bytes", body.Size)
	case body.Text == hidden:
		m.Body, x.Unsearched = nil, "the journal hides it as a whole"
	case body.Base64 != "":
		m.Body, x.Unsearched = nil, "it is no text"
	}
	found, odd := find(op, m, true)
	x.Unsearched = cmp.Or(x.Unsearched, odd)
	for i := range found {
		x.Unread = append(x.Unread, found[i].unread())
	}
}

// hidden is what the journal shows in place of a body that is a secret.
const hidden = "(redacted)"
