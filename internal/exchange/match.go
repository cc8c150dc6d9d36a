package exchange

import (
	"net/http"

	"standin/internal/service"
)

// match finds the service and the operation of a path, and makes the call of the request.
func (x *exchange) match(at string) {
	r, c := x.request, &x.call
	b, prefix := x.path.Routes.Locate(x.conn.Tag(), at)
	x.service, x.prefix = b, prefix
	at = at[len(prefix):]
	if b.Normalise != nil {
		at = b.Normalise(at)
	}
	*c = service.Call{
		Method: r.Method, Path: at, Sent: r.URL.Path, RawQuery: r.URL.RawQuery, Header: r.Header,
		Settings: &x.path.Settings, Gateway: x, Host: r.Host, Scratch: c.Scratch, Context: r.Context(),
	}
	p, vars := b.Find(at)
	if p == nil {
		return
	}
	method := r.Method
	if method == http.MethodHead && b.HeadAsGet {
		method = http.MethodGet
	}
	c.Methods, c.Vars = p.Methods, vars
	if op := p.Operations[method]; op != nil {
		x.matched, c.Operation = op, op.Operation
	}
}
