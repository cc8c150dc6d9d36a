package ruleset

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"standin/emulator/fault"
	"standin/internal/file"
)

// maxShadows is the maximum number of rules with which later rules are compared.
const maxShadows = 100

// shadows warns of rules that can never fire, since an earlier rule always fires.
func (c *Checker) shadows(rules []fault.Rule, at []file.Node, unread []bool) {
	var before []int
	for i := range rules {
		if unread[i] {
			continue
		}
		for _, b := range before {
			if c.covers(&rules[b].Where, &rules[i].Where) {
				name := cmp.Or(rules[b].Name, rules[b].Use, fmt.Sprintf("number %d", b+1))
				c.Warn(at[i].Errorf("warning: the rule never fires: rule %s before it always fires for the same requests; put this rule first, or set continue: true in %s", name, name))
				break
			}
		}
		if always(&rules[i]) && len(before) < maxShadows {
			before = append(before, i)
		}
	}
}

// covers reports whether every request that matches narrow also matches wide.
func (c *Checker) covers(wide, narrow *fault.Where) bool {
	if wide.Operation != "" {
		if narrow.Operation == "" {
			return false
		}
		all := c.catalogue.Matching(wide.Operation)
		for _, op := range c.catalogue.Matching(narrow.Operation) {
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
