package emulator

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"standin/emulator/control"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/emulator/service"
)

// SandboxHeader is the request header that names the sandbox.
const SandboxHeader = "X-Standin-Sandbox"

// enter finds the sandbox: by the path, by the header, by the token, else it is
// the default one. It returns the path without what named the sandbox.
func (x *exchange) enter() string {
	r := x.request
	x.conn = connOf(r)
	if x.conn != nil {
		x.reused = x.conn.requests.Add(1) > 1
	}
	at, name, named := collapse(r.URL.Path), "", false
	if rest, ok := strings.CutPrefix(at, "/~"); ok {
		name, _, _ = strings.Cut(rest, "/")
		x.inside, named = "/~"+name, true
		at = cmp.Or(rest[len(name):], "/")
	} else if header := r.Header[SandboxHeader]; len(header) > 0 {
		name, named = header[0], true
	}
	at = wireMock(at)
	if named {
		x.become(x.named(name, at))
	} else if x.emulator.others.some.Load() {
		x.byToken(r.Header)
	}
	return x.ofSandbox(at)
}

// named finds the sandbox of that name. A request to a service makes it, and so does
// one that prepares it; one that asks about it does not.
func (x *exchange) named(name, at string) (*Sandbox, error) {
	asks := below(at, controlPrefix) &&
		(x.request.Method != http.MethodPost && x.request.Method != http.MethodPut || at == controlPrefix+"/verify")
	if asks {
		return x.emulator.existing(name)
	}
	return x.emulator.enter(name)
}

// byToken enters the sandbox that the caller's token was issued in.
func (x *exchange) byToken(h http.Header) {
	_, bearer, _ := strings.Cut(first(h["Authorization"]), " ")
	for _, token := range []string{first(h["X-Auth-Token"]), bearer} {
		if s := x.emulator.others.ofToken(token); s != nil {
			x.become(x.emulator.enter(s.name))
			return
		}
	}
}

// ofSandbox takes /_standin/sandboxes/NAME/… for /_standin/… in that sandbox.
func (x *exchange) ofSandbox(at string) string {
	rest, ok := strings.CutPrefix(at, controlPrefix+"/sandboxes/")
	if !ok {
		return at
	}
	name, rest, more := strings.Cut(rest, "/")
	if !more {
		return at
	}
	x.become(x.emulator.existing(name))
	return controlPrefix + "/" + rest
}

// wireMock takes the paths of two calls that people know from WireMock for ours.
func wireMock(at string) string {
	if at == "/__admin/reset" || at == "/__admin/requests" {
		return controlPrefix + strings.TrimPrefix(at, "/__admin")
	}
	return at
}

// become enters a sandbox, or notes why it cannot be entered.
func (x *exchange) become(s *Sandbox, err error) {
	if err != nil {
		x.refused = service.AsError(problem(err))
		return
	}
	x.sandbox = s
}

// locate is the service at a path. That the request cannot enter its sandbox, or
// that the control API is not here, the control service tells.
func (x *exchange) locate(at string) (*bound, string) {
	e := x.emulator
	if below(at, controlPrefix) && at != controlPrefix+"/health" && x.refused == nil {
		switch {
		case e.config.controlOff:
			x.refused = service.Errorf(service.NotFound, "", "The control API is off.")
		case e.apart.Load() && x.listener() != controlService:
			x.refused = service.Errorf(service.NotFound, "", "The control API has an address of its own.")
		}
	}
	if x.refused != nil {
		return e.routes.byName[controlService], ""
	}
	return e.routes.locate(x.listener(), at)
}

// open opens the journal's entry, and numbers the exchange.
func (x *exchange) open() {
	if !x.journaled {
		return
	}
	x.emulator.sent.Add(1)
	r, c := x.request, &x.call
	o := journal.Opening{
		Service: x.service.Name, Method: r.Method, Path: r.URL.Path, Route: c.Path, Query: r.URL.RawQuery, Host: r.Host, Proto: r.Proto,
		Now: c.Now, Frozen: c.Frozen, Began: x.began, TooLarge: c.BodyTooLarge,
	}
	if x.matched != nil {
		o.Operation, o.Secret = x.matched.ID, x.matched.Secret
	} else if p, _ := x.service.find(c.Path); p != nil { // a method that a secret's path does not have
		for _, op := range p.operations {
			o.Secret = o.Secret || op.Secret
		}
	}
	if x.conn != nil {
		o.Conn, o.Reused = x.conn.id, x.reused
	}
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
	var own *fault.Armed
	if text := x.request.Header[fault.Header]; len(text) > 0 && !x.emulator.config.noRequestFaults {
		rule, err := x.emulator.catalogue.Inline(text[0])
		if err != nil {
			x.refused = service.Errorf(service.Invalid, "", "%s", err.Error())
			x.service, x.matched = x.emulator.routes.byName[controlService], nil
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
