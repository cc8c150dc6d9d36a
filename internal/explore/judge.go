package explore

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"standin/emulator/journal"
	"standin/internal/compare"
	"standin/internal/recorder"
	"standin/internal/sandbox"
)

// A Result is a run that was judged, with what later cases and the report need of it.
type Result struct {
	Run
	Case *Case `json:"-"`

	Name     string   `json:"name"`              // of the case
	Reaction string   `json:"reaction"`          // what the client did after the failure
	Again    bool     `json:"again,omitempty"`   // the request came again after the failure
	Changed  bool     `json:"changed,omitempty"` // the client went on, with other requests than without the failure
	Classes  []string `json:"classes,omitempty"` // the differences, without names
	Why      []string `json:"why,omitempty"`     // what the rules for retries found, with times
	End      string   `json:"end"`               // how the command ended, in words
	Output   string   `json:"output,omitempty"`  // of a finding
	Steps    []Step   `json:"steps"`             // the requests

	stopped bool // the time limit was reached
	entries []journal.Entry
	at      int // the index of the entry that failed; -1 if the journal holds it no more
}

// Judge judges a run of a case. It returns nil if the run did not send the request that was to fail.
// It may be called by several goroutines at once, but for one stage at a time.
func (s *Session) Judge(c *Case, o *Observation) *Result {
	rules := c.Rules()
	name := rules[len(rules)-1].Name
	at := slices.IndexFunc(o.entries, func(e journal.Entry) bool { return firedIn(&e, name) })
	if at < 0 && o.fired[name] == 0 {
		return nil
	}
	r := &Result{Case: c, Name: c.Name(), entries: o.entries, at: at, Run: Run{
		Number: c.Number, Operation: c.point.Operation, Nth: c.point.Nth, Failure: c.failure.name, Times: Once,
		Exit: o.Code, Took: journal.Milliseconds(o.Took), Requests: int(o.sent), Request: c.point.Request,
	}}
	if c.forever {
		r.Times = Forever
	}
	if f := c.first; f != nil {
		r.After = &Earlier{f.point.Operation, f.point.Nth, f.failure.name}
	}
	v := s.verdict(o)
	r.Verdict, r.Rules, r.Why, r.End = v.outcome, v.rules, v.why, o.Found
	for i := range v.differences {
		r.Differences = append(r.Differences, v.differences[i].text)
		r.Classes = append(r.Classes, v.differences[i].class)
	}
	slices.Sort(r.Classes)
	r.Classes = slices.Compact(r.Classes)
	if r.Steps = steps(o.entries, at); !r.Verdict.Good() {
		r.Output = recorder.Redacted(o.Output)
	}
	if r.stopped = o.Stopped; o.Stopped {
		r.Requests = 0 // how many came in the time is chance
	}
	s.react(r, o)
	if s.options.Depth < 2 || !r.Changed {
		r.entries = nil // only second failures need them
	}
	return r
}

// firedIn reports whether a rule fired at an exchange.
func firedIn(e *journal.Entry, rule string) bool {
	return slices.ContainsFunc(e.Faults, func(f journal.Fault) bool { return f.Rule == rule && f.Fired })
}

// react sets what the client did after the failure.
func (s *Session) react(r *Result, o *Observation) {
	var after, without []string
	for i := r.at + 1; i < len(o.entries) && !o.Stopped && r.Verdict != journal.RetryStorm; i++ {
		after = append(after, o.entries[i].Operation)
	}
	failed := slices.IndexFunc(s.base.points, func(p *point) bool { return p.Operation == r.Operation && p.Nth == r.Nth })
	if failed >= 0 { // the request of a second failure may be none of the points
		for _, p := range s.base.points[failed+1:] {
			without = append(without, p.Operation)
		}
	}
	r.Changed = len(after) > 0 && !slices.Equal(after, without)
	r.Reaction = fmt.Sprintf("%s %d %s", r.Verdict, r.Exit, strings.Join(after, ","))
	r.Again = slices.ContainsFunc(o.entries[r.at+1:], func(e journal.Entry) bool { return r.Case.point.matches(&e) })
}

// Outcome returns what a run came to, and what shows it.
func (s *Session) Outcome(o *Observation) (out journal.Outcome, why []string) {
	v := s.verdict(o)
	for i := range v.differences {
		why = append(why, v.differences[i].text)
	}
	return v.outcome, append(append(why, v.why...), o.Found)
}

// A verdict is an outcome with its evidence.
type verdict struct {
	outcome     journal.Outcome
	differences []difference
	rules       []string // that failed
	why         []string
}

// bounds are the rules for retries that bound the load of a service.
var bounds = []journal.RetryRule{journal.NoCap, journal.NoPause, journal.Amplifies, journal.IgnoresRetryAfter}

// verdict judges a run. The first that applies counts: it crashed, it did not end, it succeeded and
// left other records, it failed and left strange records, it was a load.
func (s *Session) verdict(o *Observation) *verdict {
	v := &verdict{}
	s.grade(v, o)
	storm := slices.ContainsFunc(bounds, func(r journal.RetryRule) bool {
		return slices.Contains(v.rules, string(r)) && (r != journal.NoPause || hasty(o.retries))
	})
	succeeded := o.succeeded()
	v.differences = s.compare(o, succeeded)
	switch {
	case o.Stopped && storm:
		v.outcome = journal.RetryStorm
	case o.Stopped:
		v.outcome = journal.Hang
	case o.Signal != 0, o.Trace != "" && !succeeded:
		v.outcome = journal.Crash
	case succeeded && len(v.differences) > 0:
		v.outcome = journal.SilentFailure
	case len(v.differences) > 0:
		v.outcome = journal.Inconsistent
	case storm:
		v.outcome = journal.RetryStorm
	case succeeded:
		v.outcome = journal.Tolerated
	default:
		v.outcome = journal.CleanFailure
	}
	return v
}

