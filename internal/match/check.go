package match

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/late"
	"standin/internal/value"
)

const (
	// maxConditions is the maximum number of members of each mapping in a Content.
	maxConditions = 100
	// maxInstructions is the maximum size of a compiled regular expression. A short one with
	// repetitions can compile to megabytes.
	maxInstructions = 2000
)

// headerName matches the names of headers.
var headerName = late.Regexp("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// IsToken reports whether a text can be the name of a header, or an HTTP method.
func IsToken(text string) bool { return headerName().MatchString(text) }

// Check returns an error that lists the mistakes in a content. Bounded must have passed.
func (c *Content) Check(at file.Node) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		if !IsToken(name) {
			errs = append(errs, at.At("header", name).Errorf("%q is not a header name", name))
		}
	}
	return errors.Join(append(errs, CheckTests(c.Body, at.At("body")))...)
}

// Bounded returns errors for patterns that are too long or not UTF-8, and for too many conditions.
func (c *Content) Bounded(at file.Node) error {
	var errs []error
	glob := func(pattern string, path ...any) {
		if err := contract.CheckGlob(pattern); err != nil {
			errs = append(errs, at.At(path...).Errorf("%s", err))
		}
	}
	glob(c.Caller.User, "caller", "user")
	glob(c.Caller.Token, "caller", "token")
	glob(c.Caller.Project, "caller", "project")
	for member, all := range map[string]map[string]*string{"query": c.Query, "header": c.Header} {
		for name, pattern := range all {
			if pattern != nil {
				glob(*pattern, member, name)
			}
		}
	}
	for member, n := range map[string]int{"query": len(c.Query), "header": len(c.Header)} {
		if n > maxConditions {
			errs = append(errs, at.At(member).Errorf("%d conditions; max %d", n, maxConditions))
		}
	}
	errs = append(errs, BoundedTests(c.Body, at.At("body")))
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return errors.Join(errs...)
}

// BoundedTests returns errors for regular expressions that are too long, and for too many tests.
func BoundedTests(tests map[string]fault.BodyTest, at file.Node) error {
	var errs []error
	for _, pointer := range slices.Sorted(maps.Keys(tests)) {
		if m := tests[pointer].Matches; m != nil {
			if err := contract.CheckGlob(*m); err != nil {
				errs = append(errs, at.At(pointer, "matches").Errorf("%s", err))
			}
		}
	}
	if n := len(tests); n > maxConditions {
		errs = append(errs, at.Errorf("%d conditions; max %d", n, maxConditions))
	}
	return errors.Join(errs...)
}

// CheckTests returns an error that lists the mistakes in tests. BoundedTests must have passed.
func CheckTests(tests map[string]fault.BodyTest, at file.Node) error {
	var errs []error
	for _, pointer := range slices.Sorted(maps.Keys(tests)) {
		t, n := tests[pointer], at.At(pointer)
		if pointer != "" && pointer[0] != '/' {
			errs = append(errs, n.Errorf("%q is not a JSON pointer: expected a leading slash", pointer))
		}
		if t.Matches != nil {
			if err := checkRegexp(*t.Matches); err != nil {
				errs = append(errs, n.At("matches").Errorf("%s", err))
			}
		}
		if t.Equals == nil && t.Exists == nil && t.Matches == nil {
			errs = append(errs, n.Errorf("the test is empty; expected equals, exists or matches"))
		}
	}
	return errors.Join(errs...)
}

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

// OwnTests returns a copy of tests that were written in Go. The values that they compare have types
// of package value.
func OwnTests(tests map[string]fault.BodyTest) (map[string]fault.BodyTest, error) {
	tests = maps.Clone(tests)
	for at, t := range tests {
		if t.Equals == nil {
			continue
		}
		var err error
		if t.Equals, err = Own(t.Equals); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		tests[at] = t
	}
	return tests, nil
}

// Own returns a Go value in the types of package value.
func Own(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return value.Parse(text)
}
