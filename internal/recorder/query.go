package recorder

import (
	"slices"
	"strconv"
	"strings"

	"standin/emulator/journal"
	"standin/internal/contract"
)

// none selects entries without an operation, or without a status.
const none = "none"

// A query is a compiled filter.
type query struct {
	journal.Filter
	operation contract.Globs
	path      contract.Glob
	class     int // class of the status: 5 for 5xx; 0 for any class, or if Filter.Status is not a class
	status    int
}

// compile compiles a filter. A member that Filter.Check refuses matches no record.
func compile(f *journal.Filter) *query {
	q := &query{Filter: *f, operation: contract.NewGlobs(f.Operation), path: contract.NewGlob(f.Path)}
	q.Status = strings.ToLower(f.Status)
	digit, isClass := strings.CutSuffix(q.Status, "xx")
	switch {
	case q.Status == "" || q.Status == none:
	case (&journal.Filter{Status: f.Status}).Check() != nil:
		q.status = -1
	case isClass:
		q.class, _ = strconv.Atoi(digit)
	default:
		q.status, _ = strconv.Atoi(q.Status)
	}
	return q
}

// fits reports whether a record matches. It does not look at headers and bodies.
func (q *query) fits(r *record, sequence uint64) bool {
	switch {
	case r.removed, sequence <= q.Since,
		q.Method != "" && !strings.EqualFold(q.Method, r.Method),
		q.Ended != "" && q.Ended != r.ended,
		q.Trace != "" && !strings.EqualFold(q.Trace, r.Trace.TraceID):
		return false
	case q.Operation == none && r.Operation != "",
		q.Operation != "" && q.Operation != none && (r.Operation == "" || !q.operation.Match(r.Operation)):
		return false
	case q.Path != "" && !q.path.Match(r.Path) && !q.path.Match(r.Route):
		return false
	}
	return q.fitsStatus(r) && q.fitsFault(r.Faults)
}

// Fits returns a function that reports whether an entry of a file matches a filter. It knows no prefix of
// a path but that of the sandbox.
func Fits(f journal.Filter) func(e *journal.Entry) bool {
	q := compile(&f)
	return func(e *journal.Entry) bool {
		r := record{Closing: &Closing{}, ended: e.Ended}
		r.Operation, r.Method, r.Path, r.Faults, r.Trace = e.Operation, e.Request.Method, e.Request.Path, e.Faults, e.Trace
		r.Route = strings.TrimPrefix(r.Path, "/~"+e.Sandbox)
		if e.Reply != nil {
			r.Status = e.Reply.Status
		}
		return q.fits(&r, e.Sequence)
	}
}

func (q *query) fitsStatus(r *record) bool {
	status := r.Status
	switch {
	case q.Status == none:
		return status == 0 && r.ended != journal.Open
	case q.class != 0:
		return status/100 == q.class
	default:
		return q.status == 0 || q.status == status
	}
}

func (q *query) fitsFault(all []journal.Fault) bool {
	if q.Fault == "" {
		return true
	}
	return slices.ContainsFunc(all, func(x journal.Fault) bool { return x.Fired && (q.Fault == "*" || q.Fault == x.Rule) })
}

// Find returns the entries that match, oldest first.
func (j *Journal) Find(f journal.Filter) journal.Page {
	p, r := journal.Page{Entries: []journal.Entry{}}, j.Read(f)
	for e, ok := r.Next(); ok; e, ok = r.Next() {
		p.Entries = append(p.Entries, e)
	}
	p.Counts = r.Counts()
	return p
}

// atOnce is the number of records that a reader looks at while it holds the lock. Between two
// steps, it lets requests proceed.
const atOnce = 64

// A Reader reads the entries that match a filter, oldest first. It holds copies of a few entries at
// a time. It skips entries that are evicted before it reaches them.
type Reader struct {
	Brief bool // entries are read without headers and bodies

	journal *Journal
	query   *query
	place   place
	found   []found
}

// A found is a copy of a record, with its buffer if the caller asked for it.
type found struct {
	record
	sequence uint64
}

// A place is the position of a reader.
type place struct {
	begun      bool
	generation uint64
	next, last uint64 // sequences
}

// Read returns a reader of the entries that the journal holds now. A member that Filter.Check
// refuses matches no entry.
func (j *Journal) Read(f journal.Filter) *Reader {
	q := compile(&f)
	return &Reader{journal: j, query: q}
}

