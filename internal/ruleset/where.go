package ruleset

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/recorder"
	"standin/internal/service"
	"standin/internal/value"
)

// A condition tests one member of a Where. It returns why the request does not match, or an empty
// string if it matches.
type condition func(s *subject) (miss string)

// A subject is a request that rules look at. Its body is parsed as JSON only once.
type subject struct {
	*service.Call
	read bool
	body any
	ok   bool
}

func (s *subject) json() (any, bool) {
	if !s.read {
		v, err := s.JSON()
		s.read, s.body, s.ok = true, v, err == nil
	}
	return s.body, s.ok
}

// maxConditions is the maximum number of members of each mapping in a Where.
const maxConditions = 100

// bounded returns errors for patterns that are too long or not UTF-8, and for too many conditions.
func bounded(w *fault.Where, at file.Node) error {
	var errs []error
	glob := func(pattern string, path ...any) {
		if err := contract.CheckGlob(pattern); err != nil {
			errs = append(errs, at.At(path...).Errorf("%s", err))
		}
	}
	if err := contract.CheckGlobs(w.Operation); err != nil {
		errs = append(errs, at.At("operation").Errorf("%s", err))
	}
	glob(w.Path, "path")
	glob(w.Caller.User, "caller", "user")
	glob(w.Caller.Token, "caller", "token")
	glob(w.Caller.Project, "caller", "project")
	for member, all := range map[string]map[string]*string{"query": w.Query, "header": w.Header} {
		for name, pattern := range all {
			if pattern != nil {
				glob(*pattern, member, name)
			}
		}
	}
	for pointer, t := range w.Body {
		if t.Matches != nil {
			glob(*t.Matches, "body", pointer, "matches")
		}
	}
	for member, n := range map[string]int{"query": len(w.Query), "header": len(w.Header), "body": len(w.Body)} {
		if n > maxConditions {
			errs = append(errs, at.At(member).Errorf("%d conditions; max %d", n, maxConditions))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// maxInstructions is the maximum size of a compiled regular expression. A short one with
// repetitions can compile to megabytes.
const maxInstructions = 2000

// checkRegexp returns an error for a regular expression that is invalid or too large.
func checkRegexp(pattern string) error {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return err
	}
	prog, err := syntax.Compile(parsed.Simplify())
	switch {
	case err != nil:
		return err
	case len(prog.Inst) > maxInstructions:
		return fmt.Errorf("the regular expression compiles to %d instructions; max %d", len(prog.Inst), maxInstructions)
	default:
		return nil
	}
}

// conditions returns the conditions of a Where in a fixed order. The operation is not one of them,
// since rules are found by it. The patterns must have passed bounded.
func conditions(w *fault.Where) []condition {
	var all []condition
	if w.Method != "" {
		all = append(all, method(w))
	}
	if w.Path != "" {
		all = append(all, path(w))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Query)) {
		all = append(all, query(name, w.Query[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Header)) {
		all = append(all, header(name, w.Header[name]))
	}
	if w.Caller != (fault.Caller{}) {
		all = append(all, caller(w.Caller))
	}
	for _, pointer := range slices.Sorted(maps.Keys(w.Body)) {
		all = append(all, body(pointer, w.Body[pointer]))
	}
	return all
}

func method(w *fault.Where) condition {
	return func(s *subject) string {
		if strings.EqualFold(w.Method, s.Method) {
			return ""
		}
		return fmt.Sprintf("the method was %s, not %s", s.Method, w.Method)
	}
}

func path(w *fault.Where) condition {
	g := contract.NewGlob(w.Path)
	return func(s *subject) string {
		if g.Match(s.Path) || g.Match(s.Sent) || s.Operation != nil && s.Operation.Path == w.Path {
			return ""
		}
		return fmt.Sprintf("the path was %s, not %s", s.Path, g)
	}
}

func query(name string, want *string) condition {
	fits := values("query parameter "+name, want, false)
	return func(s *subject) string { return fits(s.Query()[name]) }
}

func header(name string, want *string) condition {
	name = http.CanonicalHeaderKey(name)
	fits := values("header "+name, want, recorder.Secret(name))
	return func(s *subject) string {
		if name == "Host" {
			return fits([]string{s.Host})
		}
		return fits(s.Header[name])
	}
}

// values returns a condition: one of the values matches a glob, or there is no value.
func values(what string, want *string, secret bool) func(got []string) string {
	if want == nil {
		return func(got []string) string {
			if len(got) == 0 {
				return ""
			}
			return what + " was there"
		}
	}
	g := contract.NewGlob(*want)
	return func(got []string) string {
		switch {
		case len(got) == 0:
			return what + " was absent"
		case slices.ContainsFunc(got, g.Match):
			return ""
		case secret:
			return what + " was another"
		default:
			return fmt.Sprintf("%s was not %q", what, g)
		}
	}
}

func caller(w fault.Caller) condition {
	user, token, project := contract.NewGlob(w.User), contract.NewGlob(w.Token), contract.NewGlob(w.Project)
	return func(s *subject) string {
		c := s.Caller
		switch {
		case c == nil:
			return "the caller was unknown"
		case !user.Match(c.Name) && !user.Match(c.ID):
			return fmt.Sprintf("the caller was %s, not %s", c.Name, w.User)
		case w.Token != "" && (c.Token == nil || !token.Match(c.Token.ID)):
			return "the caller's token was another"
		case w.Project != "" && (c.Project == nil || !project.Match(c.Project.Name) && !project.Match(c.Project.ID)):
			return "the caller's project was not " + w.Project
		default:
			return ""
		}
	}
}

func body(pointer string, t fault.BodyTest) condition {
	var re *regexp.Regexp
	if t.Matches != nil {
		re = regexp.MustCompile(*t.Matches)
	}
	return func(s *subject) string {
		doc, ok := s.json()
		if !ok {
			return "the body was no JSON"
		}
		v, ok := value.At(doc, pointer)
		absent := t.Exists != nil && !*t.Exists
		switch {
		case absent && ok:
			return fmt.Sprintf("the body has %q", pointer)
		case absent:
			return ""
		case !ok:
			return fmt.Sprintf("the body has no %q", pointer)
		case t.Equals != nil && !value.Equal(v, t.Equals):
			return fmt.Sprintf("the body's %q does not equal what the rule says", pointer)
		case re != nil && !re.MatchString(beginning(text(v))):
			return fmt.Sprintf("the body's %q does not match %q", pointer, re)
		default:
			return ""
		}
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

// fit reports whether a request matches the rule. If exactly one condition does not match, and the
// rule has another condition or an operation, it returns why.
func (a *Armed) fit(s *subject) (ok bool, miss string) {
	failed := 0
	for _, c := range a.conditions {
		if m := c(s); m != "" {
			if failed++; failed > 1 {
				return false, ""
			}
			miss = m
		}
	}
	if failed == 0 {
		return true, ""
	}
	if len(a.conditions) == 1 && a.Where.Operation == "" {
		return false, ""
	}
	return false, "rule " + a.Name + ": " + miss
}
