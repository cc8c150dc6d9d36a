package fault

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/file"
)

// A checker looks for mistakes in rules, and collects them.
type checker struct {
	catalogue *Catalogue
	names     []string // of all rules
	patterns  int      // of the expectations so far
	errs      []error
	warnings  []error // what is allowed, and perhaps not meant
	scenario  *Scenario
}

// Check completes rules that were written in Go and returns an error that lists every mistake.
// Others are the names of rules that are armed already.
func (k *Catalogue) Check(rules []Rule, others ...string) ([]Rule, error) {
	rules = slices.Clone(rules)
	c := &checker{catalogue: k, names: others}
	for _, r := range rules {
		c.names = append(c.names, cmp.Or(r.Name, r.Use))
	}
	for i := range rules {
		c.rule(&rules[i], file.Node{})
	}
	return rules, plain(errors.Join(c.errs...))
}

// plain takes the places out of errors where there is no file.
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

// Parse reads rules from a file or a request: one rule, a list of them, or a
// mapping with such a list as its member "faults". The error lists every mistake.
func (k *Catalogue) Parse(name string, data []byte, others ...string) ([]Rule, error) {
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
	c := &checker{catalogue: k, names: others}
	rules := c.read(root, at)
	return rules, c.err()
}

// read reads the rules of a list and checks those that can be read.
func (c *checker) read(list file.Node, at []file.Node) []Rule {
	if len(at) > MostRules {
		c.add(list.Errorf("%d rules; a sandbox has at most %d", len(at), MostRules))
		return nil
	}
	rules, unread := make([]Rule, len(at)), make([]bool, len(at))
	for i, n := range at {
		err := n.Decode(&rules[i])
		unread[i] = err != nil
		c.add(err)
	}
	c.rules(rules, at, unread)
	return rules
}

// err is what is wrong, in the order of lines.
func (c *checker) err() error {
	return file.Sorted(errors.Join(c.errs...), mostErrors)
}

// mostErrors is how many mistakes are told at once.
const mostErrors = 20