// Next returns the next entry; false if there are no more. It encodes the entry without the
// journal's lock.
func (r *Reader) Next() (journal.Entry, bool) {
	for more := true; len(r.found) == 0; {
		if !more {
			return journal.Entry{}, false
		}
		r.found = nil // releases what was read
		more = r.journal.step(&r.place, r.query, true, &r.found)
	}
	x := &r.found[0]
	r.found = r.found[1:]
	if r.Brief {
		return x.brief(x.sequence, r.journal.Sandbox), true
	}
	return x.entry(x.sequence, r.journal.Sandbox), true
}

// Before returns the sequence after which there are at most n entries that match the filter. It is
// not less than that of the filter.
func (j *Journal) Before(f journal.Filter, n int) uint64 {
	q, before := compile(&f), []uint64{f.Since}
	var p place
	for more := true; more; {
		var all []found
		more = j.step(&p, q, false, &all)
		for i := range all {
			before = append(before, all[i].sequence)
		}
		before = before[max(0, len(before)-n-1):]
	}
	return before[0]
}

// Counts returns the present counts for the reader's filter. After the first Next, Last is the last
// entry that the reader can reach.
func (r *Reader) Counts() journal.Counts {
	j := r.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	c := journal.Counts{Last: j.last, Evicted: j.evicted, Incomplete: j.evicted > r.query.Since}
	if r.place.begun {
		c.Last = r.place.last
	}
	return c
}

// step looks at the next few records, and appends copies of those that match. It returns false when
// there are no more. It only copies while it holds the lock, since a glob can be slow.
func (j *Journal) step(p *place, q *query, buffers bool, into *[]found) bool {
	all, more := j.next(p, q.Since)
	fitting := all[:0]
	for i := range all {
		if q.fits(&all[i].record, all[i].sequence) {
			fitting = append(fitting, all[i])
		}
	}
	if buffers {
		fitting = j.buffers(p.generation, fitting)
	}
	*into = append(*into, fitting...)
	return more
}

// next copies the next few records without their headers and bodies.
func (j *Journal) next(p *place, since uint64) (all []found, more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	oldest := j.last - uint64(j.n) + 1
	if !p.begun {
		*p = place{begun: true, generation: j.generation, next: max(oldest, since+1), last: j.last}
	}
	if p.generation != j.generation || since > p.last { // the journal was cleared, or holds no such entry
		return nil, false
	}
	p.next = max(p.next, oldest)
	for ; len(all) < atOnce && p.next <= p.last; p.next++ {
		all = append(all, found{j.at(int(p.next - oldest)).copy(false), p.next})
	}
	return all, p.next <= p.last
}

// buffers copies records again, with headers and bodies. It leaves out those that were evicted
// meanwhile.
func (j *Journal) buffers(generation uint64, all []found) []found {
	j.mu.Lock()
	defer j.mu.Unlock()
	there := all[:0]
	for _, x := range all {
		if r := j.find(Ticket{generation: generation, Sequence: x.sequence}); r != nil {
			there = append(there, found{r.copy(true), x.sequence})
		}
	}
	return there
}

// copy returns a copy of a record that can be read without the lock.
func (r *record) copy(buffer bool) record {
	c := *r
	c.buf = nil
	if buffer {
		c.buf = slices.Clone(r.buf)
	}
	return c
}

// facts returns copies of all records without their headers and bodies.
func (j *Journal) facts() (all []found, c journal.Counts) {
	r := Reader{journal: j, query: &query{}}
	for more := true; more; {
		more = j.step(&r.place, r.query, false, &all)
	}
	return all, r.Counts()
}

// Get returns the entry with the given sequence; false if the journal does not hold it.
func (j *Journal) Get(sequence uint64) (journal.Entry, bool) {
	r, ok := j.get(sequence)
	if !ok {
		return journal.Entry{}, false
	}
	return r.entry(sequence, j.Sandbox), true
}

func (j *Journal) get(sequence uint64) (record, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(Ticket{generation: j.generation, Sequence: sequence})
	if r == nil || r.removed {
		return record{}, false
	}
	return r.copy(true), true
}

// Last returns the sequence of the newest entry; 0 if there is none.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Remove removes one entry. Queries and judgements skip it from then on. Remove reports whether the
// journal held the entry.
func (j *Journal) Remove(sequence uint64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(Ticket{generation: j.generation, Sequence: sequence})
	if r == nil || r.removed {
		return false
	}
	r.removed = true
	j.watches.changed(sequence)
	return true
}
