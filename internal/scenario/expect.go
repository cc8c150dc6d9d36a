package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/match"
	"standin/internal/ruleset"
)

// MaxPatterns is the maximum number of patterns in all expectations of a scenario, or of a
// verification. Each pattern is compared with every entry of the journal.
const MaxPatterns = 200

// expectation checks an expectation.
func (c *reader) expectation(e *journal.Expectation, at file.Node) {
	before := c.patterns
	if c.patterns += len(e.Patterns()); c.patterns > MaxPatterns {
		if before <= MaxPatterns {
			c.Add(at.Errorf("more than %d patterns in total", MaxPatterns))
		}
		return
	}
	c.Add(checkExpectation(e, at))
	if e.Retries != nil {
		c.Add(c.Operation(e.Retries.Operation, at.At("retries", "operation")))
	}
	c.state(e.State, at.At("state"))
	for i, p := range e.Patterns() {
		n := at
		if len(e.Sequence) > 0 {
			n = at.At("sequence", i)
		}
		c.Add(c.Operation(p.Operation, n.At("operation")))
		if err := contract.CheckGlob(p.Path); err != nil {
			c.Add(n.At("path").Errorf("%s", err))
		}
		c.Content(&match.Content{Query: p.Query, Header: p.Header, Caller: p.Caller, Body: p.Body}, n)
		c.expectable(e, &p, n)
		if p.Fault != "" && p.Fault != "*" {
			c.Add(c.Rule(p.Fault, n.At("fault")))
		}
	}
}

// maxCollections is the maximum number of collections in one expectation.
const maxCollections = 100

// state checks what is expected of records.
func (c *reader) state(all map[string]journal.Records, at file.Node) {
	if len(all) > maxCollections {
		c.Add(at.Errorf("%d collections; max %d", len(all), maxCollections))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r, n := all[name], at.At(name)
		if !slices.Contains(c.catalogue.Collections, name) {
			c.Add(n.Errorf("no collection %q%s; expected a section and a collection of fixtures, such as freezer.clients",
				name, file.Hint(name, c.catalogue.Collections)))
			continue
		}
		c.Add(checkRange(r.Count, n.At("count")))
		if err := match.BoundedTests(r.Where, n.At("where")); err != nil {
			c.Add(err)
			continue
		}
		c.Add(match.CheckTests(r.Where, n.At("where")))
	}
}

// checkExpectation returns an error if an expectation is empty or contradicts itself.
func checkExpectation(e *journal.Expectation, at file.Node) error {
	counts := e.Requests != nil || e.Attempts != nil || e.CreatedOnce
	ofRequests := !e.IsZero() || counts || e.Waits != nil && len(e.Sequence) == 0
	kinds := 0
	for _, given := range []bool{ofRequests, len(e.Sequence) > 0, e.NoUnmatched, e.Retries != nil, len(e.State) > 0, e.Unchanged, e.Exit != "", len(e.Outcome) > 0} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return at.Errorf("the expectation is empty; expected a pattern, sequence, no_unmatched, retries, state, unchanged, exit or outcome")
	case kinds > 1:
		return at.Errorf("an expectation has only one of: a pattern (with requests, attempts, waits or created_once), sequence, no_unmatched, retries, state, unchanged, exit, outcome")
	case e.Waits != nil && len(e.Sequence) == 1:
		return at.At("waits").Errorf("waits in a sequence needs at least two patterns")
	}
	if err := checkWaits(e.Waits, at.At("waits")); err != nil {
		return err
	}
	for _, given := range []struct {
		name string
		*journal.Range
	}{{"requests", e.Requests}, {"attempts", e.Attempts}} {
		if err := checkRange(given.Range, at.At(given.name)); err != nil {
			return err
		}
	}
	return nil
}

// checkWaits returns an error if bounds are missing or contain no time.
func checkWaits(w *journal.Waits, at file.Node) error {
	switch {
	case w == nil:
		return nil
	case w.Min < 0 || w.Max < 0:
		return at.Errorf("waits must not be negative")
	case w.Min == 0 && w.Max == 0:
		return at.Errorf("waits needs min or max, such as {min: 1s, max: 10s}")
	case w.Max > 0 && w.Max < w.Min:
		return at.Errorf("min %s is greater than max %s", time.Duration(w.Min), time.Duration(w.Max))
	default:
		return nil
	}
}

// checkRange returns an error if a range is negative or contains no number.
func checkRange(r *journal.Range, at file.Node) error {
	switch {
	case r == nil:
		return nil
	case r.Min < 0:
		return at.Errorf("min %d is negative", r.Min)
	case r.Max != nil && *r.Max < r.Min:
		return at.Errorf("min %d is greater than max %d", r.Min, *r.Max)
	default:
		return nil
	}
}

