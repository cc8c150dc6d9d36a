package exchange

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"standin/emulator/journal"
	"standin/internal/route"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// guard does the checks that come before a sandbox is entered and the body is read. A client
// without access to the control API thereby costs no memory and gets no information.
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

// enter enters the sandbox that the request names. Without a name, it enters the sandbox that
// issued the caller's token, or else the default one. A named sandbox that does not exist is
// created by a request to a service, and by a control operation that creates sandboxes.
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
		x.entry.closing.SandboxBy = journal.ByHeader
		if x.in.inside != "" {
			x.entry.closing.SandboxBy = journal.ByPath
		}
		s, x.made, err = all.Enter(to.name)
	default:
		var name string
		if name, err = x.ofToken(); err == nil || use == service.IgnoresSandbox {
			s, x.made, err = all.Enter(cmp.Or(name, sandbox.Default))
		}
		if name != "" {
			x.entry.closing.SandboxBy = journal.ByToken
		}
	}
	if err != nil {
		return x.refuse(sandbox.Problem(err))
	}
	x.sandbox, x.entered = s, true
	return nil
}

// ofToken returns the name of the sandbox that issued the caller's token. It returns an empty
// string if the default sandbox did, or if the token is unknown.
func (x *exchange) ofToken() (name string, err error) {
	if !x.path.Sandboxes.ReadsTokens() {
		return "", nil
	}
	h := x.in.request.Header
	if name, err = x.path.Sandboxes.OfToken(first(h["X-Auth-Token"])); name != "" || err != nil {
		return name, err
	}
	_, bearer, _ := strings.Cut(first(h["Authorization"]), " ")
	return x.path.Sandboxes.OfToken(bearer)
}

// begin sets the time, the quirks and the seed of the call from its sandbox. Requests to the
// emulator's own API are not journaled.
func (x *exchange) begin() {
	c, s := &x.call, x.sandbox
	x.entry.began, c.Slot = time.Now(), x.in.slot
	if x.in.to.given {
		c.Chosen = x.in.to.name
	}
	c.Now, c.Frozen = s.At(x.entry.began)
	c.Quirks, c.Seed, c.Sandbox, c.Mark = s.Start().Quirks, s.World().Seed(), s.Name(), s.Mark()
	if x.refused == nil && !route.Below(x.in.at, x.path.Routes.Own) {
		x.entry.journal = s.Journal()
	}
}

// refuse returns a refusal that the fallback service writes instead of the service.
func (x *exchange) refuse(err error) *refusal {
	return &refusal{service.AsError(err), target{service: x.path.Routes.Fallback}}
}
