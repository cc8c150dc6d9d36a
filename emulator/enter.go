package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/control"
	"standin/internal/recorder"
	"standin/internal/ruleset"
	"standin/internal/service"
	"standin/internal/transport"
)

// SandboxHeader is the request header that names the sandbox.
const SandboxHeader = "X-Standin-Sandbox"

// An entrance is how a request says in which sandbox it is to be served.
type entrance struct {
	name   string
	given  bool // by path or header; otherwise the token may lead into one
	exists bool // it must be there
}

// address reads the path: how it names the sandbox, and what is left of it.
func (x *exchange) address() (at string, to entrance) {
	r := x.request
	x.conn = transport.Of(r)
	x.reused = x.conn.Count()
	at = collapse(r.URL.Path)
	if rest, ok := strings.CutPrefix(at, "/~"); ok {
		to.name, _, _ = strings.Cut(rest, "/")
		x.inside, to.given = "/~"+to.name, true
		at = cmp.Or(rest[len(to.name):], "/")
	} else if header := r.Header[SandboxHeader]; len(header) > 0 {
		to.name, to.given = header[0], true
	}
	at = wireMock(at)
	if rest, ok := strings.CutPrefix(at, controlPrefix+"/sandboxes/"); ok {
		if name, rest, more := strings.Cut(rest, "/"); more { // /_standin/… in that sandbox
			return controlPrefix + "/" + rest, entrance{name, true, true}
		}
	}
	return at, to
}

// enter enters the sandbox: the one that is named, the one that the caller's token was
// issued in, else the default one. A request to a service makes it, and so does a call that
// prepares it.
func (x *exchange) enter(at string, to entrance) {
	e := x.emulator
	ours, id := below(at, controlPrefix), x.operationID()
	var s *Sandbox
	var err error
	switch {
	case to.given && (to.exists || ours && !slices.Contains(x.service.Makes, id)):
		if s, err = e.use(to.name); err != nil && slices.Contains(x.service.Alone, id) {
			s, err = e.use(defaultSandbox)
		}
	case to.given:
		s, x.made, err = e.enter(to.name)
	default:
		name := defaultSandbox
		if e.others.some.Load() {
			name = cmp.Or(x.ofToken(), name)
		}
		s, x.made, err = e.enter(name)
	}
	if err != nil {
		x.refuse(problem(err))
		return
	}
	x.sandbox, x.entered = s, true
}

// undo removes a sandbox that a request has made which was refused.
func (x *exchange) undo() {
	failed := x.refused != nil || x.service.Name == controlService && x.reply.Status >= http.StatusBadRequest
	if x.made && failed {
		x.emulator.others.undo(x.sandbox)
	}
}

// ofToken is the name of the sandbox that the caller's token was issued in; empty if it
// was none but the default one.
func (x *exchange) ofToken() string {
	h := x.request.Header
	_, bearer, _ := strings.Cut(first(h["Authorization"]), " ")
	for _, token := range []string{first(h["X-Auth-Token"]), bearer} {
		if s := x.emulator.others.ofToken(token); s != nil {
			return s.name
		}
	}
	return ""
}

// wireMock takes the paths of two calls that people know from WireMock for ours.
func wireMock(at string) string {
	if at == "/__admin/reset" || at == "/__admin/requests" {
		return controlPrefix + strings.TrimPrefix(at, "/__admin")
	}
	return at
}

// refuse has the control service answer an error in place of the service: the request
// cannot enter its sandbox, or asks for a fault that there is not.
func (x *exchange) refuse(err error) {
	x.refused = service.AsError(err)
	x.service, x.matched, x.call.Operation = x.emulator.routes.byName[controlService], nil, nil
}

// guard does what comes before a sandbox is entered and the body is read. A client that may
// not call the control API learns nothing and costs nothing.
func (x *exchange) guard(at string) {
	e := x.emulator
	if x.conn.Extra() && at != controlPrefix+"/health" {
		err := service.Errorf(http.StatusServiceUnavailable, "", "All %d connections serve a request; raise the bound with --connections.", e.transport.MostConnections())
		x.refuse(err.With("Connection", "close"))
		return
	}
	if below(at, controlPrefix) && at != controlPrefix+"/health" {
		switch {
		case e.config.controlOff:
			x.refuse(service.Errorf(service.NotFound, "", "The control API is off."))
			return
		case e.apart.Load() && x.conn.Tag() != controlService:
			x.refuse(service.Errorf(service.NotFound, "", "The control API has an address of its own."))
			return
		}
	}
	if g := x.service.Guard; g != nil {
		if err := g(&x.call); err != nil {
			x.refused = service.AsError(err)
		}
	}
}

