package explore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"standin/internal/contract"
	"standin/internal/file"
)

// A UseError says that options are wrong, or that they select nothing.
type UseError struct{ text string }

// Error says which option is wrong, and what was expected.
func (e *UseError) Error() string { return e.text }

// check returns an error for options that are wrong.
func (s *Session) check() error {
	o := &s.options
	var err error
	switch {
	case o.Depth < 0 || o.Depth > 2:
		err = fmt.Errorf("--depth %d: expected 1 or 2", o.Depth)
	case o.MaxRuns < 0:
		err = fmt.Errorf("--max-runs %d: expected 1 or more, or 0 for no limit", o.MaxRuns)
	default:
		err = errors.Join(
			option("--only", contract.CheckGlobs(o.Only)), option("--only", s.rules.Known(o.Only)),
			option("--failures", contract.CheckGlobs(o.Failures)), option("--failures", s.knownFailures(o.Failures)),
		)
	}
	if err != nil {
		return &UseError{err.Error()}
	}
	return nil
}

func option(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

// knownFailures returns an error if one of the globs matches no failure.
func (s *Session) knownFailures(globs string) error {
	var names []string
	for i := range wire {
		names = append(names, wire[i].name)
	}
	own := strings.Join(names, ", ")
	for _, f := range s.rules.Failures() {
		names = append(names, f.Name)
	}
	for _, glob := range contract.SplitGlobs(globs) {
		glob = strings.TrimPrefix(glob, "!")
		if contract.CheckGlob(glob) == nil && !slices.ContainsFunc(names, contract.NewGlob(glob).Match) {
			return fmt.Errorf("no failure %q%s; expected %s, or documented ones such as */503", glob, file.Hint(glob, names), own)
		}
	}
	return nil
}

// selects returns an error if the options select none of the requests of a run without failures, or
// no failure at them.
func (s *Session) selects(x *baseline, o *Observation) error {
	switch {
	case len(x.points) == 0 && s.options.Only != "":
		var sent []string
		for i := range o.entries {
			if op := o.entries[i].Operation; op != "" && !slices.Contains(sent, op) {
				sent = append(sent, op)
			}
		}
		slices.Sort(sent)
		return &UseError{fmt.Sprintf("--only %s: the client sends no such request; it sends %s", s.options.Only, strings.Join(sent, ", "))}
	case len(x.points) > 0 && s.options.Failures != "" && !slices.ContainsFunc(x.points, func(p *point) bool { return len(s.failures(p)) > 0 }):
		return &UseError{fmt.Sprintf("--failures %s: none of them can happen at the requests of the client", s.options.Failures)}
	}
	return nil
}
