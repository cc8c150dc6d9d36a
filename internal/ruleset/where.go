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
	for _, c := range content(w).Conditions(recorder.Secret) {
		all = append(all, func(s *subject) string { return c(s) })
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
