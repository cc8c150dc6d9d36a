package recorder

import (
	"slices"
	"strconv"
	"strings"

	"standin/emulator/journal"
	"standin/internal/contract"
)

// none selects what has no operation, or no status.
const none = "none"

// A query is a filter that is compiled once, for any number of records.
type query struct {
	journal.Filter
	operation contract.Globs
	path      contract.Glob
	class     int // of statuses: 5 for 5xx; 0: any, or Filter.Status
	status    int
}

// compile compiles a filter. A member that Filter.Check refuses fits no record.
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

// fits reports whether a record fits. It looks at what is known of the record beside
// its headers and bodies.
func (q *query) fits(r *record, sequence uint64) bool {
	switch {
	case r.removed, sequence <= q.Since,
		q.Method != "" && !strings.EqualFold(q.Method, r.Method),
		q.Ended != "" && q.Ended != r.ended:
		return false
	case q.Operation == none && r.Operation != "",
		q.Operation != "" && q.Operation != none && (r.Operation == "" || !q.operation.Match(r.Operation)):
		return false
	case q.Path != "" && !q.path.Match(r.Path) && !q.path.Match(r.Route):
		return false
	}
	return q.fitsStatus(r) && q.fitsFault(r.Faults)
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

// Find lists the entries of a sandbox that fit, oldest first.
func (j *Journal) Find(f journal.Filter) journal.Page {
	p, r := journal.Page{Entries: []journal.Entry{}}, j.Read(f)
	for e, ok := r.Next(); ok; e, ok = r.Next() {
		p.Entries = append(p.Entries, e)
	}
	p.Counts = r.Counts()
	return p
}

// atOnce is how many records a reader looks at under the lock. Between two such steps
// it lets the requests through.
const atOnce = 64

// A Reader reads the entries that fit a filter, oldest first. It holds copies of a few
// of them at a time. Entries that are evicted before it comes to them are passed over.
type Reader struct {
	journal *Journal
	query   *query
	place   place
	found   []found
}

// A found record is a copy, with its buffer if that is asked for.
type found struct {
	record
	sequence uint64
}

// A place is how far a reader has come.
type place struct {
	begun      bool
	generation uint64
	next, last uint64 // sequences
}

// Read makes a reader of the entries that the journal holds now. A filter that Check
// refuses finds nothing, or nothing by the mistaken member.
func (j *Journal) Read(f journal.Filter) *Reader {
	q := compile(&f)
	return &Reader{journal: j, query: q}
}

// Next returns the next entry. It is rendered outside of the journal's lock.
func (r *Reader) Next() (journal.Entry, bool) {
	for more := true; len(r.found) == 0; {
		if !more {
			return journal.Entry{}, false
		}
		r.found = nil // not to hold on to what was read
		more = r.journal.step(&r.place, r.query, true, &r.found)
	}
	x := &r.found[0]
	e := x.entry(x.sequence, r.journal.Sandbox)
	r.found = r.found[1:]
	return e, true
}

// Counts are those of the moment, for the reader's filter. Once it reads, the last entry is
// the last that it can come to.
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

// step looks at the next few records, and adds copies of those that fit. It reports false
// when there are no more. Only copying is done under the lock: a glob may take its time.
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

// next copies what is known of the next few records beside their headers and bodies.
func (j *Journal) next(p *place, since uint64) (all []found, more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	oldest := j.last - uint64(j.n) + 1
	if !p.begun {
		*p = place{begun: true, generation: j.generation, next: max(oldest, since+1), last: j.last}
	}
	if p.generation != j.generation || since > p.last { // it was cleared, or has none
		return nil, false
	}
	p.next = max(p.next, oldest)
	for ; len(all) < atOnce && p.next <= p.last; p.next++ {
		all = append(all, found{j.at(int(p.next - oldest)).copy(false), p.next})
	}
	return all, p.next <= p.last
}

// buffers copies records again, with headers and bodies. Those that have been evicted
// meanwhile are left out.
func (j *Journal) buffers(generation uint64, all []found) []found {
	j.mu.Lock()
	defer j.mu.Unlock()
	there := all[:0]
	for _, x := range all {
		if r := j.find(Ticket{generation, x.sequence}); r != nil {
			there = append(there, found{r.copy(true), x.sequence})
		}
	}
	return there
}

// copy copies a record, to be read without the lock.
func (r *record) copy(buffer bool) record {
	c := *r
	c.buf = nil
	if buffer {
		c.buf = slices.Clone(r.buf)
	}
	return c
}

// facts copies what is known of all records beside their headers and bodies.
func (j *Journal) facts() (all []found, c journal.Counts) {
	r := Reader{journal: j, query: &query{}}
	for more := true; more; {
		more = j.step(&r.place, r.query, false, &all)
	}
	return all, r.Counts()
}

// Get finds an entry by its sequence.
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
	r := j.find(Ticket{j.generation, sequence})
	if r == nil || r.removed {
		return record{}, false
	}
	return r.copy(true), true
}

// Last is the sequence of the newest entry.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Remove forgets one entry: queries and judgements pass it over. It reports whether
// there was one.
func (j *Journal) Remove(sequence uint64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.find(Ticket{j.generation, sequence})
	if r == nil || r.removed {
		return false
	}
	r.removed = true
	j.watches.changed(sequence)
	return true
}
