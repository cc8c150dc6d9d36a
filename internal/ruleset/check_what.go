package ruleset

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/file"
	"standin/internal/match"
)

var malformations = []string{string(fault.NotJSON), string(fault.ByteOrderMark), string(fault.WrongCharset), string(fault.WrongContentType)}

// These are the limits of statuses. A status below minStatus would not end the exchange.
const (
	minStatus, maxStatus = 200, 999
	maxChunks            = 10_000
	maxBandwidth         = 1 << 30
)

func (c *Checker) what(r *fault.Rule, at file.Node) {
	w := &r.What
	if r.Func == nil && empty(w) {
		c.Add(at.Errorf("the rule does nothing; expected one of %s", strings.Join(file.Keys[fault.What](), ", ")))
	}
	if w.Status != 0 && (w.Status < minStatus || w.Status > maxStatus) {
		c.Add(at.At("status").Errorf("status %d: expected %d to %d", w.Status, minStatus, maxStatus))
	}
	if w.MalformedBody != "" && !slices.Contains(malformations, string(w.MalformedBody)) {
		c.Add(at.At("malformed_body").Errorf("no malformation %q%s; expected %s", w.MalformedBody, file.Hint(string(w.MalformedBody), malformations), strings.Join(malformations, ", ")))
	}
	c.pace(w, at)
	if odd(w.RetryAfter) {
		c.Warn(at.At("retry_after").Errorf("warning: %q is neither a duration such as 2s, nor a number of seconds, nor a date; it is sent unchanged", string(w.RetryAfter)))
	}
	if w.RateLimit != nil {
		c.Add(checkLimit(w.RateLimit, at.At("rate_limit")))
	}
	c.headers(&w.Headers, at.At("headers"))
	c.connection(r, at)
	c.pageCap(r, at)
	c.documented(r, at)
}

// pace checks what makes an answer late or slow.
func (c *Checker) pace(w *fault.What, at file.Node) {
	if w.Delay != nil {
		c.Add(checkDelay(w.Delay, at.At("delay")))
	}
	if d := w.Dribble; d != nil && (d.Chunks < 1 || d.Chunks > maxChunks) {
		c.Add(at.At("dribble", "chunks").Errorf("expected 1 to %d chunks", maxChunks))
	}
	if d := w.Dribble; d != nil && d.Over < 0 {
		c.Add(at.At("dribble", "over").Errorf("over must not be negative"))
	}
	if w.Bandwidth < 0 || w.Bandwidth > maxBandwidth {
		c.Add(at.At("bandwidth").Errorf("bandwidth: expected at most %d bytes per second", maxBandwidth))
	}
}

// empty reports whether a rule does nothing.
func empty(w *fault.What) bool {
	return w.Status == 0 && w.Headers.IsZero() && w.RetryAfter == "" && w.Body == nil && w.Patch == nil && w.MalformedBody == "" &&
		w.Delay == nil && w.Dribble == nil && w.Bandwidth == 0 && w.Connection == nil && w.RateLimit == nil && !w.ExpireToken && w.PageCap == 0
}

func (c *Checker) headers(h *fault.Headers, at file.Node) {
	for i, name := range h.Remove {
		if framing(name) {
			c.Add(at.At("remove", i).Errorf("%s cannot be removed here; use connection: {kind: content_length, mode: missing}", name))
		}
	}
	for group, all := range map[string]map[string]string{"set": h.Set, "add": h.Add} {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			switch {
			case !match.IsToken(name):
				c.Add(at.At(group, name).Errorf("%q is not a header name", name))
			case strings.ContainsAny(all[name], "\r\n\x00"):
				c.Add(at.At(group, name).Errorf("a header cannot contain line ends"))
			case framing(name):
				c.Add(at.At(group, name).Errorf("%s cannot be set here; use connection: {kind: content_length, …}", name))
			}
		}
	}
}

// framing reports whether a header is written together with the body.
func framing(name string) bool {
	name = http.CanonicalHeaderKey(name)
	return name == "Content-Length" || name == "Transfer-Encoding" || name == "Connection"
}

func (c *Checker) connection(r *fault.Rule, at file.Node) {
	k := r.What.Connection
	if k == nil {
		return
	}
	n := at.At("connection")
	if err := checkBreak(k, n); err != nil {
		c.Add(err)
		return
	}
	paced := r.What.Dribble != nil || r.What.Bandwidth > 0
	switch {
	case !k.NeedsAnswer() && r.What.Status != 0:
		c.Add(n.Errorf("the client cannot see status %d: the connection breaks before the answer", r.What.Status))
	case paced:
		c.Add(n.Errorf("connection cannot be combined with dribble or bandwidth"))
	}
}

