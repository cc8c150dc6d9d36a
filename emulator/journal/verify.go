package journal

import (
	"fmt"
	"slices"
	"strings"

	"standin/emulator/file"
	"standin/emulator/value"
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

// String tells the pattern in words.
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

// String tells the range in words.
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

// UnmarshalNode reads an expectation: the members of a pattern stand beside the others.
func (e *Expectation) UnmarshalNode(n file.Node) error {
	own := map[string]bool{"requests": true, "attempts": true, "sequence": true, "no_unmatched": true}
	if !n.IsMapping() {
		return n.Errorf("expected a mapping such as {operation: freezer.clients.create, requests: 2}")
	}
	names, _, err := n.Members()
	if err != nil {
		return err
	}
	known := append(file.Keys[Pattern](), "requests", "attempts", "sequence", "no_unmatched")
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
	}
	if err := n.Without(func(key string) bool { return !own[key] }).Decode(&rest); err != nil {
		return err
	}
	e.Requests, e.Attempts, e.Sequence, e.NoUnmatched = rest.Requests, rest.Attempts, rest.Sequence, rest.NoUnmatched
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

// Check tells what does not make sense in the expectation.
func (e *Expectation) Check(at file.Node) error {
	kinds := 0
	for _, given := range []bool{e.Pattern != Pattern{}, len(e.Sequence) > 0, e.NoUnmatched} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds == 0 && e.Requests == nil && e.Attempts == nil:
		return at.Errorf("nothing is expected; expected a pattern, sequence or no_unmatched")
	case kinds > 1 || kinds == 1 && e.Pattern == (Pattern{}) && (e.Requests != nil || e.Attempts != nil):
		return at.Errorf("an expectation is either a pattern with requests or attempts, or a sequence, or no_unmatched")
	}
	for name, r := range map[string]*Range{"requests": e.Requests, "attempts": e.Attempts} {
		if r != nil && (r.Min < 0 || r.Max != nil && *r.Max < r.Min) {
			return at.At(name).Errorf("no number is %s", r)
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
func (j *Journal) Judge(expect []Expectation) []Judgement {
	records, counts := j.facts()
	all := []Judgement{}
	if counts.Evicted > 0 {
		all = append(all, Judgement{
			Expectation: "the journal holds every request",
			Found:       fmt.Sprintf("%d of %d fell out of it: raise its bounds, or clear it earlier", counts.Evicted, counts.Last),
		})
	}
	for i := range expect {
		all = append(all, judge(records, &expect[i])...)
	}
	return all
}

func judge(records []found, e *Expectation) []Judgement {
	switch {
	case len(e.Sequence) > 0:
		return []Judgement{inOrder(records, e.Sequence)}
	case e.NoUnmatched:
		return []Judgement{astray(records)}
	}
	var all []Judgement
	q, count, attempts := e.query(), 0, 0
	for i := range records {
		if r := &records[i]; q.fits(&r.record, r.sequence) {
			count++
			attempts = max(attempts, r.attempt)
		}
	}
	if e.Requests != nil || e.Attempts == nil {
		want := e.Requests
		if want == nil {
			want = &Range{Min: 1}
		}
		all = append(all, Judgement{fmt.Sprintf("%s: %s requests", &e.Pattern, want), want.has(count), fmt.Sprint(count)})
	}
	if e.Attempts != nil {
		all = append(all, Judgement{fmt.Sprintf("%s: %s attempts", &e.Pattern, e.Attempts), e.Attempts.has(attempts), fmt.Sprint(attempts)})
	}
	return all
}

// inOrder looks for requests that fit the patterns one after the other.
func inOrder(records []found, patterns []Pattern) Judgement {
	var names []string
	var queries []*query
	for i := range patterns {
		names, queries = append(names, patterns[i].String()), append(queries, patterns[i].query())
	}
	met := 0
	for i := 0; i < len(records) && met < len(patterns); i++ {
		if r := &records[i]; queries[met].fits(&r.record, r.sequence) {
			met++
		}
	}
	g := Judgement{Expectation: "in order: " + strings.Join(names, "; "), Met: met == len(patterns), Found: "all of them"}
	if !g.Met {
		g.Found = fmt.Sprintf("the first %d of %d, then no %s", met, len(patterns), names[met])
	}
	return g
}

// mostAstray is how many stray requests a judgement lists.
const mostAstray = 5

func astray(records []found) Judgement {
	var found []string
	for i := range records {
		if r := &records[i]; r.Operation == "" {
			found = append(found, r.Method+" "+r.Path)
		}
	}
	g := Judgement{Expectation: "no request outside every operation", Met: len(found) == 0, Found: "none"}
	if !g.Met {
		g.Found = fmt.Sprintf("%d: %s", len(found), strings.Join(found[:min(len(found), mostAstray)], ", "))
	}
	return g
}
