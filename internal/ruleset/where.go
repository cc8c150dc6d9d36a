package ruleset

import (
	"errors"
	"fmt"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/match"
	"standin/internal/recorder"
	"standin/internal/service"
)

// A condition tests one member of a Where.
type condition struct {
	fits func(s *subject) bool
	why  func(s *subject) string // says why a request does not fit
}

// A subject is a request that rules look at. Its body is parsed as JSON only once.
type subject struct {
	*service.Call
	read bool
	body any
	ok   bool
}

// Parameters returns the values of a query parameter.
func (s *subject) Parameters(name string) []string { return s.Query()[name] }

// Headers returns the values of a header.
func (s *subject) Headers(name string) []string {
	if name == "Host" {
		return []string{s.Host}
	}
	return s.Header[name]
}

// JSON returns the body, and reports whether it is JSON.
func (s *subject) JSON() (any, bool) {
	if !s.read {
		v, err := s.Call.JSON()
		s.read, s.body, s.ok = true, v, err == nil
	}
	return s.body, s.ok
}

// content returns the part of a Where that is about the content of requests.
func content(w *fault.Where) *match.Content {
	return &match.Content{Query: w.Query, Header: w.Header, Caller: w.Caller, Body: w.Body}
}

// bounded returns errors for patterns that are too long or not UTF-8, and for too many conditions.
func bounded(w *fault.Where, at file.Node) error {
	var errs []error
	if err := contract.CheckGlobs(w.Operation); err != nil {
		errs = append(errs, at.At("operation").Errorf("%s", err))
	}
	if err := contract.CheckGlob(w.Path); err != nil {
		errs = append(errs, at.At("path").Errorf("%s", err))
	}
	if err := contract.CheckGlob(w.Sandbox); err != nil {
		errs = append(errs, at.At("sandbox").Errorf("%s", err))
	}
	return errors.Join(append(errs, content(w).Bounded(at))...)
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
	if w.Sandbox != "" {
		all = append(all, ofSandbox(w))
	}
	for _, c := range content(w).Conditions(recorder.Secret) {
		all = append(all, condition{func(s *subject) bool { return c.Fits(s) }, func(s *subject) string { return c.Why(s) }})
	}
	return all
}

func method(w *fault.Where) condition {
	return condition{
		func(s *subject) bool { return strings.EqualFold(w.Method, s.Method) },
		func(s *subject) string { return fmt.Sprintf("the method was %s, not %s", s.Method, w.Method) },
	}
}

func ofSandbox(w *fault.Where) condition {
	g := contract.NewGlob(w.Sandbox)
	return condition{
		func(s *subject) bool { return g.Match(s.Sandbox) },
		func(s *subject) string { return fmt.Sprintf("the sandbox was %s, not %s", s.Sandbox, g) },
	}
}

func path(w *fault.Where) condition {
	g := contract.NewGlob(w.Path)
	return condition{
		func(s *subject) bool {
			return g.Match(s.Path) || g.Match(s.Sent) || s.Operation != nil && s.Operation.Path == w.Path
		},
		func(s *subject) string { return fmt.Sprintf("the path was %s, not %s", s.Path, g) },
	}
}

// fit reports whether a request matches the rule. If exactly one condition does not match, and the
// rule can nearly fit, it returns that condition.
func (a *Armed) fit(s *subject) (ok bool, near *condition) {
	for i := range a.conditions {
		c := &a.conditions[i]
		switch {
		case c.fits(s):
		case near != nil || !a.nearly():
			return false, nil
		default:
			near = c
		}
	}
	return near == nil, near
}

// nearly reports whether a request can nearly fit the rule: the rule has two conditions, or one and
// an operation.
func (a *Armed) nearly() bool { return len(a.conditions) > 1 || a.Where.Operation != "" }
