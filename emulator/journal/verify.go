package journal

import (
	"fmt"
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// An Expectation is one thing that is expected of the client: so many requests of
// a pattern, an order of requests, or that none went astray.
type Expectation struct {
	Pattern
	// Requests is how many requests fit the pattern; at least one unless given.
	Requests *Range `json:"requests,omitempty"`
	// Attempts is how often the same request was sent, while it failed.
	Attempts *Range `json:"attempts,omitempty"`
	// Sequence are patterns that requests fit in this order, others in between.
	Sequence []Pattern `json:"sequence,omitempty"`
	// NoUnmatched expects no request outside every operation.
	NoUnmatched bool `json:"no_unmatched,omitempty"`
	// Exit is the exit code that standin run expects of its command. Without such an
	// expectation it is 0. Journals are not judged by it.
	Exit Exit `json:"exit,omitempty"`
}

// A Pattern describes requests. All members that are given must fit.
type Pattern struct {
	Operation string `json:"operation,omitempty"` // a glob
	Method    string `json:"method,omitempty"`
	Path      string `json:"path,omitempty"`   // a glob
	Status    string `json:"status,omitempty"` // of the answer: 503, 5xx, none
	Fault     string `json:"fault,omitempty"`  // the name of a rule that fired
}

// query compiles the pattern, which was checked.
func (p *Pattern) query() *query {
	f := Filter{Operation: p.Operation, Method: p.Method, Path: p.Path, Status: p.Status, Fault: p.Fault}
	q, _ := f.compile()
	return q
}

// String is the pattern in words.
func (p *Pattern) String() string {
	var words []string
	for _, w := range []struct{ name, text string }{
		{"", p.Operation}, {"method ", p.Method}, {"path ", p.Path}, {"status ", p.Status}, {"fault ", p.Fault},
	} {
		if w.text != "" {
			words = append(words, w.name+w.text)
		}
	}
	if len(words) == 0 {
		return "any request"
	}
	return strings.Join(words, ", ")
}

// A Range is a number, or from Min to Max; a nil Max is without end.
type Range struct {
	Min int  `json:"min,omitempty"`
	Max *int `json:"max,omitempty"`
}

// Exactly is the range of one number.
func Exactly(n int) *Range { return &Range{Min: n, Max: &n} }

func (r *Range) has(n int) bool { return n >= r.Min && (r.Max == nil || n <= *r.Max) }

// String is the range in words.
func (r *Range) String() string {
	switch {
	case r.Max == nil:
		return fmt.Sprintf("at least %d", r.Min)
	case r.Min == *r.Max:
		return fmt.Sprint(r.Min)
	default:
		return fmt.Sprintf("%d to %d", r.Min, *r.Max)
	}
}

// UnmarshalNode reads a number, or a mapping with min and max.
func (r *Range) UnmarshalNode(n file.Node) error {
	type plain Range
	if n.IsMapping() {
		return n.Decode((*plain)(r))
	}
	var exact int
	if err := n.Decode(&exact); err != nil {
		return err
	}
	r.Min, r.Max = exact, &exact
	return nil
}

// JSONSchema describes the spellings of a range.
func (*Range) JSONSchema() *value.Object {
	type plain Range
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "type", Value: "integer"}), file.SchemaFor[plain](),
	}})
}

// UnmarshalNode reads an expectation: the members of a pattern are next to the others.
func (e *Expectation) UnmarshalNode(n file.Node) error {
	own := map[string]bool{"requests": true, "attempts": true, "sequence": true, "no_unmatched": true, "exit": true}
	if !n.IsMapping() {
		return n.Errorf("expected a mapping such as {operation: freezer.clients.create, requests: 2}")
	}
	names, _, err := n.Members()
	if err != nil {
		return err
	}
	known := append(file.Keys[Pattern](), "requests", "attempts", "sequence", "no_unmatched", "exit")
	for _, name := range names {
		if !slices.Contains(known, name.Key()) {
			return name.Unknown(known)
		}
	}
	if err := n.Without(func(key string) bool { return own[key] }).Decode(&e.Pattern); err != nil {
		return err
	}
	var rest struct {
		Requests    *Range    `json:"requests"`
		Attempts    *Range    `json:"attempts"`
		Sequence    []Pattern `json:"sequence"`
		NoUnmatched bool      `json:"no_unmatched"`
		Exit        Exit      `json:"exit"`
	}
	if err := n.Without(func(key string) bool { return !own[key] }).Decode(&rest); err != nil {
		return err
	}
	e.Requests, e.Attempts, e.Sequence, e.NoUnmatched, e.Exit = rest.Requests, rest.Attempts, rest.Sequence, rest.NoUnmatched, rest.Exit
	return nil
}

