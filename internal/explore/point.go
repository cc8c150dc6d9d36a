package explore

import (
	"cmp"
	"fmt"
	"strings"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/sandbox"
)

// A Point is one request of the client at which failures are tried.
type Point struct {
	Operation string `json:"operation"`         // the operationId
	Nth       int    `json:"nth"`               // which request to the operation it was, counting from 1
	Request   string `json:"request"`           // the method and the path
	Caller    string `json:"caller,omitempty"`  // the name of the user; absent if it is unknown
	Sandbox   string `json:"sandbox,omitempty"` // the name of the sandbox; absent if it is the default one
	Cases     int    `json:"cases"`             // how many cases it has if none is left out: each failure once, and some without end
}

// A point is a Point with what is needed to fail its request again.
type point struct {
	Point
	path    string // as sent; empty if it changes from run to run
	before  before // the operations before it
	where   fault.Where
	skip    int // the requests that match where and come before it
	reads   bool
	byToken bool
	answers bool // the answer had a body
	repeats bool // a point before it has the same operation and the same requests before it
	first   bool // the first point of its operation
}

// before is the operations before a request: the last one, and the one before that. Requests to one
// operation in a row count as one, so that all iterations of a loop but the first have the same.
type before [2]string

// then returns the operations before the request that follows one to an operation.
func (b before) then(operation string) before {
	if operation == b[0] {
		return b
	}
	return before{operation, b[0]}
}

// points returns the points of a run. Paths that another run does not have change from run to run,
// so that they do not select requests.
func (s *Session) points(a, b *Observation) []*point {
	paths := map[string]bool{}
	for i := range b.entries {
		paths[b.entries[i].Request.Path] = true
	}
	stable := func(path string) bool { return !strings.ContainsAny(path, "*{") && paths[path] }
	only := contract.NewGlobs(s.options.Only)
	var all []*point
	nth, seen := map[string]int{}, map[string]bool{}
	earlier := before{}
	for i := range a.entries {
		e := &a.entries[i]
		operation := e.Operation
		if operation != "" && only.Match(operation) && b.uses(e.Sandbox) {
			p := newPoint(e, earlier)
			nth[operation]++
			p.Nth, p.first = nth[operation], nth[operation] == 1
			site := strings.Join([]string{operation, earlier[0], earlier[1]}, " ")
			p.repeats, seen[site] = seen[site], true
			if stable(e.Request.Path) {
				p.path = e.Request.Path
			}
			p.choose(a.entries[:i], a.entries)
			all = append(all, p)
		}
		earlier = earlier.then(operation)
	}
	return all
}

func newPoint(e *journal.Entry, earlier before) *point {
	p := &point{Point: Point{Operation: e.Operation, Request: e.Request.Method + " " + e.Request.Path, Caller: e.Caller}, before: earlier}
	if e.Sandbox != sandbox.Default {
		p.Sandbox = e.Sandbox
	}
	p.reads = e.Request.Method == "GET" || e.Request.Method == "HEAD" || e.Request.Method == "OPTIONS"
	p.byToken = e.CallerBy == journal.ByToken
	p.answers = e.Reply != nil && e.Reply.Size > 0 && e.Request.Method != "HEAD"
	return p
}

// choose sets which requests a rule for the point matches, and how many of those come before it. It
// names the sandbox, the path and the caller only where the requests to the operation differ in them.
func (p *point) choose(earlier, all []journal.Entry) {
	p.where.Operation = p.Operation
	box := cmp.Or(p.Sandbox, sandbox.Default)
	for i := range all {
		if all[i].Sandbox != box {
			p.where.Sandbox = box
		}
	}
	for i := range all {
		if e := &all[i]; e.Operation == p.Operation && p.path != "" && e.Request.Path != p.path {
			p.where.Path = p.path
		}
	}
	for i := range all {
		if e := &all[i]; p.matches(e) && p.Caller != "" && e.Caller != p.Caller {
			p.where.Caller.User = p.Caller
		}
	}
	for i := range earlier {
		if p.matches(&earlier[i]) {
			p.skip++
		}
	}
}

// matches reports whether an exchange matches the where of the point.
func (p *point) matches(e *journal.Entry) bool {
	w := &p.where
	return e.Operation == w.Operation && (w.Sandbox == "" || e.Sandbox == w.Sandbox) &&
		(w.Path == "" || e.Request.Path == w.Path) && (w.Caller.User == "" || e.Caller == w.Caller.User)
}

// uses reports whether a run sent requests to a sandbox.
func (o *Observation) uses(box string) bool {
	for i := range o.entries {
		if o.entries[i].Sandbox == box {
			return true
		}
	}
	return false
}

// differ says where the requests of two runs without failures differ.
func differ(a, b *Observation) (notes []string) {
	line := func(o *Observation, i int) string {
		if i >= len(o.entries) {
			return "nothing"
		}
		return o.entries[i].Request.Method + " " + o.entries[i].Request.Path
	}
	for i := range max(len(a.entries), len(b.entries)) {
		if x, y := line(a, i), line(b, i); x != y {
			notes = append(notes, fmt.Sprintf("request %d was %s in the first run without failures, and %s in the second; such requests are matched by their position", i+1, x, y))
			break
		}
	}
	apart := 0
	for i := range a.entries {
		if !b.uses(a.entries[i].Sandbox) {
			apart++
		}
	}
	if apart > 0 {
		notes = append(notes, fmt.Sprintf("%d requests went to sandboxes whose names differ in the two runs without failures; no failure is tried there", apart))
	}
	if n := int(a.sent) - len(a.entries); n > 0 {
		notes = append(notes, fmt.Sprintf("%d requests are not in the journal, because it was cleared or is full; no failure is tried there", n))
	}
	return notes
}