// Expectations reads the body of POST verify: an expectation, a list of them, or a mapping with a
// list as its member "expect". The body may name the armed rules, which are given as rules.
func Expectations(k *ruleset.Catalogue, name string, data []byte, rules []string) ([]journal.Expectation, error) {
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	if _, listed := root.Get("expect"); root.IsMapping() && !listed {
		var one journal.Expectation
		c := &reader{Checker: k.NewChecker(rules...), catalogue: k}
		if c.Add(root.Decode(&one)); c.Err() == nil {
			c.demanded(&one, root)
		}
		return []journal.Expectation{one}, c.Err()
	}
	if root.IsMapping() {
		var doc struct {
			Expect file.Node `json:"expect" fixture:"required"`
		}
		if err := root.Decode(&doc); err != nil {
			return nil, err
		}
		root = doc.Expect
	}
	var list []journal.Expectation
	c := &reader{Checker: k.NewChecker(rules...), catalogue: k}
	list = c.expectations(root, c.demanded)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// expectations reads a list of expectations, and checks those that it could read.
func (c *reader) expectations(list file.Node, check func(e *journal.Expectation, at file.Node)) []journal.Expectation {
	if list.IsNull() {
		return nil
	}
	items, err := list.Items()
	if err != nil {
		c.Add(err)
		return nil
	}
	all := make([]journal.Expectation, len(items))
	for i, n := range items {
		if err := n.Decode(&all[i]); err != nil {
			c.Add(err)
		} else {
			check(&all[i], n)
		}
	}
	return all
}

// CheckExpectation completes an expectation that was written in Go, and returns an error if it is
// invalid. It may name the armed rules, which are given as rules.
func CheckExpectation(k *ruleset.Catalogue, e journal.Expectation, rules []string) (journal.Expectation, error) {
	c := &reader{Checker: k.NewChecker(rules...), catalogue: k}
	c.Add(ownValues(&e))
	for _, p := range e.Patterns() {
		c.Add((&journal.Filter{Status: p.Status, Ended: p.Ended}).Check())
	}
	c.demanded(&e, file.Node{})
	err := c.Err()
	if at, ok := errors.AsType[*file.Error](err); ok { // an expectation in Go has no place in a file
		return e, errors.New(at.Message)
	}
	return e, err
}

// ownValues converts Go values in the tests of an expectation into the types of values from files.
func ownValues(e *journal.Expectation) (err error) {
	if e.Body, err = match.OwnTests(e.Body); err != nil {
		return fmt.Errorf("body %w", err)
	}
	e.Sequence = slices.Clone(e.Sequence)
	for i := range e.Sequence {
		if e.Sequence[i].Body, err = match.OwnTests(e.Sequence[i].Body); err != nil {
			return fmt.Errorf("body %w", err)
		}
	}
	e.State = maps.Clone(e.State)
	for name, r := range e.State {
		if r.Where, err = match.OwnTests(r.Where); err != nil {
			return fmt.Errorf("state %s: where %w", name, err)
		}
		e.State[name] = r
	}
	return nil
}

// demanded checks an expectation of a verification.
func (c *reader) demanded(e *journal.Expectation, at file.Node) {
	c.expectation(e, at)
	if e.Exit != "" {
		c.Add(at.At("exit").Errorf("only standin run judges exit"))
	}
	if len(e.Outcome) > 0 {
		c.Add(at.At("outcome").Errorf("only standin run judges outcome"))
	}
}

// answers reports whether a rule answers with a status that fits.
func answers(w *fault.What, fits func(status int) bool) bool {
	if w.ExpireToken && fits(http.StatusUnauthorized) {
		return true
	}
	if w.Status == 0 && w.RateLimit == nil {
		return false
	}
	return fits(cmp.Or(w.Status, http.StatusTooManyRequests))
}

// expectable warns of an expected status that the operations do not document and no rule of the
// scenario answers.
func (c *reader) expectable(e *journal.Expectation, p *journal.Pattern, at file.Node) {
	if c.scenario == nil || p.Operation == "" || p.Status == "" || p.Status == "none" || e.Requests != nil && e.Requests.Min == 0 {
		return
	}
	fits := func(status int) bool {
		text := strconv.Itoa(status)
		return text == p.Status || strings.HasSuffix(p.Status, "xx") && text[:1] == p.Status[:1]
	}
	if slices.ContainsFunc(c.scenario.Faults, func(r fault.Rule) bool { return answers(&r.What, fits) }) {
		return
	}
	for _, op := range c.catalogue.Matching(p.Operation) {
		if slices.ContainsFunc(op.Responses(), func(r *contract.Response) bool { return fits(r.Status) }) {
			return
		}
	}
	c.Warn(at.At("status").Errorf("warning: %s documents no %s, and no rule of the scenario answers it", p.Operation, p.Status))
}
