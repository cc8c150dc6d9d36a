package coverage

// A Total is how often an operation was answered in one way.
type Total struct {
	Service, Operation string
	Status             int    // 0: the client got no whole answer
	Documented         bool   // the contract has the status
	Fault              string // NoFault, FaultReply, or what happened to the connection, as Wire.String names it
	Count              uint64
}

// These are values of Total.Fault.
const (
	NoFault    = "none"  // the service answered, or the client left
	FaultReply = "reply" // a rule wrote the answer or a part of it
)

// Totals returns what was counted, in any order. It also returns the number of requests that match no
// operation.
func (c *Counts) Totals() (all []Total, astray uint64) {
	sums := map[Total]uint64{}
	c.each(func(k key, n uint64) {
		if k.kind == unmatched {
			astray += n
			return
		}
		t := Total{Service: k.operation.contract.Service, Operation: k.operation.contract.ID, Status: int(k.status), Fault: NoFault}
		switch {
		case k.kind == injected:
			t.Fault = FaultReply
		case k.kind == onWire && Wire(k.status) >= SlowClose:
			return // its answer is counted too
		case k.kind == onWire:
			t.Status = 0
			if Wire(k.status) != Left {
				t.Fault = Wire(k.status).String()
			}
		}
		t.Documented = k.operation.contract.Response(t.Status) != nil
		sums[t] += n
	})
	for t, n := range sums {
		t.Count = n
		all = append(all, t)
	}
	return all, astray
}
