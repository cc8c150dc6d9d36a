package fault

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/file"
)

// always reports whether the rule fires at every request that its where fits, and lets
// no rule after it fire.
func (r *Rule) always() bool {
	w := &r.When
	return !r.Continue && r.times() == 0 && r.Func == nil && r.What.RateLimit == nil && w.Skip == 0 && w.Every == 0 && len(w.Calls) == 0 &&
		(w.Probability == nil || *w.Probability == 1) && w.During == nil && w.After == nil
}

// mostShadows bounds the rules that others are compared with.
const mostShadows = 100

// shadows warns of rules that can never fire because one before them always does.
func (c *checker) shadows(rules []Rule, at []file.Node, unread []bool) {
	var before []int
	for i := range rules {
		if unread[i] {
			continue
		}
		for _, b := range before {
			if c.covers(&rules[b].Where, &rules[i].Where) {
				name := cmp.Or(rules[b].Name, rules[b].Use, fmt.Sprintf("number %d", b+1))
				c.warnings = append(c.warnings, at[i].Errorf("warning: the rule never fires: rule %s before it always fires for the same requests; put it first, or say continue: true in %s", name, name))
				break
			}
		}
		if rules[i].always() && len(before) < mostShadows {
			before = append(before, i)
		}
	}
}

// covers reports whether every request that the second where fits fits the first.
func (c *checker) covers(wide, narrow *Where) bool {
	if wide.Operation != "" {
		if narrow.Operation == "" {
			return false
		}
		all := c.catalogue.matching(wide.Operation)
		for _, op := range c.catalogue.matching(narrow.Operation) {
			if !slices.Contains(all, op) {
				return false
			}
		}
	}
	a, b := reflect.ValueOf(*wide), reflect.ValueOf(*narrow)
	for i := range a.NumField() {
		if a.Type().Field(i).Name != "Operation" && !a.Field(i).IsZero() && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			return false
		}
	}
	return true
}

// expectable warns of a status that is expected of operations which document none such
// and that no rule of the scenario answers.
func (c *checker) expectable(e *journal.Expectation, p *journal.Pattern, at file.Node) {
	if c.scenario == nil || p.Operation == "" || p.Status == "" || p.Status == "none" || e.Requests != nil && e.Requests.Min == 0 {
		return
	}
	fits := func(status int) bool {
		text := strconv.Itoa(status)
		return text == p.Status || strings.HasSuffix(p.Status, "xx") && text[:1] == p.Status[:1]
	}
	for i := range c.scenario.Faults {
		w := &c.scenario.Faults[i].What
		if fits(cmp.Or(w.Status, 429)) && (w.Status != 0 || w.RateLimit != nil) || w.ExpireToken && fits(401) {
			return
		}
	}
	for _, op := range c.catalogue.matching(p.Operation) {
		if slices.ContainsFunc(op.Responses, func(r *contract.Response) bool { return fits(r.Status) }) {
			return
		}
	}
	c.warnings = append(c.warnings, at.At("status").Errorf("warning: %s documents no %s, and no rule of the scenario answers it", p.Operation, p.Status))
}
