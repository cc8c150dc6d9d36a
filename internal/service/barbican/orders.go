package barbican

import (
	"standin/internal/service"
)

// orderOperations find no orders.
var orderOperations = []service.Operation{
	{ID: "barbican.orders.list", Do: listOrders, Policy: policy("Order(s) retrieval", has(allButAudit...), members), Reads: query(repeatedLimitFails, "limit", "offset")},
	{ID: "barbican.orders.show", Do: orderMissing, Policy: service.Everybody},
	{ID: "barbican.orders.delete", Do: orderMissing, Policy: service.Everybody},
}

// There are no orders: POST is not reproduced. The list answers, because clients and
// load balancers ask for it to see whether they reach the service.

// listOrders answers GET /v1/orders.
func listOrders(c *service.Call) (service.Reply, error) {
	p := readPaging(c)
	w := p.open(c, "orders", "orders", 0, 0)
	return p.close(&w, c, "orders", 0), nil
}

// orderMissing answers every operation on an order.
func orderMissing(*service.Call) (service.Reply, error) { return service.Reply{}, noOrder() }

func noOrder() error { return service.Errorf(service.NotFound, "", "Order not found.") }
