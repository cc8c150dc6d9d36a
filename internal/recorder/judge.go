package recorder

import (
	"fmt"
	"strings"

	"standin/emulator/journal"
)

// Judge judges expectations by the record. If entries were evicted, it adds a judgement that is not
// met.
func (j *Journal) Judge(expect []journal.Expectation) []journal.Judgement { return Judge(expect, j) }

// Judge judges expectations by the records of several journals: those that count requests or name
// an order of requests. It counts the requests of all journals together. A sequence must be found
// within one of them.
func Judge(expect []journal.Expectation, journals ...*Journal) []journal.Judgement {
	all, tallies := []journal.Judgement{}, make([]tally, len(expect))
	for i := range expect {
		tallies[i].compile(&expect[i])
	}
	for _, j := range journals {
		if lost, last := j.tally(tallies); lost > 0 {
			g := journal.Judgement{Expectation: "the journal holds every request"}
			if len(journals) > 1 {
				g.Expectation += " of sandbox " + j.Sandbox
			}
			g.Found = fmt.Sprintf("%d of %d were evicted: raise the limits of the journal, or clear it earlier", lost, last)
			all = append(all, g)
		}
	}
	for i := range expect {
		all = append(all, tallies[i].judge()...)
	}
	return all
}

// A tally is what was counted for one expectation.
type tally struct {
	*journal.Expectation
	pattern  *pattern // nil for a sequence, and for an expectation that no pattern judges
	sequence []*pattern

	count, attempts int
	unknown         int      // requests that may match: their bodies are not kept whole
	order           *order   // of a sequence, in the journal that is read
	best            *order   // of a sequence, in the journal that met the most patterns
	astray          []string // requests that match no operation
}

// compile compiles the patterns of an expectation.
func (t *tally) compile(e *journal.Expectation) {
	t.Expectation = e
	for i := range e.Sequence {
		t.sequence = append(t.sequence, compilePattern(&e.Sequence[i]))
	}
	if len(e.Sequence) == 0 && !e.NoUnmatched {
		t.pattern = compilePattern(&e.Pattern)
	}
}

// tally counts requests for expectations. It returns how many entries were evicted, and the
// sequence of the newest entry.
func (j *Journal) tally(tallies []tally) (lost, last uint64) {
	bodies := false
	for i := range tallies {
		t := &tallies[i]
		t.order = &order{patterns: t.sequence, waits: t.Waits}
		bodies = bodies || t.pattern.looksInside() || anyInside(t.sequence)
	}
	r := Reader{journal: j, query: &query{}}
	for more := true; more; {
		var batch []found
		more = j.step(&r.place, r.query, bodies, &batch)
		for k := range batch {
			x := &content{found: &batch[k]}
			for i := range tallies {
				tallies[i].add(x)
			}
		}
	}
	for i := range tallies {
		if t := &tallies[i]; t.best == nil || t.order.met > t.best.met {
			t.best = t.order
		}
	}
	counts := r.Counts()
	return counts.Evicted, counts.Last
}

// add counts one request.
func (t *tally) add(x *content) {
	switch {
	case len(t.sequence) > 0:
		t.order.add(x)
	case t.NoUnmatched:
		if x.Operation == "" {
			t.astray = append(t.astray, x.Method+" "+x.Path)
		}
	default:
		switch t.pattern.fits(x) {
		case fits:
			t.count++
			t.attempts = max(t.attempts, x.attempt)
		case mayFit:
			t.unknown++
		}
	}
}

// maxAstray is the maximum number of unmatched requests that a judgement lists.
const maxAstray = 5

// judge returns the judgements of what was counted.
func (t *tally) judge() []journal.Judgement {
	e := t.Expectation
	switch {
	case len(e.Outcome) > 0:
		return []journal.Judgement{{Expectation: e.Outcome.String(), Found: "no command: only standin run starts one"}}
	case e.Exit != "":
		return []journal.Judgement{{Expectation: "exit " + string(e.Exit), Found: "no command: only standin run starts one"}}
	case len(e.Sequence) > 0:
		return []journal.Judgement{t.best.judge(e)}
	case e.NoUnmatched:
		g := journal.Judgement{Expectation: "no unmatched requests", Met: len(t.astray) == 0, Found: "none"}
		if !g.Met {
			g.Found = fmt.Sprintf("%d: %s", len(t.astray), strings.Join(t.astray[:min(len(t.astray), maxAstray)], ", "))
		}
		return []journal.Judgement{g}
	}
	var all []journal.Judgement
	if e.Requests != nil || e.Attempts == nil {
		want := e.Requests
		if want == nil {
			want = &journal.Range{Min: 1}
		}
		g := journal.Judgement{Expectation: fmt.Sprintf("%s: %s requests", &e.Pattern, want), Met: want.Has(t.count), Found: fmt.Sprint(t.count)}
		if t.unknown > 0 {
			g.Met = g.Met && want.Has(t.count+t.unknown)
			g.Found += fmt.Sprintf(", and %d whose body is longer than the %d KiB that the journal keeps", t.unknown, journal.KeptBody>>10)
		}
		all = append(all, g)
	}
	if e.Attempts != nil {
		all = append(all, journal.Judgement{Expectation: fmt.Sprintf("%s: %s attempts", &e.Pattern, e.Attempts), Met: e.Attempts.Has(t.attempts), Found: fmt.Sprint(t.attempts)})
	}
	return all
}
