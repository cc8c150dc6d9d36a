package journal

import (
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// An Outcome is what a run of a client with failures came to, compared with a run without them.
type Outcome string

// These are the outcomes. The first two are those of a client that handles its failures.
const (
	Tolerated     Outcome = "tolerated"      // it succeeds, and leaves the records that the run without failures leaves
	CleanFailure  Outcome = "clean-failure"  // it fails, and each record is as it was at some time of the run without failures
	SilentFailure Outcome = "silent-failure" // it succeeds, and a record is missing, is there twice, or differs
	Inconsistent  Outcome = "inconsistent"   // it fails, and leaves records that the run without failures never had
	Hang          Outcome = "hang"           // it does not end in time
	RetryStorm    Outcome = "retry-storm"    // it fails a rule for retries that bounds the load
	Crash         Outcome = "crash"          // a signal ends it, or it prints a stack trace and fails
)

// AllOutcomes returns the outcomes, in the order of the constants.
func AllOutcomes() []Outcome {
	return []Outcome{Tolerated, CleanFailure, SilentFailure, Inconsistent, Hang, RetryStorm, Crash}
}

// Good reports whether the outcome is that of a client that handles its failures.
func (o Outcome) Good() bool { return o == Tolerated || o == CleanFailure }

// UnmarshalText reads the name of an outcome.
func (o *Outcome) UnmarshalText(text []byte) error {
	known, err := file.Word("outcome", string(text), AllOutcomes())
	if err == nil {
		*o = known
	}
	return err
}

// JSONSchema returns a JSON Schema of an outcome.
func (*Outcome) JSONSchema() *value.Object {
	var all []any
	for _, o := range AllOutcomes() {
		all = append(all, string(o))
	}
	return value.NewObject(value.Member{Name: "enum", Value: all})
}

// Outcomes are the outcomes that an expectation allows. In a file, the word good means
// tolerated and clean-failure.
type Outcomes []Outcome

// Has reports whether an outcome is allowed.
func (o Outcomes) Has(one Outcome) bool { return slices.Contains(o, one) }

// String describes the outcomes.
func (o Outcomes) String() string {
	words := make([]string, len(o))
	for i := range o {
		words[i] = string(o[i])
	}
	return "the run is " + strings.Join(words, " or ")
}

// UnmarshalNode reads the word good, an outcome, or a list of outcomes.
func (o *Outcomes) UnmarshalNode(n file.Node) error {
	if _, err := n.Items(); err == nil {
		return n.Decode((*[]Outcome)(o))
	}
	var word string
	if err := n.Decode(&word); err != nil {
		return err
	}
	one, err := file.Word("outcome", word, append([]Outcome{Good}, AllOutcomes()...))
	if err != nil {
		return n.Errorf("%s", err)
	}
	if *o = (Outcomes{one}); one == Good {
		*o = Outcomes{Tolerated, CleanFailure}
	}
	return nil
}

// JSONSchema returns a JSON Schema of outcomes.
func (*Outcomes) JSONSchema() *value.Object {
	one := (*Outcome)(nil).JSONSchema()
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "enum", Value: []any{Good}}), one,
		value.NewObject(value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: one}),
	}})
}
