package exchange

import (
	"cmp"
	"context"
	"net"

	"standin/internal/route"
	"standin/internal/transport"
)

// A gateway is the service.Gateway of a call.
type gateway struct {
	in     *arrival
	target *target
	routes *route.Table
}

// Present is a context that ends when the client leaves.
func (g *gateway) Present() (context.Context, context.CancelFunc) {
	return transport.Present(g.in.request)
}

// Base is Root and the prefix of the service, unless the service has an address of its own.
func (g *gateway) Base() string {
	if address := g.target.service.Address; address != "" {
		return address + g.in.inside
	}
	return g.Root() + g.target.prefix
}

// Root is the address under which the caller reached the emulator: the Host, unless a
// proxy says what it was before.
func (g *gateway) Root() string {
	o := g.in.origin()
	return o.scheme() + o.authority(o.port) + o.prefix + g.in.inside
}

// Endpoint is where the caller reaches a service. Behind the listener of one service,
// others are on the same host, on their own port or under their prefix on the combined one:
// by TLS if the request came by it, else without, as far as there is such a listener.
// It is empty where there is none.
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
