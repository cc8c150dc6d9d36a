package exchange

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"standin/internal/route"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// guard does what comes before a sandbox is entered and the body is read. A client that may
// not call the control API learns nothing and costs nothing.
func (x *exchange) guard() *refusal {
	p, at := x.path, x.in.at
	if x.in.conn.Extra() && at != p.Own.Health {
		err := service.Errorf(http.StatusServiceUnavailable, "", "All %d connections serve a request; raise the bound with --connections.", p.Connections)
		return x.refuse(err.With("Connection", "close"))
	}
	if route.Below(at, p.Routes.Own) && at != p.Own.Health {
		switch {
		case p.Own.Off:
			return x.refuse(service.Errorf(service.NotFound, "", "The control API is off."))
		case p.apart.Load() && x.in.conn.Tag() != p.Routes.Fallback.Name:
			return x.refuse(service.Errorf(service.NotFound, "", "The control API has an address of its own."))
		}
	}
	if g := x.target.service.Guard; g != nil {
		if err := g(&x.call); err != nil {
			return &refusal{service.AsError(err), x.target}
		}
	}
	return nil
}

// enter enters the sandbox: the one that is named, the one that the caller's token was
// issued in, else the default one. A request to a service makes it, and so does a call that
// prepares it.
func (x *exchange) enter() *refusal {
	all, to := x.path.Sandboxes, x.in.to
	own, use := route.Below(x.in.at, x.path.Routes.Own), service.UsesSandbox
	if op := x.target.operation; op != nil {
		use = op.Row.Sandbox
	}
	var s *sandbox.Sandbox
	var err error
	switch {
	case to.given && (to.exists || own && use != service.CreatesSandbox):
		if s, err = all.Use(to.name); err != nil && use == service.IgnoresSandbox {
			s, err = all.Use(sandbox.Default)
		}
	case to.given:
		s, x.made, err = all.Enter(to.name)
	default:
		s, x.made, err = all.Enter(cmp.Or(x.ofToken(), sandbox.Default))
	}
	if err != nil {
		return x.refuse(sandbox.Problem(err))
	}
	x.sandbox, x.entered = s, true
	return nil
}

// ofToken is the name of the sandbox that the caller's token was issued in; empty if it
// was none but the default one.
func (x *exchange) ofToken() string {
	if !x.path.Sandboxes.Some() {
		return ""
	}
	h := x.in.request.Header
	_, bearer, _ := strings.Cut(first(h["Authorization"]), " ")
	return cmp.Or(x.path.Sandboxes.OfToken(first(h["X-Auth-Token"])), x.path.Sandboxes.OfToken(bearer))
}

// begin gives the call what it has of its sandbox: the time, the quirks, the seed. Requests to
// the emulator's own API are not journaled.
func (x *exchange) begin() {
	c, s := &x.call, x.sandbox
	x.entry.began = time.Now()
	c.Now, c.Frozen = s.At(x.entry.began)
	c.Quirks, c.Seed, c.Sandbox, c.Mark = s.Start().Quirks, s.World().Seed(), s.Name(), s.Mark()
	if x.refused == nil && !route.Below(x.in.at, x.path.Routes.Own) {
		x.entry.journal = s.Journal()
	}
}

// refuse has the fallback service answer in place of the service: the request cannot come in,
// or asks for a fault that there is not.
func (x *exchange) refuse(err error) *refusal {
	return &refusal{service.AsError(err), target{service: x.path.Routes.Fallback}}
}
