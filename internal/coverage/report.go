package coverage

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"standin/internal/contract"
)

// A Report says which documented answers were met. Its lists are sorted by operation and answer.
type Report struct {
	Report     string     `json:"report"`     // always "coverage"
	Version    int        `json:"version"`    // of this form: 1
	Sandbox    string     `json:"sandbox"`    // the sandbox that is reported; empty means all
	Summary    Summary    `json:"summary"`    // how many cells were met
	Cells      []Cell     `json:"cells"`      // of the operations that were used, and other answers of these
	Operations []Used     `json:"operations"` // the operations that were used
	Unused     []Unused   `json:"unused"`     // the operations that were not used
	Wire       []WireCell `json:"wire"`       // what happened to connections
	Quirks     []string   `json:"quirks"`     // the quirks that were on, of the operations that were used
	Unmatched  uint64     `json:"unmatched"`  // requests that match no operation
}

// A Summary counts the cells of the operations that were used. A cell can be provoked and
// injected, so that the three numbers have no sum.
type Summary struct {
	UsedOperations int `json:"used_operations"` // operations that were used
	Cells          int `json:"cells"`           // documented answers of these operations
	Provoked       int `json:"provoked"`        // cells that the client has provoked
	Injected       int `json:"injected"`        // cells that a fault has injected
	Never          int `json:"never"`           // cells that were neither
}

// A Cell is an answer of an operation, and how often it was met.
type Cell struct {
	Operation  string `json:"operation"`  // the operation
	Answer     string `json:"answer"`     // STATUS or STATUS/EXAMPLE; STATUS/other is a body that the contract does not have
	Documented bool   `json:"documented"` // the contract has this answer
	Provoked   uint64 `json:"provoked"`   // how often the service answered it
	Injected   uint64 `json:"injected"`   // how often a fault answered it
}

// Never reports whether the cell was not met.
func (c *Cell) Never() bool { return c.Provoked == 0 && c.Injected == 0 }

// A Used is an operation that was used.
type Used struct {
	Operation string `json:"operation"` // the operation
	Requests  uint64 `json:"requests"`  // how many requests clients sent to it
}

// An Unused is an operation that was not used, with the answers that its contract documents.
type Unused struct {
	Operation string   `json:"operation"` // the operation
	Answers   []string `json:"answers"`   // its documented answers
}

// A WireCell counts what happened to the connections of an operation.
type WireCell struct {
	Operation string `json:"operation"` // the operation
	Failure   string `json:"failure"`   // what happened
	Count     uint64 `json:"count"`     // how often
}

// otherBody is the name of an example for a body that is none of the contract's.
const otherBody = "other"

// form and version are the values of Report.Report and Report.Version.
const (
	form    = "coverage"
	version = 1
)

// Report returns what was met so far. The contracts say which operations could have been used;
// operations of other contracts are reported if they were used.
func (c *Counts) Report(contracts ...*contract.Contract) *Report {
	b := newBuilder()
	for _, ct := range contracts {
		for _, op := range ct.Operations {
			b.unused[op.ID] = Answers(op)
		}
	}
	c.each(b.count)
	r := b.report()
	r.Quirks = c.quirksOf(contracts, b.used)
	return r
}

