package exchange

import (
	"net/http"
	"strings"

	"standin/internal/contract"
	"standin/internal/route"
	"standin/internal/service"
)

// A target is the service and the operation that a request addresses.
type target struct {
	service   *route.Bound
	prefix    string           // the prefix by which the service was reached
	operation *route.Operation // nil if the request matches no operation
}

// id returns the operationId, or the name of the service if there is no operation.
func (t *target) id() string {
	if t.operation != nil {
		return t.operation.ID
	}
	return t.service.Name
}

// contract returns the contract that a response is checked against.
func (t *target) contract() *contract.Operation {
	if t.operation != nil {
		return t.operation.Operation
	}
	return t.service.Contract.Elsewhere
}

// reason returns the reason phrase of a status from the contract, or the standard one.
func (t *target) reason(status int) string {
	if r := t.contract().Response(status); r != nil {
		return r.Reason
	}
	return contract.Reason(status)
}

// match finds the service and the operation of a request. It sets the fields of the call that
// describe the request.
func match(routes *route.Table, in *arrival, c *service.Call) (t target) {
	r := in.request
	t.service, t.prefix = routes.Locate(in.conn.Tag(), in.at)
	b, at := t.service, in.at[len(t.prefix):]
	if b.Normalise != nil {
		at = b.Normalise(at)
	}
	c.Method, c.Path, c.Sent, c.RawQuery = r.Method, at, r.URL.Path, r.URL.RawQuery
	c.Header, c.Host, c.Context = r.Header, r.Host, r.Context()
	if b.Semicolons {
		c.RawQuery = strings.ReplaceAll(c.RawQuery, ";", "&")
	}
	p, vars := b.Find(at)
	if p == nil {
		return t
	}
	method := r.Method
	if method == http.MethodHead && b.HeadAsGet {
		method = http.MethodGet
	}
	c.Methods, c.Vars = p.Methods, vars
	if op := b.Operation(p, method); op != nil {
		t.operation, c.Operation, c.Row = op, op.Operation, &op.Row
	}
	return t
}