func (c *Checker) pageCap(r *fault.Rule, at file.Node) {
	n := r.What.PageCap
	switch {
	case n < 0:
		c.Add(at.At("page_cap").Errorf("page_cap must not be negative"))
	case n > 0 && r.What.Status != 0:
		c.Add(at.At("page_cap").Errorf("page_cap needs the answer of the handler; the rule answers %d", r.What.Status))
	case n > 0 && phased(r) == fault.After:
		c.Add(at.At("page_cap").Errorf("page_cap changes the request, so it needs phase: before"))
	case n > 0 && !slices.ContainsFunc(c.catalogue.Matching(r.Where.Operation), pages):
		c.Add(at.At("page_cap").Errorf("no operation that matches %q has a page size", r.Where.Operation))
	}
}

// documented warns of statuses that no operation of the rule documents. It refuses unknown
// examples.
func (c *Checker) documented(r *fault.Rule, at file.Node) {
	w := &r.What
	if w.Status == 0 {
		if w.Example != "" {
			c.Add(at.At("example").Errorf("example needs a status"))
		}
		return
	}
	var examples []string
	known := false
	for _, op := range c.catalogue.Matching(r.Where.Operation) {
		if resp := op.Response(w.Status); resp != nil {
			known = true
			examples = append(examples, resp.Examples()...)
		}
	}
	switch {
	case w.Example != "" && !slices.Contains(examples, w.Example):
		c.Add(at.At("example").Errorf("no example %q for status %d%s; expected %s", w.Example, w.Status, file.Hint(w.Example, examples), strings.Join(examples, ", ")))
	case !known && r.Where.Operation != "":
		c.Warn(at.At("status").Errorf("warning: %s documents no %d; the body is a general error of the service", r.Where.Operation, w.Status))
	}
}

// maxGarbage is the maximum number of bytes in a connection fault.
const maxGarbage = 1 << 20

// checkBreak returns an error for the first mistake in a connection fault.
func checkBreak(c *fault.Connection, at file.Node) error {
	all := fault.Breaks()
	i := slices.IndexFunc(all, func(b fault.BreakInfo) bool { return b.Kind == c.Kind })
	if i < 0 {
		var kinds []string
		for _, b := range all {
			kinds = append(kinds, string(b.Kind))
		}
		return at.At("kind").Errorf("no connection fault %q%s; expected %s", c.Kind, file.Hint(string(c.Kind), kinds), strings.Join(kinds, ", "))
	}
	if err := checkOptions(c, all, &all[i], at); err != nil {
		return err
	}
	switch {
	case c.Bytes != nil && (*c.Bytes < 0 || *c.Bytes > maxGarbage):
		return at.At("bytes").Errorf("expected 0 to %d bytes", maxGarbage)
	case c.Bytes != nil && c.Kind == fault.Reset && c.At != "body":
		return at.At("bytes").Errorf(`"bytes" of a reset needs at: body`)
	case c.By < 0:
		return at.At("by").Errorf("by must not be negative")
	case c.For < 0:
		return at.At("for").Errorf("for must not be negative")
	case c.Silent && c.NeedsAnswer():
		return at.At("silent").Errorf(`"silent" applies only to breaks before the answer`)
	}
	return nil
}

// checkOptions returns an error for the first option that does not apply to the kind of break, or
// has an invalid value.
func checkOptions(c *fault.Connection, all []fault.BreakInfo, kind *fault.BreakInfo, at file.Node) error {
	given := []struct {
		option, word string
		is           bool
	}{
		{"at", c.At, c.At != ""}, {"mode", c.Mode, c.Mode != ""}, {"bytes", "", c.Bytes != nil}, {"by", "", c.By != 0},
		{"for", "", c.For != 0}, {"silent", "", c.Silent},
	}
	for _, g := range given {
		switch o := kind.Option(g.option); {
		case !g.is:
		case o == nil:
			return at.At(g.option).Errorf("%q applies to %s only", g.option, takers(all, g.option))
		case o.Words != nil && !slices.Contains(o.Words, g.word):
			return at.At(g.option).Errorf("%s %q%s; expected %s", g.option, g.word, file.Hint(g.word, o.Words), strings.Join(o.Words, ", "))
		}
	}
	return nil
}

// takers returns the kinds of connection faults to which an option applies.
func takers(all []fault.BreakInfo, option string) string {
	var kinds []string
	for i := range all {
		if b := &all[i]; b.Option(option) != nil {
			kinds = append(kinds, string(b.Kind))
		}
	}
	if last := len(kinds) - 1; last > 0 {
		return strings.Join(kinds[:last], ", ") + " and " + kinds[last]
	}
	return strings.Join(kinds, "")
}
