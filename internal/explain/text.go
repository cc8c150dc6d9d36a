package explain

import (
	"cmp"
	"fmt"
	"strings"

	"standin/emulator/journal"
	"standin/internal/contract"
)

// String returns the explanation as lines of text.
func (x *Explanation) String() string {
	w := &lines{}
	status := "no answer"
	if x.Answer.Status != 0 {
		status = strings.TrimSpace(fmt.Sprintf("%d %s", x.Answer.Status, x.Answer.Reason))
	}
	fmt.Fprintf(w, "request %d: %s %s: %s\n\n", x.Sequence, x.Method, journal.Printable(x.Path), status)
	w.line("sandbox", "%s: %s", x.Sandbox.Name, bySandbox[x.Sandbox.By])
	if op := x.Operation; op != nil {
		w.line("operation", "%s: %s", op.ID, op.Summary)
	} else {
		w.line("operation", "none has this method and path")
	}
	for _, near := range x.Near {
		w.line("near", "%s", journal.Printable(near))
	}
	w.line("caller", "%s", x.Caller.String())
	w.line("decided by", "%s", x.Decision.String())
	x.answer(w)
	for _, f := range x.Rules {
		w.line("rule", "%s", ruleText(&f))
	}
	for _, q := range x.Quirks {
		w.line("quirk", "%s is on. Document: %s Server: %s", q.Name, sentence(q.Document), sentence(q.Server))
	}
	for _, u := range x.Unread {
		w.line("unread", "%s", u.String())
	}
	if x.Unsearched != "" {
		w.line("unread", "the members of the body were not searched: %s", x.Unsearched)
	}
	for _, o := range x.Others {
		w.line("not", "%d %s (%s): %s", o.Status, o.Reason, o.Evidence, sentence(o.Words))
	}
	return w.String()
}

// answer writes where the answer comes from.
func (x *Explanation) answer(w *lines) {
	a := &x.Answer
	if a.Ended != journal.Answered {
		w.line("ended", "%s", endings[a.Ended])
	}
	if a.Status != 0 {
		source := sources[a.Evidence]
		if a.Quirk != "" {
			source += ", by the quirk " + a.Quirk
		}
		w.line("comes from", "%s", source)
	}
	if a.Words != "" {
		w.line("", "“%s”", sentence(a.Words))
	}
	for _, note := range []struct{ name, text string }{{"note", x.Note}, {"BREAKS ITS CONTRACT", x.Violation}} {
		if note.text != "" {
			w.line(note.name, "%s", journal.Printable(note.text))
		}
	}
}

// The texts of values.
var (
	bySandbox = map[string]string{
		journal.ByPath:   "the path begins with /~NAME",
		journal.ByHeader: "the header X-Standin-Sandbox names it",
		journal.ByToken:  "it issued the token of the caller",
		"default":        "the request names no sandbox",
	}
	byCaller = map[string]string{
		journal.ByToken:   "by a token",
		journal.ByBasic:   "by HTTP Basic",
		journal.ByNothing: "because logins are off",
		byUnknown:         "unknown: the credentials of the request are not valid here",
		byNothing:         "nobody: the request has no credentials, or the operation reads none",
	}
	sources = map[contract.Evidence]string{
		contract.Document: "the document of the service, which lists this status",
		contract.Server:   "the real server, which was seen to answer so; its document does not list this status",
		contract.Standin:  "Standin alone",
		"":                "no contract: the contract of the operation does not list this status",
	}
	endings = map[journal.Ended]string{
		journal.Open:    "the exchange has not ended",
		journal.Aborted: "the client left, or its request was not complete",
		journal.Cut:     "a rule cut the connection",
	}
)

// String returns who the caller is, and how the service knows.
func (c *Caller) String() string {
	if c.Name == "" {
		return byCaller[c.By]
	}
	return strings.TrimSpace(c.Name + ", " + byCaller[c.By])
}

// String returns what decided the answer.
func (d *Decision) String() string {
	switch d.By {
	case byCheck:
		return fmt.Sprintf("the check %q, which refused the request", d.Name)
	case byHandler:
		return "the handler of " + d.Name
	case byExample:
		return "the documented example of " + d.Name + ", which stores nothing"
	case byFault:
		when := "before any check or handler"
		if d.After {
			when = "after the check or the handler that decides otherwise"
		}
		return "the rule " + d.Name + ", " + when
	case byPath:
		return "the path and the method, which belong to no operation"
	default:
		return "nothing yet"
	}
}

func ruleText(f *journal.Fault) string {
	if !f.Fired {
		return fmt.Sprintf("%s did not fire at its request %d: %s", f.Rule, f.Match, f.Why)
	}
	undocumented := ""
	if f.Undocumented {
		undocumented = "; the contract does not list this status"
	}
	return fmt.Sprintf("%s fired at its request %d: %s%s", f.Rule, f.Match, strings.Join(f.Did, ", "), undocumented)
}

// String returns the place and the name of a part, and the closest known name.
func (u *Unread) String() string {
	text := strings.TrimSpace(u.Place + " " + u.Name)
	if u.Place == inBody && u.Name == "" {
		text = "body: the operation reads none"
	}
	if u.Nearest != "" {
		text += fmt.Sprintf(", did you mean %q?", u.Nearest)
	}
	return text
}

// String returns the report as lines of text.
func (r *Report) String() string {
	w := &lines{}
	for _, c := range r.Unread {
		fmt.Fprintf(w, "%6d  %s  %s\n", c.Requests, c.Operation, c.String())
	}
	if len(r.Unread) == 0 {
		fmt.Fprintln(w, "Nothing was unread.")
	}
	if r.More > 0 {
		fmt.Fprintf(w, "%6d  more, not listed\n", r.More)
	}
	fmt.Fprintf(w, "%d of %d requests were searched.\n", r.Searched, r.Requests)
	return w.String()
}

// lines is a text of lines that begin with a name.
type lines struct {
	strings.Builder
	last string
}

// line adds a line. A name that the line before has is left out.
func (w *lines) line(name, format string, args ...any) {
	begin := name
	if name == w.last {
		begin = ""
	}
	w.last = cmp.Or(name, w.last)
	fmt.Fprintf(w, "%-11s %s\n", begin, fmt.Sprintf(format, args...))
}

// sentence returns a text with a full stop.
func sentence(text string) string {
	if text = strings.TrimSpace(text); text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
