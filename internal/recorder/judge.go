package recorder

import (
	"fmt"
	"strings"

	"standin/emulator/journal"
)

// patternQuery compiles a pattern, which must be valid.
func patternQuery(p *journal.Pattern) *query {
	f := journal.Filter{Operation: p.Operation, Method: p.Method, Path: p.Path, Status: p.Status, Fault: p.Fault}
	return compile(&f)
}

// Judge judges expectations by the record. If entries were evicted, it adds a judgement that is not
// met.
func (j *Journal) Judge(expect []journal.Expectation) []journal.Judgement { return Judge(expect, j) }

// Judge judges expectations by the records of several journals. It counts the requests of all of
// them together. A sequence must be found within one of them.
func Judge(expect []journal.Expectation, journals ...*Journal) []journal.Judgement {
	all, tallies := []journal.Judgement{}, make([]tally, len(expect))
	for _, j := range journals {
		if lost, last := j.tally(expect, tallies); lost > 0 {
			g := journal.Judgement{Expectation: "the journal holds every request"}
			if len(journals) > 1 {
				g.Expectation += " of sandbox " + j.Sandbox
			}
			g.Found = fmt.Sprintf("%d of %d were evicted: raise the limits of the journal, or clear it earlier", lost, last)
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
	met             int      // for a sequence: the number of patterns met, in the journal with the most
	astray          []string // requests that match no operation
}

// tally counts requests for expectations. It returns how many entries were evicted, and the
// sequence of the newest entry.
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

// inOrder returns how many of the patterns were met, one after the other.
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

// astray lists the requests that match no operation.
func astray(records []found) []string {
	var found []string
	for i := range records {
		if r := &records[i]; r.Operation == "" {
			found = append(found, r.Method+" "+r.Path)
		}
	}
	return found
}

// maxAstray is the maximum number of unmatched requests that a judgement lists.
const maxAstray = 5

// judge returns the judgements of what was counted.
func (t *tally) judge(e *journal.Expectation) []journal.Judgement {
	switch {
	case e.Exit != "":
		return []journal.Judgement{{Expectation: "exit " + string(e.Exit), Found: "no command: only standin run starts one"}}
	case len(e.Sequence) > 0:
		return []journal.Judgement{t.judgeOrder(e.Sequence)}
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
