package scenario

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/ruleset"
)

// MaxPatterns is the maximum number of patterns in all expectations of a scenario, or of a
// verification. Each pattern is compared with every entry of the journal.
const MaxPatterns = 200

// expectation checks the names in an expectation.
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
	for i, p := range e.Patterns() {
		n := at
		if len(e.Sequence) > 0 {
			n = at.At("sequence", i)
		}
		c.Add(c.Operation(p.Operation, n.At("operation")))
		if err := contract.CheckGlob(p.Path); err != nil {
			c.Add(n.At("path").Errorf("%s", err))
		}
		c.expectable(e, &p, n)
		if p.Fault != "" && p.Fault != "*" {
			c.Add(c.Rule(p.Fault, n.At("fault")))
		}
	}
}

// checkExpectation returns an error if an expectation is empty or contradicts itself.
func checkExpectation(e *journal.Expectation, at file.Node) error {
	kinds := 0
	for _, given := range []bool{e.Pattern != journal.Pattern{}, len(e.Sequence) > 0, e.NoUnmatched, e.Retries != nil, e.Exit != ""} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0 && e.Requests == nil && e.Attempts == nil:
		return at.Errorf("the expectation is empty; expected a pattern, sequence, no_unmatched, retries or exit")
	case kinds > 1 || kinds == 1 && e.Pattern == (journal.Pattern{}) && (e.Requests != nil || e.Attempts != nil):
		return at.Errorf("an expectation has only one of: a pattern (with requests or attempts), sequence, no_unmatched, retries, exit")
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
	c.Add(root.Decode(&list))
	if c.Err() == nil {
		for i := range list {
			c.demanded(&list[i], root.At(i))
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// CheckExpectation returns an error if an expectation is invalid. It may name the armed rules,
// which are given as rules.
func CheckExpectation(k *ruleset.Catalogue, e *journal.Expectation, rules []string) error {
	c := &reader{Checker: k.NewChecker(rules...), catalogue: k}
	for _, p := range e.Patterns() {
		c.Add((&journal.Filter{Status: p.Status}).Check())
	}
	c.demanded(e, file.Node{})
	err := c.Err()
	if at, ok := errors.AsType[*file.Error](err); ok { // an expectation in Go has no place in a file
		return errors.New(at.Message)
	}
	return err
}

// demanded checks an expectation of a verification.
func (c *reader) demanded(e *journal.Expectation, at file.Node) {
	if c.expectation(e, at); e.Exit != "" {
		c.Add(at.At("exit").Errorf("only standin run judges exit"))
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
		if slices.ContainsFunc(op.Responses, func(r *contract.Response) bool { return fits(r.Status) }) {
			return
		}
	}
	c.Warn(at.At("status").Errorf("warning: %s documents no %s, and no rule of the scenario answers it", p.Operation, p.Status))
}
