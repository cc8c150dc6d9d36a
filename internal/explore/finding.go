package explore

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/file"
	"standin/internal/ruleset"
)

// Scenario returns the scenario of a finding, in YAML. Its comment says what was seen, and why that
// is a finding. dir is the folder of the file; paths of fixtures are relative to it.
func (s *Session) Scenario(f *Finding, dir string) ([]byte, error) {
	r := f.first
	var b strings.Builder
	for _, line := range f.comment() {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	err := errors.Join(
		member(&b, "name", strings.TrimSuffix(f.File, ".yaml")), member(&b, "about", f.title()),
		member(&b, "fixture", s.fixtures(dir)), member(&b, "seed", s.Seed()),
	)
	if p := s.options.Plan; p.Profile != "" || len(p.Quirks) > 0 {
		err = errors.Join(err, member(&b, "profile", cmp.Or(p.Profile, ruleset.Documented)), member(&b, "quirks", p.Quirks))
	}
	b.WriteString("faults:\n")
	for _, rule := range r.Case.Rules() {
		err = errors.Join(err, member(&b, "  -", ruleFile{rule.Name, rule.Use, rule.Where, rule.When, rule.What, rule.Phase}))
	}
	b.WriteString("expect:\n  - outcome: good # it succeeds and leaves the same records, or it fails and leaves no strange ones\n")
	return []byte(b.String()), err
}

// member writes a member of a mapping, or an item of a list, on one line.
func member(b *strings.Builder, name string, v any) error {
	text, err := file.Inline(v)
	if name != "  -" {
		name += ":"
	}
	fmt.Fprintf(b, "%s %s\n", name, text)
	return err
}

// ruleFile is a rule as the scenario of a finding has it.
type ruleFile struct {
	Name  string      `json:"name"`
	Use   string      `json:"use,omitempty"`
	Where fault.Where `json:"where,omitzero"`
	When  fault.When  `json:"when,omitzero"`
	What  fault.What  `json:"what,omitzero"`
	Phase fault.Phase `json:"phase,omitempty"`
}

// fixtures returns the fixtures of the session, as a file in a folder names them.
func (s *Session) fixtures(dir string) []string {
	names := s.options.Plan.Fixtures
	if len(names) == 0 {
		return []string{"default"}
	}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = name
		from, err1 := filepath.Abs(dir)
		to, err2 := filepath.Abs(name)
		if rel, err := filepath.Rel(from, to); strings.ContainsAny(name, "./") && err == nil && err1 == nil && err2 == nil {
			all[i] = rel
		}
	}
	return all
}

// reasons say why a verdict is a finding.
var reasons = map[journal.Outcome]string{
	journal.SilentFailure: "The client reported success, and did not leave the records that it leaves without the failure.",
	journal.Inconsistent:  "The client failed, and left records that no moment of a run without the failure has.",
	journal.Hang:          "The client did not end in time. It needs a time limit of its own.",
	journal.RetryStorm:    "The client sent more, or sooner, than a service that fails can bear.",
	journal.Crash:         "The client ended by a signal or with a stack trace. A failure should end in an error that a user can read.",
}

// limit is the flag for the time limit of the run, with a space after it; empty if the run did not
// need it.
func (f *Finding) limit() string {
	if !f.first.stopped {
		return ""
	}
	return fmt.Sprintf("--timeout %s ", strings.TrimPrefix(f.first.End, "stopped after "))
}

// comment returns the lines of the comment in a finding's file.
func (f *Finding) comment() []string {
	r := f.first
	lines := []string{
		fmt.Sprintf("%s: %s", f.Verdict, reasons[f.Verdict]),
		fmt.Sprintf("Request: %s (%s, request %d to it). Failure: %s.", r.Request, r.Operation, r.Nth, f.failure()),
	}
	if r.After != nil {
		lines = append(lines, fmt.Sprintf("Before it: %s at request %d to %s.", r.After.Failure, r.After.Nth, r.After.Operation))
	}
	lines = append(lines, "Seen: "+r.End+".")
	for _, d := range r.Differences {
		lines = append(lines, "Seen: "+d+".")
	}
	for _, why := range r.Why {
		lines = append(lines, "Seen: "+why+".")
	}
	if n := len(f.Runs); n > 1 {
		lines = append(lines, fmt.Sprintf("%d runs of the exploration show the same.", n))
	}
	lines = append(lines, fmt.Sprintf("Fingerprint: %s.", f.Fingerprint), fmt.Sprintf("Again: standin run %s%s -- COMMAND", f.limit(), f.File))
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(journal.Printable(lines[i])), " ")
	}
	return lines
}
