package recorder

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"standin/emulator/journal"
	"standin/internal/contract"
	"standin/internal/match"
	"standin/internal/value"
)

// A pattern is a compiled journal.Pattern.
type pattern struct {
	*query
	head []match.Condition // on query, headers and caller
	body []match.Condition
}

// compilePattern compiles a pattern, which must be valid.
func compilePattern(p *journal.Pattern) *pattern {
	f := journal.Filter{Operation: p.Operation, Method: p.Method, Path: p.Path, Status: p.Status, Fault: p.Fault, Ended: p.Ended}
	head, body := match.Content{Query: p.Query, Header: p.Header, Caller: p.Caller}, match.Content{Body: p.Body}
	return &pattern{compile(&f), head.Conditions(Secret), body.Conditions(Secret)}
}

// looksInside reports whether the pattern needs the headers or bodies of requests.
func (p *pattern) looksInside() bool { return p != nil && len(p.head)+len(p.body) > 0 }

func anyInside(all []*pattern) bool { return slices.ContainsFunc(all, (*pattern).looksInside) }

// A fit says whether a request matches a pattern.
type fit int

const (
	fitsNot fit = iota
	mayFit      // its body is not kept whole
	fits
)

// fits compares a request with the pattern.
func (p *pattern) fits(x *content) fit {
	if !p.query.fits(&x.record, x.sequence) {
		return fitsNot
	}
	misses := func(c match.Condition) bool { return !c.Fits(x) }
	switch {
	case slices.ContainsFunc(p.head, misses):
		return fitsNot
	case len(p.body) > 0 && x.cut != nil:
		return mayFit
	case slices.ContainsFunc(p.body, misses):
		return fitsNot
	}
	return fits
}

// A content is a copy of a record that match.Conditions look at. It parses the query and the body
// only once.
type content struct {
	*found
	query  url.Values
	parsed bool
	body   any
	isJSON bool
}

// Parameters returns the values of a query parameter.
func (x *content) Parameters(name string) []string {
	if x.query == nil {
		x.query = contract.ParseQuery(x.Query)
	}
	return x.query[name]
}

// Headers returns the values of a header.
func (x *content) Headers(name string) (all []string) {
	if name == "Host" {
		return []string{x.Host}
	}
	for n, v := range x.headers(0, x.request.head) {
		if http.CanonicalHeaderKey(n) == name {
			all = append(all, v)
		}
	}
	return all
}

// Who returns the caller, and reports whether it is known.
func (x *content) Who() (match.Caller, bool) { return x.record.Who, x.record.Who.ID != "" }

// JSON returns the body, and reports whether it is JSON.
func (x *content) JSON() (any, bool) {
	if !x.parsed {
		v, err := value.Parse(x.buf[x.request.head : x.request.head+x.request.body])
		x.parsed, x.body, x.isJSON = true, v, err == nil
	}
	return x.body, x.isJSON
}

// Fitting returns the sequences of the requests that match a pattern, which must be valid.
func (j *Journal) Fitting(p *journal.Pattern) map[uint64]bool {
	c, all := compilePattern(p), map[uint64]bool{}
	r := Reader{journal: j, query: c.query}
	for more := true; more; {
		var batch []found
		more = j.step(&r.place, r.query, c.looksInside(), &batch)
		for k := range batch {
			if c.fits(&content{found: &batch[k]}) == fits {
				all[batch[k].sequence] = true
			}
		}
	}
	return all
}

// names describes patterns.
func names(patterns []journal.Pattern) string {
	var all []string
	for i := range patterns {
		all = append(all, patterns[i].String())
	}
	return strings.Join(all, "; ")
}
