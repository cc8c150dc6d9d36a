package contract

import (
	"regexp"
	"strings"
)

// A Glob is a pattern for operationIds, paths, or any word: "*" stands for any
// text, "{name}" for one segment of a path. The zero Glob matches everything.
type Glob struct {
	pattern string
	exact   bool
	re      *regexp.Regexp
}

var globParts = regexp.MustCompile(`\*|\{[^{}/]*\}`)

// NewGlob compiles a pattern; every text is one.
func NewGlob(pattern string) Glob {
	if pattern == "" || pattern == "*" {
		return Glob{pattern: pattern}
	}
	if !strings.ContainsAny(pattern, "*{") {
		return Glob{pattern: pattern, exact: true}
	}
	var b strings.Builder
	b.WriteString(`^(?s:`)
	rest := pattern
	for _, at := range globParts.FindAllStringIndex(pattern, -1) {
		b.WriteString(regexp.QuoteMeta(pattern[len(pattern)-len(rest) : at[0]]))
		if pattern[at[0]] == '*' {
			b.WriteString(`.*`)
		} else {
			b.WriteString(`[^/]+`)
		}
		rest = pattern[at[1]:]
	}
	b.WriteString(regexp.QuoteMeta(rest) + `)$`)
	return Glob{pattern: pattern, re: regexp.MustCompile(b.String())}
}

// Match tells whether the text is one that the pattern stands for.
func (g Glob) Match(text string) bool {
	switch {
	case g.exact:
		return g.pattern == text
	case g.re != nil:
		return g.re.MatchString(text)
	default:
		return true
	}
}

// String is the pattern.
func (g Glob) String() string { return g.pattern }
