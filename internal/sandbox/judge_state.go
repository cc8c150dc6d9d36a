package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"standin/emulator/journal"
	"standin/internal/match"
	"standin/internal/value"
	"standin/internal/world"
)

// used returns the sandboxes whose worlds are judged: those that received a request, or all if none
// did.
func (j *jury) used() (all []*Sandbox) {
	for _, s := range j.boxes {
		if s.journal.Last() > 0 {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return j.boxes[:1]
	}
	return all
}

// state judges the records of collections. Each sandbox that received a request must have them.
func (j *jury) state(want map[string]journal.Records) (all []journal.Judgement) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		r := want[name]
		g := journal.Judgement{Expectation: r.Describe(name), Met: true}
		var right, wrong []string
		for _, box := range j.used() {
			n, err := box.count(name, &r)
			found := fmt.Sprint(n)
			if err != nil {
				found = err.Error()
			}
			if found += in(box); err != nil || !r.Has(n) {
				wrong = append(wrong, found+j.changes(box, name))
			} else if !slices.Contains(right, fmt.Sprint(n)) {
				right = append(right, fmt.Sprint(n))
			}
		}
		if g.Found = strings.Join(right, ", "); len(wrong) > 0 {
			g.Met, g.Found = false, list(wrong)
		}
		all = append(all, g)
	}
	return all
}

// changes says which requests created and deleted records of a collection.
func (j *jury) changes(box *Sandbox, collection string) (text string) {
	for _, verb := range []world.Verb{world.Created, world.Deleted} {
		by := j.writers(box, func(ch *world.Change) bool { return ch.Kind == collection && ch.What == verb })
		if len(by) > 0 {
			text += fmt.Sprintf("; %s by %s", verb, numbers(by))
		}
	}
	return text
}

// maxNumbers is the maximum number of requests that a judgement lists at one place.
const maxNumbers = 10

// numbers returns the sequences of requests as a list.
func numbers(by []uint64) string {
	var all []string
	for _, n := range by[:min(len(by), maxNumbers)] {
		all = append(all, fmt.Sprint(n))
	}
	if n := len(by) - maxNumbers; n > 0 {
		all = append(all, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(all, ", ")
}

// count counts the records of a collection that pass the tests.
func (s *Sandbox) count(collection string, r *journal.Records) (n int, err error) {
	c := s.registry.catalog.Loader.Collection(collection)
	if c == nil { // scenario.CheckExpectation refuses it
		return 0, fmt.Errorf("no collection %q", collection)
	}
	tests := map[string]*match.Test{}
	for pointer, t := range r.Where {
		tests[pointer] = match.NewTest(t)
	}
	for rec := range c.Dump(s.World()) {
		ok, err := passes(rec, tests)
		if err != nil {
			return 0, err
		}
		if ok {
			n++
		}
	}
	return n, nil
}

// passes reports whether a record passes all tests.
func passes(rec any, tests map[string]*match.Test) (bool, error) {
	if len(tests) == 0 {
		return true, nil
	}
	text, err := json.Marshal(rec)
	if err != nil {
		return false, err
	}
	v, err := value.Parse(text)
	if err != nil {
		return false, err
	}
	for pointer, t := range tests {
		if !t.Fits(v, pointer) {
			return false, nil
		}
	}
	return true, nil
}

// maxDifferences is the maximum number of records that are compared after the first difference.
const maxDifferences = 100

// unchanged judges whether the records of each sandbox that received a request are those of its
// start.
func (j *jury) unchanged() journal.Judgement {
	g := journal.Judgement{Expectation: "the records at the end are those of the start", Met: true, Found: "they are"}
	var wrong []string
	for _, box := range j.used() {
		for _, ch := range box.registry.catalog.Loader.Diff(box.base.Load(), box.World(), maxDifferences) {
			text := fmt.Sprintf("%s was %s", record(&ch), ch.What)
			if by := j.writers(box, func(o *world.Change) bool { return o.Kind == ch.Kind && o.Key == ch.Key }); len(by) > 0 {
				text += " by " + numbers(by)
			}
			wrong = append(wrong, text+in(box))
		}
	}
	if len(wrong) > 0 {
		g.Met, g.Found = false, list(wrong)
	}
	return g
}
