package recorder

import (
	"fmt"
	"strings"

	"standin/emulator/journal"
)

// query compiles the pattern, which was checked.
func patternQuery(p *journal.Pattern) *query {
	f := journal.Filter{Operation: p.Operation, Method: p.Method, Path: p.Path, Status: p.Status, Fault: p.Fault}
	return compile(&f)
}

// Judge holds the record to expectations. Where entries have fallen out of the
// record, that is a judgement of its own, which is not met.
func (j *Journal) Judge(expect []journal.Expectation) []journal.Judgement { return Judge(expect, j) }

// Judge holds the records of several journals to expectations. Requests of all of
// them are counted together. A sequence must be found within one of them.
func Judge(expect []journal.Expectation, journals ...*Journal) []journal.Judgement {
	all, tallies := []journal.Judgement{}, make([]tally, len(expect))
	for _, j := range journals {
		if lost, last := j.tally(expect, tallies); lost > 0 {
			g := journal.Judgement{Expectation: "the journal holds every request"}
			if len(journals) > 1 {
				g.Expectation += " of sandbox " + j.Sandbox
			}
			g.Found = fmt.Sprintf("%d of %d fell out of it: raise its bounds, or clear it earlier", lost, last)
			all = append(all, g)
		}
	}
	for i := range expect {
		all = append(all, tallies[i].judge(&expect[i])...)
	}
	return all
}

// A tally is what was counted for one expectation.
type tally struct {
	count, attempts int
	met             int      // of a sequence, in the journal that has most of it
	astray          []string // requests outside every operation
}

// tally counts for expectations. It returns how many entries fell out of the record,
// and how many there were.
func (j *Journal) tally(expect []journal.Expectation, tallies []tally) (lost, last uint64) {
	records, counts := j.facts()
	for i := range expect {
		switch e, t := &expect[i], &tallies[i]; {
		case len(e.Sequence) > 0:
			t.met = max(t.met, inOrder(records, e.Sequence))
		case e.NoUnmatched:
			t.astray = append(t.astray, astray(records)...)
		default:
			q := patternQuery(&e.Pattern)
			for k := range records {
				if r := &records[k]; q.fits(&r.record, r.sequence) {
					t.count++
					t.attempts = max(t.attempts, r.attempt)
				}
			}
		}
	}
	return counts.Evicted, counts.Last
}

// inOrder counts how many of the patterns requests fit one after the other.
func inOrder(records []found, patterns []journal.Pattern) int {
	var queries []*query
	for i := range patterns {
		queries = append(queries, patternQuery(&patterns[i]))
	}
	met := 0
	for i := 0; i < len(records) && met < len(patterns); i++ {
		if r := &records[i]; queries[met].fits(&r.record, r.sequence) {
			met++
		}
	}
	return met
}

// astray lists the requests outside every operation.
func astray(records []found) []string {
	var found []string
	for i := range records {
		if r := &records[i]; r.Operation == "" {
			found = append(found, r.Method+" "+r.Path)
		}
	}
	return found
}

// maxAstray is how many stray requests a judgement lists.
const maxAstray = 5

// judge judges what was counted.
func (t *tally) judge(e *journal.Expectation) []journal.Judgement {
	switch {
	case e.Exit != "":
		return []journal.Judgement{{Expectation: "exit " + string(e.Exit), Found: "no command; only standin run has one"}}
	case len(e.Sequence) > 0:
		return []journal.Judgement{t.judgeOrder(e.Sequence)}
	case e.NoUnmatched:
		g := journal.Judgement{Expectation: "no request outside every operation", Met: len(t.astray) == 0, Found: "none"}
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
		all = append(all, journal.Judgement{Expectation: fmt.Sprintf("%s: %s requests", &e.Pattern, want), Met: want.Has(t.count), Found: fmt.Sprint(t.count)})
	}
	if e.Attempts != nil {
		all = append(all, journal.Judgement{Expectation: fmt.Sprintf("%s: %s attempts", &e.Pattern, e.Attempts), Met: e.Attempts.Has(t.attempts), Found: fmt.Sprint(t.attempts)})
	}
	return all
}

func (t *tally) judgeOrder(patterns []journal.Pattern) journal.Judgement {
	var names []string
	for _, p := range patterns {
		names = append(names, p.String())
	}
	g := journal.Judgement{Expectation: "in order: " + strings.Join(names, "; "), Met: t.met == len(patterns), Found: "all of them"}
	if !g.Met {
		g.Found = fmt.Sprintf("the first %d of %d, then no %s", t.met, len(patterns), names[t.met])
	}
	return g
}