func (c *checker) add(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// rules checks rules that stand at nodes, but for those that could not be read.
func (c *checker) rules(rules []Rule, at []file.Node, unread []bool) {
	taken := map[string]bool{}
	for _, name := range c.names {
		taken[name] = true
	}
	for i := range rules {
		name := rules[i].Name
		if name != "" && taken[name] {
			c.add(at[i].At("name").Errorf("there is a rule %q already", name))
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

// longestName bounds the names of rules.
const longestName = 100

var (
	ruleName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._/#:-]*$`)
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
)

func (c *checker) rule(r *Rule, at file.Node) {
	if r.Name != "" && (!ruleName.MatchString(r.Name) || len(r.Name) > longestName) {
		c.add(at.At("name").Errorf("the name %q; expected letters, digits and . _ / # : - and blanks, at most %d", r.Name, longestName))
	}
	if r.Use != "" {
		if err := c.catalogue.use(r, at.At("use")); err != nil {
			c.add(err)
			return
		}
	}
	if r.Phase != "" && r.Phase != Before && r.Phase != After {
		c.add(at.At("phase").Errorf("the phase %q; expected before or after", r.Phase))
	}
	c.where(&r.Where, at.At("where"))
	c.when(r, at.At("when"))
	c.what(r, at.At("what"))
}

func (c *checker) where(w *Where, at file.Node) {
	if err := w.bounded(at); err != nil {
		c.add(err)
		return
	}
	if w.Operation != "" && len(c.catalogue.matching(w.Operation)) == 0 {
		c.add(c.catalogue.noOperation(at.At("operation"), w.Operation))
	}
	if w.Method != "" && !headerName.MatchString(w.Method) {
		c.add(at.At("method").Errorf("%q is no HTTP method", w.Method))
	}
	ofMethod := func(op *contract.Operation) bool { return strings.EqualFold(op.Method, w.Method) }
	if w.Method != "" && w.Operation != "" && !slices.ContainsFunc(c.catalogue.matching(w.Operation), ofMethod) {
		c.warnings = append(c.warnings, at.At("method").Errorf("warning: no operation %s has the method %s; the rule never fires", w.Operation, w.Method))
	}
	if w.Path != "" && !strings.HasPrefix(w.Path, "/") && !strings.HasPrefix(w.Path, "*") {
		c.add(at.At("path").Errorf("the path %q does not begin with a slash", w.Path))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Header)) {
		if !headerName.MatchString(name) {
			c.add(at.At("header", name).Errorf("%q is not a header name", name))
		}
	}
	for _, pointer := range slices.Sorted(maps.Keys(w.Body)) {
		t, n := w.Body[pointer], at.At("body", pointer)
		if pointer != "" && pointer[0] != '/' {
			c.add(n.Errorf("%q is no JSON pointer: it begins with a slash", pointer))
		}
		if t.Matches != nil {
			if err := checkRegexp(*t.Matches); err != nil {
				c.add(n.At("matches").Errorf("%s", err))
			}
		}
		if t == (BodyTest{}) {
			c.add(n.Errorf("nothing is asked; expected equals, exists or matches"))
		}
	}
}

func (c *checker) when(r *Rule, at file.Node) {
	w := &r.When
	if w.Skip < 0 {
		c.add(at.At("skip").Errorf("skip must not be negative"))
	}
	if w.Times != nil && *w.Times < 0 {
		c.add(at.At("times").Errorf("times must not be negative; 0 is without end"))
	}
	if w.Every < 0 {
		c.add(at.At("every").Errorf("every must not be negative"))
	}
	if w.Probability != nil && (*w.Probability < 0 || *w.Probability > 1) {
		c.add(at.At("probability").Errorf("a probability is from 0 to 1"))
	}
	if slices.ContainsFunc(w.Calls, func(n int) bool { return n < 1 }) {
		c.add(at.At("calls").Errorf("calls are counted from 1"))
	}
	if w.During != nil {
		c.add(w.During.check(at.At("during")))
	}
	if w.After != nil {
		c.since(r, at.At("after"))
	}
}

func (c *checker) since(r *Rule, at file.Node) {
	a := r.When.After
	switch {
	case (a.Fault == "") == (a.Operation == ""):
		c.add(at.Errorf("expected either fault or operation"))
	case a.Fault != "" && a.Fault == cmp.Or(r.Name, r.Use):
		c.add(at.At("fault").Errorf("the rule waits for itself"))
	case a.Fault != "" && !slices.Contains(c.names, a.Fault):
		c.add(at.At("fault").Errorf("no rule %q%s", a.Fault, file.Hint(a.Fault, c.names)))
	case a.Operation != "" && len(c.catalogue.matching(a.Operation)) == 0:
		c.add(c.catalogue.noOperation(at.At("operation"), a.Operation))
	case a.Count < 0:
		c.add(at.At("count").Errorf("count must not be negative"))
	}
}

// The bounds of statuses: what lies below them ends no exchange.
const (
	leastStatus, mostStatus = 200, 999
	mostChunks              = 10_000
	mostBandwidth           = 1 << 30
)

func (c *checker) what(r *Rule, at file.Node) {
	w := &r.What
	if r.Func == nil && w.empty() {
		c.add(at.Errorf("the rule does nothing; expected one of %s", strings.Join(file.Keys[What](), ", ")))
	}
	if w.Status != 0 && (w.Status < leastStatus || w.Status > mostStatus) {
		c.add(at.At("status").Errorf("status %d: expected %d to %d", w.Status, leastStatus, mostStatus))
	}
	if w.MalformedBody != "" && !slices.Contains(malformations, string(w.MalformedBody)) {
		c.add(at.At("malformed_body").Errorf("no malformation %q%s; expected %s", w.MalformedBody, file.Hint(string(w.MalformedBody), malformations), strings.Join(malformations, ", ")))
	}
	if w.Delay != nil {
		c.add(w.Delay.check(at.At("delay")))
	}
	if d := w.Dribble; d != nil && (d.Chunks < 1 || d.Chunks > mostChunks) {
		c.add(at.At("dribble", "chunks").Errorf("expected 1 to %d chunks", mostChunks))
	}
	if w.Bandwidth < 0 || w.Bandwidth > mostBandwidth {
		c.add(at.At("bandwidth").Errorf("bandwidth is a number of bytes a second, up to %d", mostBandwidth))
	}
	if w.RetryAfter.odd() {
		c.warnings = append(c.warnings, at.At("retry_after").Errorf("warning: %q is neither a duration such as 2s, nor a number of seconds, nor a date; it is sent as it is", string(w.RetryAfter)))
	}
	if w.RateLimit != nil {
		c.add(w.RateLimit.check(at.At("rate_limit")))
	}
	c.headers(&w.Headers, at.At("headers"))
	c.connection(r, at)
	c.pageCap(r, at)
	c.documented(r, at)
}

func (w *What) empty() bool {
	return w.Status == 0 && w.Headers.empty() && w.RetryAfter == "" && w.Body == nil && w.Patch == nil && w.MalformedBody == "" &&
		w.Delay == nil && w.Dribble == nil && w.Bandwidth == 0 && w.Connection == nil && w.RateLimit == nil && !w.ExpireToken && w.PageCap == 0
}

func (h Headers) empty() bool { return len(h.Set)+len(h.Add)+len(h.Remove) == 0 }

func (c *checker) headers(h *Headers, at file.Node) {
	for i, name := range h.Remove {
		if framing(name) {
			c.add(at.At("remove", i).Errorf("%s is not removed here; connection: {kind: content_length, mode: missing} leaves the length out", name))
		}
	}
	for group, all := range map[string]map[string]string{"set": h.Set, "add": h.Add} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			switch {
			case !headerName.MatchString(name):
				c.add(at.At(group, name).Errorf("%q is not a header name", name))
			case strings.ContainsAny(all[name], "\r\n\x00"):
				c.add(at.At(group, name).Errorf("a header cannot hold line ends"))
			case framing(name):
				c.add(at.At(group, name).Errorf("%s is not set here; connection: {kind: content_length, …} lies about the length", name))
			}
		}
	}
}

// framing headers are written by what writes the body.
func framing(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return name == "Content-Length" || name == "Transfer-Encoding" || name == "Connection"
}

func (c *checker) connection(r *Rule, at file.Node) {
	k := r.What.Connection
	if k == nil {
		return
	}
	n := at.At("connection")
	if err := k.check(n); err != nil {
		c.add(err)
		return
	}
	paced := r.What.Dribble != nil || r.What.Bandwidth > 0
	switch {
	case !k.NeedsAnswer() && r.What.Status != 0:
		c.add(n.Errorf("the client cannot see the status %d: the connection breaks before an answer", r.What.Status))
	case paced:
		c.add(n.Errorf("an answer either comes slowly (dribble, bandwidth) or breaks"))
	}
}

func (c *checker) pageCap(r *Rule, at file.Node) {
	n := r.What.PageCap
	switch {
	case n < 0:
		c.add(at.At("page_cap").Errorf("a page has at least 1 item"))
	case n > 0 && r.What.Status != 0:
		c.add(at.At("page_cap").Errorf("there is no page: the rule answers %d", r.What.Status))
	case n > 0 && r.Phased() == After:
		c.add(at.At("page_cap").Errorf("page_cap changes what is asked for; it has no phase after"))
	case n > 0 && !slices.ContainsFunc(c.catalogue.matching(r.Where.Operation), pages):
		c.add(at.At("page_cap").Errorf("no operation that %q matches has a limit", r.Where.Operation))
	}
}

// documented warns of statuses that no operation of the rule has, and refuses
// examples that there are not.
func (c *checker) documented(r *Rule, at file.Node) {
	w := &r.What
	if w.Status == 0 {
		if w.Example != "" {
			c.add(at.At("example").Errorf("example needs a status"))
		}
		return
	}
	var examples []string
	known := false
	for _, op := range c.catalogue.matching(r.Where.Operation) {
		if resp := op.Response(w.Status); resp != nil {
			known = true
			examples = append(examples, resp.Examples()...)
		}
	}
	switch {
	case w.Example != "" && !slices.Contains(examples, w.Example):
		c.add(at.At("example").Errorf("no example %q of %d%s; there are %s", w.Example, w.Status, file.Hint(w.Example, examples), strings.Join(examples, ", ")))
	case !known && r.Where.Operation != "":
		c.warnings = append(c.warnings, at.At("status").Errorf("warning: %s documents no %d; the service's envelope is answered", r.Where.Operation, w.Status))
	}
}