// UnmarshalNode reads a pattern; a status may be written as a number.
func (p *Pattern) UnmarshalNode(n file.Node) error {
	var plain struct {
		Operation string      `json:"operation"`
		Method    string      `json:"method"`
		Path      string      `json:"path"`
		Status    statusWords `json:"status"`
		Fault     string      `json:"fault"`
	}
	if err := n.Decode(&plain); err != nil {
		return err
	}
	*p = Pattern{plain.Operation, plain.Method, plain.Path, string(plain.Status), plain.Fault}
	return nil
}

// statusWords is a status as files write it: 503, 5xx, none.
type statusWords string

func (s *statusWords) UnmarshalText(text []byte) error {
	t := strings.ToLower(string(text))
	ok := t == none || len(t) == 3 && t[0] >= '1' && t[0] <= '9' && (t[1:] == "xx" || isDigit(t[1]) && isDigit(t[2]))
	if !ok {
		return fmt.Errorf("expected a status such as 503, 5xx or none, got %q", text)
	}
	*s = statusWords(t)
	return nil
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// JSONSchema describes an expectation.
func (*Expectation) JSONSchema() *value.Object {
	o := (*Pattern)(nil).JSONSchema()
	v, _ := o.Get("properties")
	properties := v.(*value.Object)
	properties.Set("requests", (*Range)(nil).JSONSchema())
	properties.Set("attempts", (*Range)(nil).JSONSchema())
	properties.Set("sequence", value.NewObject(
		value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: (*Pattern)(nil).JSONSchema()},
	))
	properties.Set("no_unmatched", value.NewObject(value.Member{Name: "type", Value: "boolean"}))
	properties.Set("exit", (*Exit)(nil).JSONSchema())
	return o
}

// JSONSchema describes a pattern.
func (*Pattern) JSONSchema() *value.Object {
	properties := value.NewObject()
	for _, name := range file.Keys[Pattern]() {
		properties.Set(name, value.NewObject(value.Member{Name: "type", Value: "string"}))
	}
	properties.Set("status", value.NewObject(value.Member{Name: "type", Value: []any{"string", "integer"}}))
	return value.NewObject(
		value.Member{Name: "type", Value: "object"},
		value.Member{Name: "properties", Value: properties},
		value.Member{Name: "additionalProperties", Value: false},
	)
}

// Check returns an error if the expectation makes no sense.
func (e *Expectation) Check(at file.Node) error {
	kinds := 0
	for _, given := range []bool{e.Pattern != Pattern{}, len(e.Sequence) > 0, e.NoUnmatched, e.Exit != ""} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0 && e.Requests == nil && e.Attempts == nil:
		return at.Errorf("nothing is expected; expected a pattern, sequence, no_unmatched or exit")
	case kinds > 1 || kinds == 1 && e.Pattern == (Pattern{}) && (e.Requests != nil || e.Attempts != nil):
		return at.Errorf("an expectation is either a pattern with requests or attempts, or a sequence, or no_unmatched, or exit")
	}
	for _, given := range []struct {
		name string
		*Range
	}{{"requests", e.Requests}, {"attempts", e.Attempts}} {
		switch r := given.Range; {
		case r == nil:
		case r.Min < 0:
			return at.At(given.name).Errorf("min %d is negative", r.Min)
		case r.Max != nil && *r.Max < r.Min:
			return at.At(given.name).Errorf("min %d is greater than max %d", r.Min, *r.Max)
		}
	}
	return nil
}

// Patterns lists the patterns of the expectation.
func (e *Expectation) Patterns() []Pattern {
	if len(e.Sequence) > 0 {
		return e.Sequence
	}
	return []Pattern{e.Pattern}
}

// A Judgement says whether one expectation was met.
type Judgement struct {
	Expectation string `json:"expectation"`
	Met         bool   `json:"met"`
	Found       string `json:"found"`
}

