package explore

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"standin/emulator/journal"
)

// A Report is what an exploration found. Two explorations with the same seed and command have the
// same report, except for its times, if the client repeats its requests.
type Report struct {
	Command  []string                `json:"command"`  // the command with its arguments; the name of a test
	Seed     int64                   `json:"seed"`     // the seed of each run
	Baseline Baseline                `json:"baseline"` // the runs without failures
	Runs     []Run                   `json:"runs"`     // the runs with failures
	Skipped  Skipped                 `json:"skipped"`  // how many cases were left out, by reason
	Left     []Left                  `json:"left_out"` // which cases were left out
	Verdicts map[journal.Outcome]int `json:"verdicts"` // how many runs came to each verdict
	Findings []Finding               `json:"findings"` // the runs with a bad verdict, by cause
	Gone     []Accepted              `json:"gone"`     // findings that were accepted, and no longer occur
	Complete bool                    `json:"complete"` // the exploration was not interrupted
}

// A Baseline describes the runs without failures.
type Baseline struct {
	Requests   int      `json:"requests"`         // how many requests the client sends
	Repeatable bool     `json:"repeatable"`       // both runs sent the same requests in the same order
	Notes      []string `json:"notes,omitempty"`  // what to keep in mind when reading the report
	Masked     []string `json:"masked,omitempty"` // members of records that the client sets to another value in each run; they are not compared
	Points     []Point  `json:"points"`           // the requests at which failures were tried
}

// The values of Run.Times.
const (
	Once    = "once"
	Forever = "forever"
)

// A Run is one run of the client with a failure.
type Run struct {
	Number      int                  `json:"number"`                // the number of the run, counting from 1
	Operation   string               `json:"operation"`             // the operation of the request that fails
	Nth         int                  `json:"nth"`                   // which request to the operation fails, counting from 1
	Request     string               `json:"request"`               // the method and the path of the request
	Failure     string               `json:"failure"`               // a documented failure, OPERATION/STATUS, or lost-reply, half-answer, dead-token, reset, unavailable or hang
	Times       string               `json:"times"`                 // once, or forever: this request and each later one
	After       *Earlier             `json:"after,omitempty"`       // a failure of the same run before this one
	Verdict     journal.Outcome      `json:"verdict"`               // what the run came to
	Exit        int                  `json:"exit"`                  // the exit code; -1 if the command was stopped or a signal ended it
	Took        journal.Milliseconds `json:"took_ms"`               // how long the run took
	Requests    int                  `json:"requests,omitempty"`    // how many requests the client sent; absent if the command was stopped
	Differences []string             `json:"differences,omitempty"` // what the run left that it should not, or did not leave
	Rules       []string             `json:"rules,omitempty"`       // the rules for retries that failed
	Finding     string               `json:"finding,omitempty"`     // the file of the finding
}

// Earlier is a failure before another one.
type Earlier struct {
	Operation string `json:"operation"` // the operation of the request that failed
	Nth       int    `json:"nth"`       // which request to the operation failed, counting from 1
	Failure   string `json:"failure"`   // the failure
}

// Skipped counts the cases that were left out.
type Skipped struct {
	CallSite     int `json:"call-site"`     // the request comes after the same operations as an earlier one
	SameReaction int `json:"same-reaction"` // the client reacts at another request to the operation as to a failure that was tried
	NoImpact     int `json:"no-impact"`     // the failure changes nothing afterwards, so that it is not tried without end or with a second one
	Unreachable  int `json:"unreachable"`   // the client did not send the request again
	Budget       int `json:"budget"`        // the runs or the time were used up
}

// Left is the cases that were left out at one request, for one reason.
type Left struct {
	Operation string `json:"operation"` // the operation of the request
	Nth       int    `json:"nth"`       // which request to the operation, counting from 1
	Reason    string `json:"reason"`    // the reason, as in skipped
	Cases     int    `json:"cases"`     // how many cases
}

// A Finding is one cause of bad runs: the same failure of the same operation, with the same verdict
// and differences of the same kind.
type Finding struct {
	File        string          `json:"file"`                  // the scenario that shows it again
	Fingerprint string          `json:"fingerprint"`           // the same for the same cause in each exploration
	Verdict     journal.Outcome `json:"verdict"`               // what the runs came to
	Operation   string          `json:"operation"`             // the operation of the request that fails
	Failure     string          `json:"failure"`               // the failure
	Times       string          `json:"times"`                 // once or forever
	Differences []string        `json:"differences,omitempty"` // those of the first run
	Rules       []string        `json:"rules,omitempty"`       // the rules for retries that failed in the first run
	Runs        []int           `json:"runs"`                  // the numbers of the runs
	Accepted    string          `json:"accepted,omitempty"`    // the date on which it was accepted; absent if it was not

	first *Result
	about string // what the file of accepted findings says of it
}