// quirksOf returns the quirks that were on and that may change an answer of an operation that was
// used. It also returns those of contracts that are not given.
func (c *Counts) quirksOf(contracts []*contract.Contract, used map[string]uint64) []string {
	idle := map[string]bool{}
	for _, ct := range contracts {
		for _, q := range ct.Quirks {
			idle[q.Name] = true
			for id := range used {
				if q.Changes(id) {
					delete(idle, q.Name)
				}
			}
		}
	}
	names := []string{}
	for q := c.quirks.Load(); q != nil; q = q.next {
		if !idle[q.name] {
			names = append(names, q.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A place is where a cell is in a report.
type place struct {
	operation, answer string
	documented        bool
}

// A builder collects what a report says.
type builder struct {
	cells     map[place]*Cell
	wire      map[WireCell]uint64 // by operation and failure
	used      map[string]uint64
	unused    map[string][]string
	unmatched uint64
}

func newBuilder() *builder {
	return &builder{cells: map[place]*Cell{}, wire: map[WireCell]uint64{}, used: map[string]uint64{}, unused: map[string][]string{}}
}

// count adds a count.
func (b *builder) count(k key, n uint64) {
	if k.kind == unmatched {
		b.unmatched += n
		return
	}
	op := k.operation.contract
	if k.kind == onWire {
		w := Wire(k.status)
		b.wire[WireCell{Operation: op.ID, Failure: w.String()}] += n
		if w >= SlowClose { // its answer is counted as well
			n = 0
		}
		b.use(op, n)
		return
	}
	b.use(op, n)
	answer := strconv.Itoa(int(k.status))
	documented := k.cell != other
	switch i := slices.IndexFunc(k.operation.known(), func(s status) bool { return s.code == int(k.status) }); {
	case !documented && i >= 0:
		answer += "/" + otherBody
	case documented && k.cell > 0:
		answer += "/" + k.operation.known()[i].cells().names[k.cell-1]
	}
	cell := b.cell(place{op.ID, answer, documented})
	if k.kind == provoked {
		cell.Provoked += n
	} else {
		cell.Injected += n
	}
}

// use adds requests to an operation. An operation that is used has all its cells.
func (b *builder) use(op *contract.Operation, n uint64) {
	if _, known := b.used[op.ID]; !known {
		for _, answer := range Answers(op) {
			b.cell(place{op.ID, answer, true})
		}
	}
	b.used[op.ID] += n
}

func (b *builder) cell(p place) *Cell {
	c := b.cells[p]
	if c == nil {
		c = &Cell{Operation: p.operation, Answer: p.answer, Documented: p.documented}
		b.cells[p] = c
	}
	return c
}

// report returns what was collected.
func (b *builder) report() *Report {
	r := &Report{Report: form, Version: version, Cells: []Cell{}, Operations: []Used{}, Unused: []Unused{}, Wire: []WireCell{}, Quirks: []string{}, Unmatched: b.unmatched}
	for _, c := range b.cells {
		r.Cells = append(r.Cells, *c)
	}
	for id, n := range b.used {
		r.Operations = append(r.Operations, Used{id, n})
	}
	for id, answers := range b.unused {
		if _, used := b.used[id]; !used {
			r.Unused = append(r.Unused, Unused{id, answers})
		}
	}
	for _, w := range slices.Collect(maps.Keys(b.wire)) {
		n := b.wire[w]
		w.Count = n
		r.Wire = append(r.Wire, w)
	}
	r.sort()
	r.Summary = r.summary()
	return r
}

func (r *Report) sort() {
	slices.SortFunc(r.Cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Status(), b.Status()), cmp.Compare(b.known(), a.known()), cmp.Compare(a.Answer, b.Answer))
	})
	slices.SortFunc(r.Operations, func(a, b Used) int { return cmp.Compare(a.Operation, b.Operation) })
	slices.SortFunc(r.Unused, func(a, b Unused) int { return cmp.Compare(a.Operation, b.Operation) })
	slices.SortFunc(r.Wire, func(a, b WireCell) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Failure, b.Failure))
	})
}

// Status returns the status of the cell's answer.
func (c *Cell) Status() int {
	code, _, _ := strings.Cut(c.Answer, "/")
	n, _ := strconv.Atoi(code) // an answer begins with a status
	return n
}

// known returns 1 for a documented answer, and 0 for another.
func (c *Cell) known() int {
	if c.Documented {
		return 1
	}
	return 0
}

// summary counts the cells.
func (r *Report) summary() Summary {
	s := Summary{UsedOperations: len(r.Operations)}
	for i := range r.Cells {
		c := &r.Cells[i]
		if !c.Documented {
			continue
		}
		s.Cells++
		if c.Provoked > 0 {
			s.Provoked++
		}
		if c.Injected > 0 {
			s.Injected++
		}
		if c.Never() {
			s.Never++
		}
	}
	return s
}

// Met returns the share of the cells that were met, from 0 to 1. If no operation was used, it is 0.
func (s *Summary) Met() float64 {
	if s.Cells == 0 {
		return 0
	}
	return float64(s.Cells-s.Never) / float64(s.Cells)
}
