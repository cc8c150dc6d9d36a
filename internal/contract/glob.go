package contract

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"standin/internal/late"
)

// A Glob is a pattern for operationIds, paths and other texts. "*" matches any text, and "{name}"
// matches one segment of a path. The zero Glob matches everything.
type Glob struct {
	pattern string
	parts   []string       // the texts between the stars; a single part is matched as a whole
	re      *regexp.Regexp // set for a pattern with segments
}

// The max sizes in bytes. A pattern with segments takes longer to match, so it has a lower limit,
// and it does not match texts above maxText.
const (
	MaxGlob      = 1000
	maxSegmented = 200
	maxText      = 4000
)

var globParts = late.Regexp(`\*|\{[^{}/]*\}`)

// CheckGlob returns an error if pattern is not UTF-8 or is too long. The limit is MaxGlob bytes,
// or 200 bytes for a pattern with segments.
func CheckGlob(pattern string) error {
	switch {
	case len(pattern) > MaxGlob:
		return fmt.Errorf("pattern of %d bytes; max %d bytes", len(pattern), MaxGlob)
	case len(pattern) > maxSegmented && strings.Contains(pattern, "{"):
		return fmt.Errorf("pattern with {} of %d bytes; max %d bytes", len(pattern), maxSegmented)
	case !utf8.ValidString(pattern):
		return fmt.Errorf("pattern %q is not UTF-8", pattern)
	default:
		return nil
	}
}

// NewGlob compiles a pattern. If CheckGlob refuses the pattern, the Glob matches only the same
// text.
func NewGlob(pattern string) Glob {
	switch {
	case CheckGlob(pattern) != nil:
		return Glob{pattern: pattern, parts: []string{pattern}}
	case strings.Contains(pattern, "{"):
		return Glob{pattern: pattern, re: segments(pattern)}
	case pattern == "":
		return Glob{}
	default:
		return Glob{pattern: pattern, parts: strings.Split(pattern, "*")}
	}
}

// segments compiles a pattern with segments.
func segments(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^(?s:`)
	rest := pattern
	for _, at := range globParts().FindAllStringIndex(pattern, -1) {
		b.WriteString(regexp.QuoteMeta(pattern[len(pattern)-len(rest) : at[0]]))
		if pattern[at[0]] == '*' {
			b.WriteString(`.*`)
		} else {
			b.WriteString(`[^/]+`)
		}
		rest = pattern[at[1]:]
	}
	b.WriteString(regexp.QuoteMeta(rest) + `)$`)
	return regexp.MustCompile(b.String())
}

// Match reports whether the pattern matches text.
func (g Glob) Match(text string) bool {
	switch len(g.parts) {
	case 0:
		return g.re == nil || len(text) <= maxText && g.re.MatchString(text)
	case 1:
		return g.pattern == text
	}
	text, ok := strings.CutPrefix(text, g.parts[0])
	last := len(g.parts) - 1
	for _, part := range g.parts[1:last] {
		var found bool
		_, text, found = strings.Cut(text, part)
		ok = ok && found
	}
	return ok && strings.HasSuffix(text, g.parts[last])
}

// String returns the pattern.
func (g Glob) String() string { return g.pattern }
