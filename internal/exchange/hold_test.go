package exchange

import (
	"net/http"
	"testing"

	"standin/internal/contract"
	"standin/internal/route"
	"standin/internal/service"
)

// Ensure the first answers of a status are checked, and then few, but all with a status that the
// contract does not have.
func TestSampledChecks(t *testing.T) {
	t.Parallel()
	op := contract.Answering("", &contract.Response{Status: 200})
	c := &contract.Contract{Elsewhere: contract.Answering("", &contract.Response{Status: 404})}
	to := &target{service: &route.Bound{Contract: c}, operation: &route.Operation{Operation: op}}
	var h holder
	broken := func(reply service.Reply, times int) (n int) {
		for range times {
			if h.hold(&service.Call{Method: http.MethodGet}, to, &reply) != nil {
				n++
			}
		}
		return n
	}
	if n := broken(service.Reply{Status: 200, Body: []byte("not expected")}, 2*checkedThen); n != checkedFirst+2 {
		t.Errorf("%d answers with a body were found", n)
	}
	if n := broken(service.Reply{Status: 418}, 2*checkedThen); n != 2*checkedThen {
		t.Errorf("%d answers with an unknown status were found", n)
	}
}
