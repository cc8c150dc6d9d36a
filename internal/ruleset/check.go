package ruleset

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/late"
	"standin/internal/match"
)

// A Checker reads rules and collects their mistakes.
type Checker struct {
	catalogue *Catalogue
	names     []string // of all rules
	errs      []error
	warnings  []error // about what is allowed but probably not intended
}

// NewChecker returns a Checker. The names of rules that are already armed are given as others.
func (k *Catalogue) NewChecker(others ...string) *Checker {
	return &Checker{catalogue: k, names: others}
}

// Check completes rules that were written in Go, and returns an error that lists every mistake. The
// names of rules that are already armed are given as others.
func (k *Catalogue) Check(rules []fault.Rule, others ...string) ([]fault.Rule, error) {
	rules = slices.Clone(rules)
	c := k.NewChecker(others...)
	for _, r := range rules {
		c.names = append(c.names, cmp.Or(r.Name, r.Use))
	}
	for i := range rules {
		c.Add(ownValues(&rules[i]))
		c.rule(&rules[i], file.Node{})
	}
	return rules, plain(errors.Join(c.errs...))
}

// ownValues converts Go values in a rule's body, patch and tests into the types of values from
// files.
func ownValues(r *fault.Rule) (err error) {
	if _, isText := r.What.Body.(string); !isText && r.What.Body != nil {
		if r.What.Body, err = match.Own(r.What.Body); err != nil {
			return fmt.Errorf("body: %w", err)
		}
	}
	patch := maps.Clone(r.What.Patch)
	for name, v := range patch {
		if patch[name], err = match.Own(v); err != nil {
			return fmt.Errorf("patch %s: %w", name, err)
		}
	}
	r.What.Patch = patch
	if r.Where.Body, err = match.OwnTests(r.Where.Body); err != nil {
		return fmt.Errorf("where.body %w", err)
	}
	return nil
}

// plain removes the places from errors about rules that are not in a file.
func plain(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if e, ok := errors.AsType[*file.Error](err); ok {
			return errors.New(e.Message)
		}
		return err
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, plain(e))
	}
	return errors.Join(all...)
}

// Parse reads rules from a file or a request: one rule, a list, or a mapping with a list as its
// member "faults". The error lists every mistake.
func (k *Catalogue) Parse(name string, data []byte, others ...string) ([]fault.Rule, error) {
	root, err := file.Parse(name, data)
	if err != nil {
		return nil, err
	}
	at := []file.Node{root}
	if list, ok := root.Get("faults"); ok {
		if err := root.Without(func(key string) bool { return key == "faults" }).Decode(&struct{}{}); err != nil {
			return nil, err
		}
		root = list
	}
	if !root.IsMapping() {
		if at, err = root.Items(); err != nil {
			return nil, err
		}
	}
	c := k.NewChecker(others...)
	rules := c.Read(root, at)
	return rules, c.Err()
}

// Read reads the rules of a list, and checks those that it could read.
func (c *Checker) Read(list file.Node, at []file.Node) []fault.Rule {
	if len(at) > MaxRules {
		c.Add(list.Errorf("%d rules; a sandbox has at most %d", len(at), MaxRules))
		return nil
	}
	rules, unread := make([]fault.Rule, len(at)), make([]bool, len(at))
	for i, n := range at {
		err := n.Decode(&rules[i])
		unread[i] = err != nil
		c.Add(err)
	}
	c.rules(rules, at, unread)
	return rules
}

// Err returns all mistakes in the order of their lines, or nil.
func (c *Checker) Err() error {
	return file.Sorted(errors.Join(c.errs...), maxErrors)
}

// maxErrors is the maximum number of mistakes that are reported at once.
const maxErrors = 20

