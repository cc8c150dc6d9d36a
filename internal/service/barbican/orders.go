package barbican

import (
	"standin/internal/service"
)

// orderOperations are the operations on orders. They find no orders.
var orderOperations = []service.Operation{
	{ID: "barbican.orders.list", Do: listOrders, Policy: policy("Order(s) retrieval", has(allButAudit...), members), Reads: query(repeatedLimitFails, "limit", "offset")},
	{ID: "barbican.orders.show", Do: orderMissing, Policy: service.Everybody},
	{ID: "barbican.orders.delete", Do: orderMissing, Policy: service.Everybody},
}

// Standin does not emulate POST of orders, so there are none. The list exists because clients and
// load balancers request it to check the service.

// listOrders handles GET /v1/orders (barbican/orders.yaml: "list").
func listOrders(c *service.Call) (service.Reply, error) {
	p := readPaging(c)
	w := p.open(c, "orders", "orders", 0, 0)
	return p.close(&w, c, "orders", 0), nil
}

// orderMissing handles every operation on an order (barbican/orders.yaml: "an order").
func orderMissing(*service.Call) (service.Reply, error) { return service.Reply{}, noOrder() }

func noOrder() error { return service.Errorf(service.NotFound, "", "Order not found.") }