// hasty reports whether several attempts came without a pause. One may be chance: a client that starts
// a process for each attempt needs about as long as the rule allows.
func hasty(r *journal.Retries) bool {
	x := r.Result(journal.NoPause)
	return x != nil && len(x.Chains)+x.More >= fewAttempts
}

// amplified is how many times the requests of the run without failures are too many.
const amplified = 10

// grade collects the rules for retries that failed, and that did not fail without failures.
func (s *Session) grade(v *verdict, o *Observation) {
	fail := func(rule journal.RetryRule, why ...string) {
		if !s.base.broken[string(rule)] && !slices.Contains(v.rules, string(rule)) {
			v.rules = append(v.rules, string(rule))
			for _, line := range why {
				v.why = append(v.why, string(rule)+": "+line)
			}
		}
	}
	for _, r := range o.retries.Failed() {
		fail(r.ID, r.Lines()...)
	}
	if n, most := int(o.sent), amplified*s.base.requests; n > most {
		fail(journal.Amplifies, fmt.Sprintf("%d requests, and %d without failures", n, s.base.requests))
	}
	if n := trying(o.entries); o.Stopped && n > 0 {
		fail(journal.NoCap, fmt.Sprintf("still trying after %d attempts when it was stopped", n))
	}
}

// fewAttempts is how many attempts a client may have made of a request when it is stopped, without
// being one that tries for ever.
const fewAttempts = 3

// trying returns the attempts of the request that a client was repeating at the end; 0 if it was
// not, or has made few.
func trying(all []journal.Entry) int {
	if len(all) == 0 {
		return 0
	}
	last := &all[len(all)-1]
	n := 0
	for i := range all {
		e := &all[i]
		failed := e.Ended != journal.Answered || e.Reply != nil && e.Reply.Status >= http.StatusBadRequest
		if e.Operation == last.Operation && e.Request.Path == last.Request.Path && failed {
			n++
		}
	}
	if n <= fewAttempts {
		return 0
	}
	return n
}

// A difference is a difference between two worlds of one sandbox.
type difference struct {
	text  string
	class string // without names of records and values
}

// compare returns the differences between what a run left and what the run without failures left.
// Of a run that failed, it returns what the run without failures never had.
func (s *Session) compare(o *Observation, succeeded bool) (all []difference) {
	boxes := map[string]bool{}
	for name := range o.worlds {
		boxes[name] = !s.base.drawn
	}
	for name := range s.base.history {
		boxes[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(boxes)) {
		if !boxes[name] {
			continue
		}
		was, is, mask := s.base.history[name], s.last(o, name), s.base.masks[name]
		if len(was) == 0 {
			was = []*compare.Picture{compare.Of(s.loader, s.start.World)}
		}
		// A client that ends at its first failure leaves the world after as many writes.
		same := was[min(max(len(o.worlds[name]), 1), len(was))-1]
		var found []compare.Difference
		switch {
		case succeeded:
			found = was[len(was)-1].Differences(is, mask)
		case len(same.Differences(is, mask)) > 0:
			found = is.Strays(was, mask)
		}
		for i := range found {
			d := difference{found[i].String(), found[i].Class()}
			if name != sandbox.Default {
				d.text += " in sandbox " + name
			}
			all = append(all, d)
		}
	}
	return all
}

// A Step is one request of a run.
type Step struct {
	At        journal.Milliseconds `json:"at_ms"` // since the first request
	Took      journal.Milliseconds `json:"took_ms"`
	Request   string               `json:"request"`
	Operation string               `json:"operation,omitempty"`
	Status    int                  `json:"status,omitempty"`
	Ended     journal.Ended        `json:"ended"`
	Attempt   int                  `json:"attempt"`
	Fault     bool                 `json:"fault,omitempty"` // the failure of the case, or of its first failure
	Changes   []journal.Change     `json:"changes,omitempty"`
}

// maxSteps is the maximum number of requests of a run that are kept for the report.
const maxSteps = 300

// steps returns the requests of a run. If there are too many, it returns those around the one that
// failed.
func steps(all []journal.Entry, failed int) []Step {
	from := max(0, min(failed-maxSteps/2, len(all)-maxSteps))
	list := make([]Step, 0, min(len(all), maxSteps))
	for i := range min(len(all), maxSteps) {
		e := &all[from+i]
		x := Step{
			At: journal.Milliseconds(max(0, e.Began.Sub(all[0].Began))), Took: journal.Milliseconds(e.Took), Operation: e.Operation,
			Request: e.Request.Method + " " + e.Request.Path, Ended: e.Ended, Attempt: e.Attempt, Changes: e.Changes,
			Fault: firedIn(e, ruleName) || firedIn(e, secondRule),
		}
		if e.Reply != nil {
			x.Status = e.Reply.Status
		}
		list = append(list, x)
	}
	return list
}
