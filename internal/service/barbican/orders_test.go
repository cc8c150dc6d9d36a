package barbican_test

import (
	"testing"

	"standin/internal/servicetest"
)

// Ensure the list of orders is empty and has a policy. Ensure there is no order.
func TestOrders(t *testing.T) {
	t.Parallel()
	steps := []step{
		{Method: "GET", Path: "/v1/orders/?limit=5&offset=5", Status: 200, Want: has(`{"total":0,"orders":[]}`)},
		{Method: "GET", Path: "/key-manager/v1/orders", Status: 200, Want: has(`{"total":0,"orders":[]}`)},
		{Method: "GET", Path: "/v1/orders", Caller: "reader", Status: 403, Want: has("Order(s) retrieval attempt not allowed")},
		{Method: "GET", Path: "/v1/orders", Caller: "none", Status: 401},
		{Method: "POST", Path: "/v1/orders", Body: `{"type":"key","meta":{}}`, Status: 405},
	}
	for _, method := range []string{"GET", "DELETE", "PUT", "POST"} {
		steps = append(steps, step{Method: method, Path: "/v1/orders/x", Caller: "nobody", Status: 404, Want: has("Order not found.")})
	}
	servicetest.Tell(t, "barbican", "default", steps)
}
