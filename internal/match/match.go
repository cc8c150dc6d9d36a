// Package match compares the content of a request with what a rule or an expectation says of it:
// query parameters, headers, the caller and members of a JSON body.
package match

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/value"
)

// A Subject is a request that conditions look at.
type Subject interface {
	// Parameters returns the values of a query parameter.
	Parameters(name string) []string
	// Headers returns the values of a header. The name is in the canonical form of net/http. The
	// header Host is one of them.
	Headers(name string) []string
	// Who returns the caller, and reports whether it is known.
	Who() (Caller, bool)
	// JSON returns the body, and reports whether it is JSON.
	JSON() (any, bool)
}

// A Caller is who sent a request, and with which token.
type Caller struct {
	ID, Name           string
	Token              string // empty if the caller sent no token
	ProjectID, Project string // empty if the caller has no project
}

// A Condition tests one member of a Content.
type Condition struct {
	Fits func(s Subject) bool
	Why  func(s Subject) string // says why a request does not fit
}

// A Content is what a rule or an expectation says of the content of a request. All members that
// are given must match.
type Content struct {
	Query, Header map[string]*string
	Caller        fault.Caller
	Body          map[string]fault.BodyTest
}

// IsZero reports whether no member is given.
func (c *Content) IsZero() bool {
	return len(c.Query) == 0 && len(c.Header) == 0 && len(c.Body) == 0 && c.Caller == fault.Caller{}
}

// Conditions returns the conditions of a content, in a fixed order. The content must have passed
// Check. A miss does not show the value of a header whose name is that of a secret.
func (c *Content) Conditions(secret func(header string) bool) []Condition {
	var all []Condition
	for _, name := range slices.Sorted(maps.Keys(c.Query)) {
		all = append(all, query(name, c.Query[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		all = append(all, header(name, c.Header[name], secret))
	}
	if c.Caller != (fault.Caller{}) {
		all = append(all, caller(c.Caller))
	}
	for _, pointer := range slices.Sorted(maps.Keys(c.Body)) {
		all = append(all, body(pointer, c.Body[pointer]))
	}
	return all
}

func query(name string, want *string) Condition {
	v := newValues("query parameter "+name, want, false)
	return Condition{func(s Subject) bool { return v.fit(s.Parameters(name)) }, func(s Subject) string { return v.why(s.Parameters(name)) }}
}

func header(name string, want *string, secret func(string) bool) Condition {
	name = http.CanonicalHeaderKey(name)
	v := newValues("header "+name, want, secret(name))
	return Condition{func(s Subject) bool { return v.fit(s.Headers(name)) }, func(s Subject) string { return v.why(s.Headers(name)) }}
}

// values tests the values of a parameter or header: one of them matches a glob, or there is none.
type values struct {
	what   string
	absent bool // there must be no value
	glob   contract.Glob
	secret bool
}

func newValues(what string, want *string, secret bool) *values {
	v := &values{what: what, absent: want == nil, secret: secret}
	if want != nil {
		v.glob = contract.NewGlob(*want)
	}
	return v
}

func (v *values) fit(got []string) bool {
	if v.absent {
		return len(got) == 0
	}
	return slices.ContainsFunc(got, v.glob.Match)
}

func (v *values) why(got []string) string {
	switch {
	case v.absent:
		return v.what + " was there"
	case len(got) == 0:
		return v.what + " was absent"
	case v.secret:
		return v.what + " was another"
	default:
		return fmt.Sprintf("%s was not %q", v.what, v.glob)
	}
}

func caller(w fault.Caller) Condition {
	user, token, project := contract.NewGlob(w.User), contract.NewGlob(w.Token), contract.NewGlob(w.Project)
	isUser := func(c *Caller) bool { return user.Match(c.Name) || user.Match(c.ID) }
	hasToken := func(c *Caller) bool { return w.Token == "" || c.Token != "" && token.Match(c.Token) }
	inProject := func(c *Caller) bool {
		return w.Project == "" || c.ProjectID != "" && (project.Match(c.Project) || project.Match(c.ProjectID))
	}
	fits := func(s Subject) bool {
		c, known := s.Who()
		return known && isUser(&c) && hasToken(&c) && inProject(&c)
	}
	return Condition{fits, func(s Subject) string {
		c, known := s.Who()
		switch {
		case !known:
			return "the caller was unknown"
		case !isUser(&c):
			return fmt.Sprintf("the caller was %s, not %s", c.Name, w.User)
		case !hasToken(&c):
			return "the caller's token was another"
		default:
			return "the caller's project was not " + w.Project
		}
	}}
}

func body(pointer string, t fault.BodyTest) Condition {
	test := NewTest(t)
	fits := func(s Subject) bool {
		doc, ok := s.JSON()
		return ok && test.Fits(doc, pointer)
	}
	return Condition{fits, func(s Subject) string {
		doc, ok := s.JSON()
		if !ok {
			return "the body was no JSON"
		}
		return "the body" + test.Miss(doc, pointer)
	}}
}

// A Test is a compiled BodyTest.
type Test struct {
	fault.BodyTest
	re *regexp.Regexp
}

// NewTest compiles a test, which must have passed CheckTests.
func NewTest(t fault.BodyTest) *Test {
	c := &Test{BodyTest: t}
	if t.Matches != nil {
		c.re = regexp.MustCompile(*t.Matches)
	}
	return c
}

// Fits reports whether the value at a pointer in a document matches.
func (t *Test) Fits(doc any, pointer string) bool {
	v, ok := value.At(doc, pointer)
	if t.Exists != nil && !*t.Exists {
		return !ok
	}
	return ok && (t.Equals == nil || value.Equal(v, t.Equals)) && (t.re == nil || t.re.MatchString(beginning(text(v))))
}

// Miss returns why a value in a document does not match, as text that follows the name of the
// document.
func (t *Test) Miss(doc any, pointer string) string {
	v, ok := value.At(doc, pointer)
	switch {
	case ok && t.Exists != nil && !*t.Exists:
		return fmt.Sprintf(" has %q", pointer)
	case !ok:
		return fmt.Sprintf(" has no %q", pointer)
	case t.Equals != nil && !value.Equal(v, t.Equals):
		return fmt.Sprintf("'s %q does not equal what the rule says", pointer)
	default:
		return fmt.Sprintf("'s %q does not match %q", pointer, t.re)
	}
}

// matchedBytes is the number of bytes of a value that a regular expression looks at.
const matchedBytes = 16 << 10

func beginning(text string) string { return text[:min(len(text), matchedBytes)] }

// text returns a JSON value as text for regular expressions. A string is unchanged.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(value.Append(nil, v))
}