// open opens the journal's entry, and numbers the exchange.
func (x *exchange) open() {
	if !x.journaled {
		return
	}
	x.emulator.sent.Add(1)
	r, c := x.request, &x.call
	o := recorder.Opening{
		Service: x.service.Name, Method: r.Method, Path: r.URL.Path, Route: c.Path, Query: r.URL.RawQuery, Host: r.Host, Proto: r.Proto,
		Now: c.Now, Frozen: c.Frozen, Began: x.began, TooLarge: c.BodyTooLarge,
	}
	if x.matched != nil {
		o.Operation, o.Secret = x.matched.ID, x.matched.Secret
	} else if p, _ := x.service.find(c.Path); p != nil { // a method that a secret's path does not have
		for _, op := range p.operations {
			o.Secret = max(o.Secret, op.Secret)
		}
	}
	o.Conn, o.Reused = x.conn.ID(), x.reused
	x.ticket = x.sandbox.journal.Open(&o, r.Header, c.Body)
	c.Sequence = x.ticket.Sequence
}

// close closes the journal's entry. The headers are those that are sent; nil if
// none are.
func (x *exchange) close(ended journal.Ended, h http.Header) {
	if x.ended = ended; !x.journaled {
		return
	}
	c := &x.closing
	x.idle()
	if x.call.Caller != nil {
		c.Caller = x.call.Caller.Name
	}
	if h != nil {
		c.Status = x.reply.Status
	}
	if x.matched == nil && x.refused == nil {
		c.Near = append(c.Near, x.near()...)
	}
	c.Failed = c.Failed || ended != journal.Answered || c.Status >= http.StatusInternalServerError ||
		c.Status == http.StatusTooManyRequests || c.Status == http.StatusUnauthorized
	var body []byte
	if h != nil {
		body = x.body()
	}
	x.sandbox.journal.Close(x.ticket, ended, c, h, body)
}

func (x *exchange) amend(ended journal.Ended, note string) {
	if x.ended = ended; x.journaled {
		x.sandbox.journal.Amend(x.ticket, ended, note)
	}
}

// near is what a request outside every operation may have meant.
func (x *exchange) near() []string {
	c := &x.call
	if len(c.Methods) > 0 {
		return []string{c.Path + " takes " + c.Allow(c.Methods...)}
	}
	return control.Near(host{x.emulator}.Contracts(), c.Path)
}

// decide asks the rules, and the request's own one. It tells whether one fires.
func (x *exchange) decide() bool {
	if !x.journaled || x.service.Name == controlService {
		return false
	}
	var own *ruleset.Armed
	if text := x.request.Header[fault.Header]; len(text) > 0 && !x.emulator.config.noRequestFaults {
		rule, err := x.emulator.catalogue.Inline(text[0])
		if err != nil {
			x.identify()
			x.refuse(service.Errorf(service.Invalid, "", "%s", err.Error()))
			return false
		}
		own = x.sandbox.faults.Own(rule)
		x.own = own
	}
	if own == nil && x.sandbox.faults.None() {
		return false
	}
	x.identify()
	x.decision = x.sandbox.faults.Decide(&x.call, x.sandbox.name, own)
	d := &x.decision
	x.closing.Near = d.Misses
	left := 0
	for _, v := range d.Verdicts {
		if !v.Fired && len(x.closing.Faults) >= mostVerdicts {
			left++
			continue
		}
		x.closing.Faults = append(x.closing.Faults, journal.Fault{Rule: v.Rule, Match: v.Match, Fired: v.Fired, Draw: v.Draw, Why: v.Why})
	}
	if left > 0 {
		x.closing.Near = append(x.closing.Near, fmt.Sprintf("%d more rules fitted, and did not fire", left))
	}
	return len(d.Fired) > 0 || len(d.Headers) > 0
}

// mostVerdicts bounds the rules that an entry lists though they did not fire.
const mostVerdicts = 20

// idle takes back rules that fired and then had nothing to do: another one had
// answered, or there was nothing that they could change.
func (x *exchange) idle() {
	for _, f := range x.decision.Fired {
		if j := x.noted(f); j.Fired && len(j.Did) == 0 {
			j.Fired, j.Why = false, "it had nothing to do"
			x.sandbox.faults.Undo(f)
		}
	}
}

// identify says who is calling, before anything is decided.
func (x *exchange) identify() {
	c := &x.call
	c.View = x.sandbox.world.Load()
	defer func() { _ = recover() }() // a bug of ours is told when the call is handled
	c.Caller, c.CallerError = x.service.Identify(c)
}