// Add adds a mistake. It ignores nil.
func (c *Checker) Add(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// Warn adds a warning about what is allowed but probably not intended.
func (c *Checker) Warn(err error) { c.warnings = append(c.warnings, err) }

// Warnings returns the warnings in the order of their lines.
func (c *Checker) Warnings() []error {
	file.Sort(c.warnings)
	return c.warnings
}

// Rule returns an error if there is no rule with the name.
func (c *Checker) Rule(name string, at file.Node) error {
	if slices.Contains(c.names, name) {
		return nil
	}
	return at.Errorf("no rule %q%s", name, file.Hint(name, c.names))
}

// Operation returns an error if one of the globs matches no operation, or if all of them together
// match none. Without globs, all operations match.
func (c *Checker) Operation(globs string, at file.Node) error {
	if err := contract.CheckGlobs(globs); err != nil {
		return at.Errorf("%s", err)
	}
	for i, glob := range contract.SplitGlobs(globs) {
		if glob = strings.TrimPrefix(glob, "!"); len(c.catalogue.Matching(glob)) == 0 {
			if at.IsList() {
				at = at.At(i)
			}
			return c.catalogue.NoOperation(at, glob)
		}
	}
	if len(c.catalogue.Matching(globs)) == 0 {
		return at.Errorf("%s excludes every operation that it matches", globs)
	}
	return nil
}

// rules checks the rules at nodes, except those that could not be read.
func (c *Checker) rules(rules []fault.Rule, at []file.Node, unread []bool) {
	taken := map[string]bool{}
	for _, name := range c.names {
		taken[name] = true
	}
	for i := range rules {
		name := rules[i].Name
		if name != "" && taken[name] {
			c.Add(at[i].At("name").Errorf("there is a rule %q already", name))
		}
		taken[name] = true
	}
	for i := range rules {
		c.names = append(c.names, cmp.Or(rules[i].Name, rules[i].Use))
	}
	for i := range rules {
		if !unread[i] {
			c.rule(&rules[i], at[i])
		}
	}
	c.shadows(rules, at, unread)
}

// longestName is the maximum length of a rule's name, in bytes.
const longestName = 100

var ruleName = late.Regexp(`^[A-Za-z0-9][A-Za-z0-9 ._/#:-]*$`)

func (c *Checker) rule(r *fault.Rule, at file.Node) {
	if r.Name != "" && (!ruleName().MatchString(r.Name) || len(r.Name) > longestName) {
		c.Add(at.At("name").Errorf("rule name %q: expected at most %d letters, digits, spaces and . _ / # : -", r.Name, longestName))
	}
	if r.Use != "" {
		if err := c.catalogue.use(r, at.At("use")); err != nil {
			c.Add(err)
			return
		}
	}
	if r.Phase != "" && r.Phase != fault.Before && r.Phase != fault.After {
		c.Add(at.At("phase").Errorf("phase %q: expected before or after", r.Phase))
	}
	c.where(&r.Where, at.At("where"))
	c.when(r, at.At("when"))
	c.what(r, at.At("what"))
}

func (c *Checker) where(w *fault.Where, at file.Node) {
	if err := bounded(w, at); err != nil {
		c.Add(err)
		return
	}
	c.Add(c.Operation(w.Operation, at.At("operation")))
	if w.Method != "" && !match.IsToken(w.Method) {
		c.Add(at.At("method").Errorf("%q is not an HTTP method", w.Method))
	}
	ofMethod := func(op *contract.Operation) bool { return strings.EqualFold(op.Method, w.Method) }
	if w.Method != "" && w.Operation != "" && !slices.ContainsFunc(c.catalogue.Matching(w.Operation), ofMethod) {
		c.Warn(at.At("method").Errorf("warning: no operation %s has the method %s; the rule never fires", w.Operation, w.Method))
	}
	if w.Path != "" && !strings.HasPrefix(w.Path, "/") && !strings.HasPrefix(w.Path, "*") {
		c.Add(at.At("path").Errorf("path %q: expected a leading slash", w.Path))
	}
	c.Add(content(w).Check(at))
}

// Content adds the mistakes in what an expectation says of the content of requests.
func (c *Checker) Content(m *match.Content, at file.Node) {
	if err := m.Bounded(at); err != nil {
		c.Add(err)
		return
	}
	c.Add(m.Check(at))
}

func (c *Checker) when(r *fault.Rule, at file.Node) {
	w := &r.When
	if w.Skip < 0 {
		c.Add(at.At("skip").Errorf("skip must not be negative"))
	}
	if w.Times != nil && *w.Times < 0 {
		c.Add(at.At("times").Errorf("times must not be negative; 0 means no limit"))
	}
	if w.Every < 0 {
		c.Add(at.At("every").Errorf("every must not be negative"))
	}
	if w.Probability != nil && (*w.Probability < 0 || *w.Probability > 1) {
		c.Add(at.At("probability").Errorf("probability must be from 0 to 1"))
	}
	if slices.ContainsFunc(w.Calls, func(n int) bool { return n < 1 }) {
		c.Add(at.At("calls").Errorf("calls must be 1 or more"))
	}
	if w.During != nil {
		c.Add(checkWindow(w.During, at.At("during")))
	}
	if w.After != nil {
		c.since(r, at.At("after"))
	}
}

func (c *Checker) since(r *fault.Rule, at file.Node) {
	a := r.When.After
	switch {
	case (a.Fault == "") == (a.Operation == ""):
		c.Add(at.Errorf("expected either fault or operation"))
	case a.Fault != "" && a.Fault == cmp.Or(r.Name, r.Use):
		c.Add(at.At("fault").Errorf("the rule cannot wait for itself"))
	case a.Count < 0:
		c.Add(at.At("count").Errorf("count must not be negative"))
	case a.Fault != "":
		c.Add(c.Rule(a.Fault, at.At("fault")))
	default:
		c.Add(c.Operation(a.Operation, at.At("operation")))
	}
}
