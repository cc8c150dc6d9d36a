package explain_test

import (
	"fmt"
	"testing"

	"standin/internal/contract"
	"standin/internal/explain"
	"standin/internal/servicetest"
)

// Ensure a tally searches the first requests of an operation, then some of them, and lists a
// bounded number of parts.
func TestTally(t *testing.T) {
	t.Parallel()
	c := servicetest.Contract(t, "freezer")
	list, create := c.Operation("freezer.clients.list"), c.Operation("freezer.clients.create")
	tally := new(explain.Tally)
	for range 1300 {
		tally.Count(list, explain.Message{Query: "limt=1"})
	}
	if r := tally.Report(); r.Requests != 1300 || r.Searched != 1003 || len(r.Unread) != 1 || r.Unread[0].Requests != 1003 {
		t.Errorf("%+v", r)
	}
	for i := range 1000 {
		tally.Count(create, explain.Message{Query: fmt.Sprintf("p%d=1", i)})
	}
	if r := tally.Report(); len(r.Unread) != 1000 || r.More != 1 {
		t.Errorf("%d parts, %d more", len(r.Unread), r.More)
	}
	tally.Count(new(contract.Operation), explain.Message{Query: "a=1"}) // of no service
}

// message is a request with nothing to find.
var message = explain.Message{
	Query: "limit=10&offset=20",
	Header: map[string][]string{
		"Accept": {"*/*"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"x"}, "X-Auth-Token": {"demo-token"}, "Content-Type": {"application/json"}, "Content-Length": {"9"},
	},
	Body: []byte(`{"client_id": "a_node1.example.com", "hostname": "node1.example.com", "description": "a text with some words in it", "uuid": "aaaabbbbccccddddeeeeffff00001111"}`),
}

// BenchmarkCount counts requests that are all searched.
func BenchmarkCount(b *testing.B) {
	c := servicetest.Contract(b, "freezer")
	for _, id := range []string{"freezer.clients.list", "freezer.clients.create"} {
		op, m := c.Operation(id), message
		if id == "freezer.clients.list" {
			m.Body = nil
		} else {
			m.Query = ""
		}
		b.Run(id, func(b *testing.B) {
			b.ReportAllocs()
			tally := new(explain.Tally)
			for i := range b.N {
				if i%1000 == 0 {
					b.StopTimer()
					tally = new(explain.Tally)
					b.StartTimer()
				}
				tally.Count(op, m)
			}
		})
	}
}