// Judge holds the record to expectations. Where entries have fallen out of the
// record, that is a judgement of its own, which is not met.
func (j *Journal) Judge(expect []Expectation) []Judgement { return Judge(expect, j) }

// Judge holds the records of several journals to expectations. Requests of all of
// them are counted together. A sequence must be found within one of them.
func Judge(expect []Expectation, journals ...*Journal) []Judgement {
	all, tallies := []Judgement{}, make([]tally, len(expect))
	for _, j := range journals {
		if lost, last := j.tally(expect, tallies); lost > 0 {
			g := Judgement{Expectation: "the journal holds every request"}
			if len(journals) > 1 {
				g.Expectation += " of sandbox " + j.Sandbox
			}
			g.Found = fmt.Sprintf("%d of %d fell out of it: raise its bounds, or clear it earlier", lost, last)
			all = append(all, g)
		}
	}
	for i := range expect {
		all = append(all, tallies[i].judge(&expect[i])...)
	}
	return all
}

// A tally is what was counted for one expectation.
type tally struct {
	count, attempts int
	met             int      // of a sequence, in the journal that has most of it
	astray          []string // requests outside every operation
}

// tally counts for expectations. It returns how many entries fell out of the record,
// and how many there were.
func (j *Journal) tally(expect []Expectation, tallies []tally) (lost, last uint64) {
	records, counts := j.facts()
	for i := range expect {
		switch e, t := &expect[i], &tallies[i]; {
		case len(e.Sequence) > 0:
			t.met = max(t.met, inOrder(records, e.Sequence))
		case e.NoUnmatched:
			t.astray = append(t.astray, astray(records)...)
		default:
			q := e.query()
			for k := range records {
				if r := &records[k]; q.fits(&r.record, r.sequence) {
					t.count++
					t.attempts = max(t.attempts, r.attempt)
				}
			}
		}
	}
	return counts.Evicted, counts.Last
}

// inOrder counts how many of the patterns requests fit one after the other.
func inOrder(records []found, patterns []Pattern) int {
	var queries []*query
	for i := range patterns {
		queries = append(queries, patterns[i].query())
	}
	met := 0
	for i := 0; i < len(records) && met < len(patterns); i++ {
		if r := &records[i]; queries[met].fits(&r.record, r.sequence) {
			met++
		}
	}
	return met
}

// astray lists the requests outside every operation.
func astray(records []found) []string {
	var found []string
	for i := range records {
		if r := &records[i]; r.Operation == "" {
			found = append(found, r.Method+" "+r.Path)
		}
	}
	return found
}

// mostAstray is how many stray requests a judgement lists.
const mostAstray = 5

// judge judges what was counted.
func (t *tally) judge(e *Expectation) []Judgement {
	switch {
	case e.Exit != "":
		return []Judgement{{Expectation: "exit " + string(e.Exit), Found: "no command; only standin run has one"}}
	case len(e.Sequence) > 0:
		return []Judgement{t.judgeOrder(e.Sequence)}
	case e.NoUnmatched:
		g := Judgement{Expectation: "no request outside every operation", Met: len(t.astray) == 0, Found: "none"}
		if !g.Met {
			g.Found = fmt.Sprintf("%d: %s", len(t.astray), strings.Join(t.astray[:min(len(t.astray), mostAstray)], ", "))
		}
		return []Judgement{g}
	}
	var all []Judgement
	if e.Requests != nil || e.Attempts == nil {
		want := e.Requests
		if want == nil {
			want = &Range{Min: 1}
		}
		all = append(all, Judgement{fmt.Sprintf("%s: %s requests", &e.Pattern, want), want.has(t.count), fmt.Sprint(t.count)})
	}
	if e.Attempts != nil {
		all = append(all, Judgement{fmt.Sprintf("%s: %s attempts", &e.Pattern, e.Attempts), e.Attempts.has(t.attempts), fmt.Sprint(t.attempts)})
	}
	return all
}

func (t *tally) judgeOrder(patterns []Pattern) Judgement {
	var names []string
	for _, p := range patterns {
		names = append(names, p.String())
	}
	g := Judgement{Expectation: "in order: " + strings.Join(names, "; "), Met: t.met == len(patterns), Found: "all of them"}
	if !g.Met {
		g.Found = fmt.Sprintf("the first %d of %d, then no %s", t.met, len(patterns), names[t.met])
	}
	return g
}
