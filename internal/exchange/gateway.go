package exchange

import (
	"cmp"
	"context"
	"net"

	"standin/internal/route"
	"standin/internal/transport"
)

// A gateway implements service.Gateway for one call.
type gateway struct {
	in     *arrival
	target *target
	routes *route.Table
}

// Present returns a context that is cancelled when the client leaves.
func (g *gateway) Present() (context.Context, context.CancelFunc) {
	return transport.Present(g.in.request)
}

// Base returns Root and the path prefix of the service. A service with a configured address
// returns that instead of both.
func (g *gateway) Base() string {
	if address := g.target.service.Address; address != "" {
		return address + g.in.inside
	}
	return g.Root() + g.target.prefix
}

// Root returns the URL by which the caller reached the emulator. It is read from the Host header,
// or from the X-Forwarded headers of a proxy.
func (g *gateway) Root() string {
	o := g.in.origin()
	return o.scheme() + o.authority(o.port) + o.prefix + g.in.inside
}

// Endpoint returns the URL of the named service, as the caller of this request can reach it. On a
// listener that serves a single service, other services have the same host. They have their own
// port, or their prefix on the combined listener. The URL has the scheme of the request, if that
// service has a listener for it. Endpoint returns an empty string if no listener serves the
// service.
func (g *gateway) Endpoint(name string) string {
	prefix := g.routes.Named(name).Contract.Prefix
	switch g.in.conn.Tag() {
	case "":
		return g.Root() + prefix
	case name:
		return g.Root()
	}
	a, ok := g.in.conn.Elsewhere(name)
	if !ok {
		return ""
	}
	_, port, err := net.SplitHostPort(a.At)
	if err != nil {
		return ""
	}
	o := g.in.origin()
	url := cmp.Or(o.proto, a.Scheme()) + o.authority(port) + o.prefix + g.in.inside
	if a.Tag != name {
		url += prefix
	}
	return url
}