// Report returns the report of the runs that were judged.
func (s *Session) Report(command []string, accepted []Accepted) *Report {
	x := &Report{
		Command: shown(command), Seed: s.Seed(), Runs: []Run{}, Left: append([]Left{}, s.plan.left...), Verdicts: map[journal.Outcome]int{}, Findings: []Finding{}, Gone: []Accepted{},
		Baseline: Baseline{Requests: s.base.requests, Repeatable: len(s.base.notes) == 0, Notes: s.base.notes, Masked: s.base.masked(), Points: []Point{}},
	}
	for _, p := range s.base.points {
		public := p.Point
		public.Cases = len(s.candidates(p))
		x.Baseline.Points = append(x.Baseline.Points, public)
	}
	slices.SortStableFunc(x.Left, s.base.compare) // workers leave cases out in any order
	for _, l := range x.Left {
		*x.Skipped.of(l.Reason) += l.Cases
	}
	all := s.inOrder()
	x.Findings = findings(all, accepted)
	for _, r := range all {
		x.Verdicts[r.Verdict]++
		x.Runs = append(x.Runs, r.Run)
	}
	whole := s.options.Only == "" && s.options.Failures == "" && x.Skipped.Budget == 0
	for _, a := range accepted {
		if whole && !slices.ContainsFunc(x.Findings, func(f Finding) bool { return f.Fingerprint == a.Fingerprint }) {
			x.Gone = append(x.Gone, a)
		}
	}
	return x
}

// compare orders what was left out by the points, and at a point by the reasons.
func (x *baseline) compare(a, b Left) int {
	at := func(l Left) int {
		i := slices.IndexFunc(x.points, func(p *point) bool { return p.Operation == l.Operation && p.Nth == l.Nth })
		return cmp.Or(i+1, len(x.points)+1) // those of second failures last
	}
	return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Nth, b.Nth), cmp.Compare(a.Reason, b.Reason))
}

// of returns the counter of a reason.
func (k *Skipped) of(reason string) *int {
	switch reason {
	case sameSite:
		return &k.CallSite
	case sameReaction:
		return &k.SameReaction
	case noImpact:
		return &k.NoImpact
	case unreachable:
		return &k.Unreachable
	default:
		return &k.Budget
	}
}

// findings groups the bad runs by their causes, and numbers the groups.
func findings(all []*Result, accepted []Accepted) []Finding {
	list := []Finding{}
	for _, r := range all {
		if r.Finding = ""; r.Verdict.Good() {
			continue
		}
		print := r.fingerprint()
		i := slices.IndexFunc(list, func(f Finding) bool { return f.Fingerprint == print })
		if i < 0 {
			i = len(list)
			f := Finding{
				File: fmt.Sprintf("finding-%03d.yaml", i+1), Fingerprint: print, Verdict: r.Verdict, Operation: r.Operation,
				Failure: r.Failure, Times: r.Times, Differences: r.Differences, Rules: r.Rules, first: r,
			}
			if k := slices.IndexFunc(accepted, func(a Accepted) bool { return a.Fingerprint == print }); k >= 0 {
				f.Accepted, f.about = string(accepted[k].Date), accepted[k].About
			}
			list = append(list, f)
		}
		list[i].Runs = append(list[i].Runs, r.Number)
		r.Finding = list[i].File
	}
	return list
}

// Cause returns the finding of a bad run.
func (r *Result) Cause() *Finding {
	f := findings([]*Result{r}, nil)[0]
	f.File = "" // it is not written
	return &f
}

// String describes the finding in lines of text.
func (f *Finding) String() string {
	head := fmt.Sprintf("%s: %s: %s", f.both(), f.Verdict, reasons[f.Verdict])
	return strings.Join(append(append([]string{head}, f.details()...), "fingerprint "+f.Fingerprint), "\n  ")
}

// fingerprint identifies the cause of a bad run.
func (r *Result) fingerprint() string {
	parts := []string{r.Operation, r.Failure, r.Times, string(r.Verdict), strings.Join(r.Classes, ";")}
	if r.Verdict == journal.RetryStorm {
		for _, rule := range bounds {
			if slices.Contains(r.Rules, string(rule)) {
				parts = append(parts, string(rule))
			}
		}
	}
	if r.After != nil {
		parts = append(parts, r.After.Operation, r.After.Failure)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	const bytes = 6
	return hex.EncodeToString(sum[:bytes])
}

// Open returns the findings that were not accepted.
func (x *Report) Open() (all []*Finding) {
	for i := range x.Findings {
		if x.Findings[i].Accepted == "" {
			all = append(all, &x.Findings[i])
		}
	}
	return all
}
