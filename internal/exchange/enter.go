package exchange

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"standin/internal/route"
	"standin/internal/sandbox"
	"standin/internal/service"
)

// guard does what comes before a sandbox is entered and the body is read. A client that may
// not call the control API learns nothing and costs nothing.
func (x *exchange) guard(at string) *refusal {
	p := x.path
	if x.conn.Extra() && at != p.Own.Health {
		err := service.Errorf(http.StatusServiceUnavailable, "", "All %d connections serve a request; raise the bound with --connections.", p.Connections)
		return x.refuse(err.With("Connection", "close"))
	}
	if route.Below(at, p.Routes.Own) && at != p.Own.Health {
		switch {
		case p.Own.Off:
			return x.refuse(service.Errorf(service.NotFound, "", "The control API is off."))
		case p.apart.Load() && x.conn.Tag() != p.Routes.Fallback.Name:
			return x.refuse(service.Errorf(service.NotFound, "", "The control API has an address of its own."))
		}
	}
	if g := x.service.Guard; g != nil {
		if err := g(&x.call); err != nil {
			return &refusal{service.AsError(err), x.service, x.matched}
		}
	}
	return nil
}

// enter enters the sandbox: the one that is named, the one that the caller's token was
// issued in, else the default one. A request to a service makes it, and so does a call that
// prepares it.
func (x *exchange) enter(at string, to entrance) *refusal {
	all := x.path.Sandboxes
	own, id := route.Below(at, x.path.Routes.Own), x.operationID()
	var s *sandbox.Sandbox
	var err error
	switch {
	case to.given && (to.exists || own && !slices.Contains(x.service.Makes, id)):
		if s, err = all.Use(to.name); err != nil && slices.Contains(x.service.Alone, id) {
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
	h := x.request.Header
	_, bearer, _ := strings.Cut(first(h["Authorization"]), " ")
	return cmp.Or(x.path.Sandboxes.OfToken(first(h["X-Auth-Token"])), x.path.Sandboxes.OfToken(bearer))
}

// begin gives the call what it has of its sandbox: the time, the quirks, the seed.
func (x *exchange) begin(at string) {
	c, s := &x.call, x.sandbox
	x.began = time.Now()
	c.Now, c.Frozen = s.At(x.began)
	c.Quirks, c.Seed, c.Sandbox, c.Mark = s.Start().Quirks, s.World().Seed(), s.Name(), s.Mark()
	x.journaled = x.refused == nil && !route.Below(at, x.path.Routes.Own)
}
